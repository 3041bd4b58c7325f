"""Which of the mentions of a sentence holds the position that the sentence gives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from ceasefire_stance.articles.mentions import Mention, lexicon, tokens_of
from ceasefire_stance.articles.speech import begins_inside
from ceasefire_stance.articles.syntax import Word, syntax_names
from ceasefire_stance.corpus.statistics import CEASEFIRE
from ceasefire_stance.learning.clauses import clause_at, fold, split_clauses
from ceasefire_stance.learning.cues import stance_cues

_LINK = re.compile(r",?\s+and\s+|,\s+")
_PLACE = re.compile(r"\b(?:in|at|from|near|outside|over)\s+$", re.IGNORECASE)
IS_HOLDER = "holder"
NO_HOLDER = "other"
_QUOTE = re.compile(r"“[^”]*”?|\"[^\"]*\"?|‘[^’]*’(?=\W|$)")


@dataclass(frozen=True)
class Ranked:
    """A mention and the probability that it is a holder of the sentence's position.

    `positions` are the probabilities, in the order of `POSITIONS`, that it holds each of them,
    where a network was asked (see `articles.tagging`).
    """

    mention: Mention
    probability: float
    positions: tuple[float, ...] | None = None


class HolderModel(Protocol):
    """What ranks mentions: a classifier over `holder_features`."""

    classes_: Any

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of shape (n_mentions, 2), in the order of `classes_`."""


class FirstNamedActor:
    """Baseline: the first mention that the gazetteer knows."""

    classes_ = (IS_HOLDER, NO_HOLDER)
    _wanted: ClassVar[tuple[str, ...]] = ("kind name", "kind person", "kind adjective")

    def predict_proba(self, X: Sequence[dict[str, float]]) -> np.ndarray:
        """1 for the first that is wanted, else for the first of all."""
        hits = [i for i, one in enumerate(X) if any(w in one for w in self._wanted)]
        out = np.zeros((len(X), 2))
        out[:, 1] = 1.0
        out[hits[0] if hits else 0] = (1.0, 0.0)
        return out


class SentenceSubject(FirstNamedActor):
    """Baseline: the first mention that opens the sentence or a clause, of whatever kind."""

    _wanted = ("starts sentence", "starts comma", "starts that", "starts conjunction")


def make_holder_model() -> Pipeline:
    """The unfitted model: features of mentions (dicts) → ``holder`` or ``other``."""
    return Pipeline(
        [
            ("features", DictVectorizer()),
            ("classifier", LogisticRegression(C=0.3, max_iter=2000)),
        ]
    )


