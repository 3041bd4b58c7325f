"""Features of clauses: whose verb it is, which way it points, and what it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from ceasefire_stance.corpus.stances import Stance
from ceasefire_stance.learning.clauses import (
    MARKERS,
    OPENERS,
    SUBJECTS,
    Clause,
    clause_at,
    split_clauses,
)

DIRECTIONS = tuple(sorted(Stance))
OBJECTS = ("truce", "halt", "own halt", "document", "talks", "other", "pronoun", "nothing")
"""What a verb is about: the first thing named after it."""
MODALS = ("plain", "will", "may", "must")
_MODAL = re.compile(
    r"(?P<will>\b(?:would|will|shall|going to)\b|'ll\b|'d\b)"
    r"|(?P<may>\b(?:could|can|may|might|cannot)\b)|(?P<must>\b(?:must|should|ought|need(?:s|ed)? "
    r"to|ha(?:s|ve|d) to)\b)"
)
_PRONOUN = re.compile(r"\b(?:it|this|that|them|one|so)\b")
_NEGATION = re.compile(
    r"\b(?:not|no|never|nor|neither|without|cannot|hardly|nobody|none|nothing|little|few)\b|n't\b"
)
ABOUT = (*OBJECTS, "truce before", "document before")
"""What a verb is about; "before" when nothing stands after it: the subject of a passive."""
_NO_OBJECT = re.compile(r"\b(?:no|none|nothing|neither)\b")


@dataclass(frozen=True)
class Mention:
    """A verb or a thing found in a sentence: `kind` at `start` up to `end`, toward a stance."""

    kind: str
    start: int
    end: int
    toward: str = ""


@dataclass(frozen=True)
class Act:
    """A verb read in its clause.

    Parameters
    ----------
    verb : str
        The cue's name, after "not " where it is negated.
    toward : str
        The stance that the cue speaks for, after "not " where it is negated.
    subject, opener, modal, about : str
        One of `SUBJECTS`, `OPENERS`, `MODALS`, and of `ABOUT`.
    quoted : bool
        Whether it stands in quotation marks.
    clause : int
        The number of its clause.
    """

    verb: str
    toward: str
    subject: str
    opener: str
    modal: str
    about: str
    quoted: bool
    clause: int


def clause_feature_names(verbs: Sequence[str]) -> list[str]:
    """All names that `clause_features` can give, for the verbs called `verbs`."""
    signed = [sign + v for v in verbs for sign in ("", "not ")]
    toward = [sign + d for d in DIRECTIONS for sign in ("", "not ")]
    names = [f"{v} / {a}" for v, a in product(signed, ABOUT)]
    names += [f"{s} / {v}" for s, v in product(SUBJECTS, signed)]
    names += [f"{o} / {v}" for o, v in product(OPENERS, signed)]
    names += [f"{m} / {v}" for m, v in product(MODALS, signed)]
    names += [f"{d} > {e}" for d, e in product(toward, toward)]
    names += [f"{s} / {d} / {a}" for s, d, a in product(SUBJECTS, toward, ABOUT)]
    names += [f"{o} / {d} / {a}" for o, d, a in product(OPENERS, toward, ABOUT)]
    names += [f"quoted / {d} / {a}" for d, a in product(toward, ABOUT)]
    names += [f"any / {d} / {a}" for d, a in product(toward, ABOUT)]
    held = [o for o in OBJECTS if o not in ("pronoun",)]
    names += [f"{m} of {d}" for m, d in product(MARKERS, [*toward, "nothing"])]
    names += [f"{m} holds {a}" for m, a in product(MARKERS, held)]
    names += [f"condition of {d} / {a}" for d, a in product(toward, ABOUT)]
    names += [f"truce in {o}" for o in OPENERS] + [f"truce of {s}" for s in SUBJECTS]
    names += ["truce in quotes", "no truce"]
    return names


def clause_features(
    text: str, low: str, verbs: Sequence[Mention], things: Sequence[Mention]
) -> Iterator[str]:
    """Names of the clause features of `text`; `verbs` and `things` ascend by `start`."""
    clauses = split_clauses(text, low, [v.start for v in verbs])
    if not clauses:
        return
    starts = [c.start for c in clauses]
    acts = list(_acts(low, clauses, starts, verbs, things))
    before: Act | None = None
    for act in acts:
        yield f"{act.verb} / {act.about}"
        yield f"{act.subject} / {act.verb}"
        yield f"{act.opener} / {act.verb}"
        yield f"{act.modal} / {act.verb}"
        yield f"{act.subject} / {act.toward} / {act.about}"
        yield f"{act.opener} / {act.toward} / {act.about}"
        yield f"any / {act.toward} / {act.about}"
        if act.quoted:
            yield f"quoted / {act.toward} / {act.about}"
        if before and before.clause == act.clause:
            yield f"{before.toward} > {act.toward}"
        before = act
    yield from _conditions(clauses, starts, acts, things)
    named = [m for m in things if m.kind == "truce"]
    for mention in named:
        clause = clauses[clause_at(starts, mention.start)]
        yield f"truce in {clause.opener}"
        yield f"truce of {clause.subject}"
        if clause.quoted:
            yield "truce in quotes"
    if not named:
        yield "no truce"


def _acts(
    low: str,
    clauses: Sequence[Clause],
    starts: Sequence[int],
    verbs: Sequence[Mention],
    things: Sequence[Mention],
) -> Iterator[Act]:
    held: list[list[Mention]] = [[] for _ in clauses]
    for thing in things:
        held[clause_at(starts, thing.start)].append(thing)
    for verb in verbs:
        number = clause_at(starts, verb.start)
        clause = clauses[number]
        lead = low[max(clause.start, verb.start - 60) : verb.start]
        about, at = _about(low, verb, number, clauses, held)
        denied = _NEGATION.search(lead) or _NO_OBJECT.search(low, verb.end, at)
        sign = "not " if denied else ""
        modal = _MODAL.search(lead)
        yield Act(
            verb=sign + verb.kind,
            toward=sign + verb.toward,
            subject=clause.subject,
            opener=clause.opener,
            modal=(modal.lastgroup or "plain") if modal else "plain",
            about=about,
            quoted=clause.quoted,
            clause=number,
        )


def _about(
    low: str,
    verb: Mention,
    number: int,
    clauses: Sequence[Clause],
    held: Sequence[Sequence[Mention]],
) -> tuple[str, int]:
    """What `verb` is about, and where that stands (where the verb ends, if it stands before)."""
    after = [t for t in held[number] if t.end > verb.end]
    if after:
        # "A plan for a truce" is about the truce; "talks on a truce" are talks.
        if after[0].kind == "document" and any(t.kind == "truce" for t in after):
            return "truce", after[0].start
        return after[0].kind, after[0].start
    end = min(clauses[number].end, verb.end + 25)
    if pronoun := _PRONOUN.search(low, verb.end, end):
        return "pronoun", pronoun.start()
    following = number + 1
    reported = following < len(clauses) and clauses[following].opener in ("that", "whether")
    if reported and held[following]:
        return held[following][0].kind, verb.end
    ahead = [t.kind for t in held[number] if t.start < verb.start]
    if "truce" in ahead or "halt" in ahead:
        return "truce before", verb.end
    return "document before" if "document" in ahead else "nothing", verb.end


def _conditions(
    clauses: Sequence[Clause],
    starts: Sequence[int],
    acts: Sequence[Act],
    things: Sequence[Mention],
) -> Iterator[str]:
    for number, clause in enumerate(clauses):
        if not clause.marker:
            continue
        inside = {t.kind for t in things if clause_at(starts, t.start) == number}
        for kind in inside or {"nothing"}:
            yield f"{clause.marker} holds {kind}"
        # It belongs to the clause before it, or to the one after if it opens the sentence.
        near = [a for a in acts if a.clause == number - 1] or (
            [a for a in acts if a.clause == number + 1]
        )
        for act in near:
            yield f"{clause.marker} of {act.toward}"
            yield f"condition of {act.toward} / {act.about}"
        if not near:
            yield f"{clause.marker} of nothing"