def holder_features(
    text: str, mentions: Sequence[Mention], stance: str, words: Sequence[Word] | None = None
) -> list[dict[str, float]]:
    """What is known of each mention of a sentence that has a position.

    Parameters
    ----------
    text : str
        The sentence.
    mentions : sequence of Mention
        Its mentions, in order.
    stance : str
        The stance that the sentence reports.
    words : sequence of Word, optional
        Its parse, from `load_parser`: then what it says of the mentions is known too.

    Returns
    -------
    list of dict
        One per mention: name of the feature → 1.0.
    """
    tokens = tokens_of(text)
    lower = [t.lower for t in tokens]
    masked = _masked(tokens, mentions)
    quotes = [m.span() for m in _QUOTE.finditer(text)]
    named = CEASEFIRE.search(text)
    speech = lexicon()["speech"]
    out = []
    for rank, mention in enumerate(mentions):
        first = next(i for i, t in enumerate(tokens) if t.end > mention.start)
        last = max(i for i, t in enumerate(tokens) if t.start < mention.end)
        before, after = masked[max(0, first - 4) : first][::-1], masked[last + 1 : last + 8]
        quoted = begins_inside(mention, quotes)
        names = [f"kind {mention.kind}", f"rank {min(rank, 4)}", f"of {min(len(mentions), 6)}"]
        names += [f"kind {mention.kind} rank {min(rank, 2)}"]
        names += [f"-{k} {w}" for k, w in enumerate(before[:2], 1)]
        names += [f"+{k} {w}" for k, w in enumerate(after[:3], 1)]
        names += [f"soon {w}" for w in after[:6]] + [f"just {w}" for w in before]
        names += [f"around {before[0] if before else '<'} _ {after[0] if after else '>'}"]
        names += [f"{stance} +1 {after[0] if after else '>'}"]
        if quoted:
            names += ["quoted", f"quoted {mention.kind}"]
        elif quotes:
            names += ["beside a quote"]
        if set(after[:2]) & speech or set(before[:1]) & speech:
            names += ["speaks", "speaks beside a quote" if quotes else "speaks without a quote"]
            rest = [m for m in mentions[rank + 1 :] if not begins_inside(m, quotes)]
            names += [f"speaks of {len(rest[:2])} others"]
            if rest:
                names += [f"speaks of {rest[0].kind}"]
        elif any(w in speech for w in masked[:first]):
            names += ["after speech", f"after speech {mention.kind}"]
        if before[:1] and before[0] in lexicon()["prepositions"]:
            names += ["object of a preposition"]
        names += [f"starts {_start_of(lower, first)}"]
        if named:
            side = "before" if mention.end <= named.start() else "after"
            gap = sum(named.start() > t.start >= mention.end for t in tokens)
            names += [f"{side} the truce", f"{side} {min(gap // 4, 5)}"]
        else:
            names += ["no truce"]
        if any(m.actor and m.actor == mention.actor for m in mentions[:rank]):
            names += ["again"]
        out.append(dict.fromkeys(names, 1.0))
    for one, names in zip(out, _clause_names(text, mentions, stance), strict=True):
        one.update(dict.fromkeys(names, 1.0))
    if words is not None:
        for one, names in zip(out, syntax_names(text, words, mentions, stance), strict=True):
            one.update(dict.fromkeys(names, 1.0))
    return out


def _clause_names(text: str, mentions: Sequence[Mention], stance: str) -> list[list[str]]:
    """What each mention's clause is, and how it stands to the verbs of the position."""
    every = stance_cues(text)
    own = [(at, name) for at, name, toward in every if toward == stance]
    cues = own or [(at, name) for at, name, _ in every]
    label = "own" if own else "any" if cues else "no"
    clauses = split_clauses(text, fold(text), [at for at, _, _ in every])
    starts = [clause.start for clause in clauses]
    places = [clause_at(starts, mention.start) for mention in mentions]
    out = []
    for k, (mention, place) in enumerate(zip(mentions, places, strict=True)):
        names = [f"{label} cue"]
        if clauses:
            clause = clauses[place]
            subject = place not in places[:k]
            names += [f"opener {clause.opener}", f"condition {clause.marker or 'none'}"]
            names += [f"first {subject}", f"first {subject} {clause.opener}"]
        after = [(at, name) for at, name in cues if at >= mention.end]
        if after:
            at, name = after[0]
            between = sum(mention.end <= other.start < at for other in mentions)
            same = clause_at(starts, at) == place
            names += [f"{label} after {min(between, 3)}", f"{label} after in clause {same}"]
            names += [f"{label} after {same} {min(between, 2)} {mention.kind}"]
            names += [f"verb {name} {min(between, 1)}"]
        elif cues:
            names.append(f"{label} none after")
        before = [at for at, _ in cues if at < mention.start]
        if before:
            between = sum(before[-1] <= other.end <= mention.start for other in mentions[:k])
            names.append(f"{label} before {min(between, 3)}")
        out.append(names)
    return out


def rank_mentions(
    model: HolderModel,
    text: str,
    mentions: Sequence[Mention],
    stance: str,
    words: Sequence[Word] | None = None,
) -> list[Ranked]:
    """The mentions of a sentence with their probability of being a holder, most probable first.

    The arguments are those of `holder_features`; a model that was trained with parses needs them.
    """
    if not mentions:
        return []
    column = list(model.classes_).index(IS_HOLDER)
    values = model.predict_proba(holder_features(text, mentions, stance, words))[:, column]
    order = np.argsort(-values, kind="stable")
    return [Ranked(mentions[i], float(values[i])) for i in order]


def gold_labels(text: str, mentions: Sequence[Mention], holders: Sequence[str]) -> list[str | None]:
    """For training: which mentions are holders; None where that is not certain.

    A mention is a holder if it overlaps the first place where the holder's words stand; the same
    words elsewhere in the sentence, and further mentions inside a long holder, are left out.
    """
    labels: list[str | None] = [NO_HOLDER] * len(mentions)
    for holder in holders:
        spans = [m.span() for m in re.finditer(rf"(?<!\w){re.escape(holder)}(?!\w)", text)]
        for k, (start, end) in enumerate(spans):
            hit = [i for i, m in enumerate(mentions) if m.start < end and m.end > start]
            for i in hit:
                labels[i] = None
            if hit and k == 0:
                labels[hit[0]] = IS_HOLDER
    return labels


def choose_holders(ranked: Sequence[Ranked], text: str, threshold: float = 0.4) -> list[Ranked]:
    """The holders of a sentence: the most probable mention, and others that are probable too.

    Parameters
    ----------
    threshold : float
        Least probability of a second holder, in (0, 1). The first is always given.
    """
    if not ranked:
        return []
    chosen = [ranked[0]]
    for other in ranked[1:]:
        same = any(
            other.mention.actor is not None and other.mention.actor == c.mention.actor
            for c in chosen
        )
        if other.probability >= threshold and not same:
            chosen.append(other)
    in_order = sorted((r.mention for r in ranked), key=lambda m: m.start)
    for group in coordinated(text, in_order):
        members = [r for r in ranked if r.mention in group]
        named = [r for r in members if r in chosen]
        if named:
            # What is said of one of "A, B and C" is said of all.
            best = max(named, key=lambda r: r.probability)
            chosen += [replace(best, mention=r.mention) for r in members if r not in chosen]
    return sorted(chosen, key=lambda r: r.mention.start)


def coordinated(text: str, mentions: Sequence[Mention]) -> list[list[Mention]]:
    """The mentions that stand together as "A and B" or "A, B and C"; `mentions` in order."""
    groups: list[list[Mention]] = []
    group: list[Mention] = []
    closed = False
    for mention in mentions:
        link = _LINK.fullmatch(text[group[-1].end : mention.start]) if group else None
        if link is None or closed or mention.kind == "pronoun" or group[-1].kind == "pronoun":
            if closed:
                groups.append(group)
            group, closed = [mention], False
            continue
        group.append(mention)
        closed = "and" in link.group()
    if closed:
        groups.append(group)
    # "In Laos, negotiators and …": the place is no member.
    return [g[1:] if _PLACE.search(text[: g[0].start]) else g for g in groups]


def _masked(tokens: Sequence[object], mentions: Sequence[Mention]) -> list[str]:
    """Lower-case words, those of mentions replaced by their kind: names must not count."""
    out = []
    for token in tokens:
        start, lower = token.start, token.lower  # type: ignore[attr-defined]
        inside = next((m for m in mentions if m.start <= start < m.end), None)
        if inside is None:
            out.append("#" if lower[0].isdigit() else lower)
        else:
            out.append(f"<{inside.kind}>" if inside.kind != "pronoun" else lower)
    return out


def _start_of(lower: Sequence[str], first: int) -> str:
    """What the clause of the mention begins after: the sentence, a comma, that, a conjunction."""
    if first == 0:
        return "sentence"
    before = lower[first - 1]
    if before in (",", ";", ":", "—", "–", "-"):
        return "comma"
    if before in ("“", '"', "‘"):
        return "quote"
    if before in ("that", "which", "who"):
        return "that"
    return "conjunction" if before in lexicon()["conjunctions"] else "inside"
