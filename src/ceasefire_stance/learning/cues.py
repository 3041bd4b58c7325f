"""Lexical cues of a position, read from ``cues.toml``, with negation scope and topic."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import product
from typing import Self

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin

from ceasefire_stance.learning.clause_features import (
    ABOUT,
    DIRECTIONS,
    Mention,
    clause_feature_names,
    clause_features,
)
from ceasefire_stance.learning.clauses import fold

NEGATION = re.compile(r"\b(?:not|no|never|nor|neither|without|cannot|hardly)\b|n['’]t\b", re.I)
NEGATION_WINDOW = 25
"""A cue is negated when a negation stands at most this many characters before it, in one clause."""
CLAUSE_WEIGHT = 0.3
"""The value of a clause feature. There are many, and each is seldom seen: a small value makes the
penalty of a linear model hold them back."""
TOPICS = ("named", "context", "unnamed")
"""Whether a sentence names a ceasefire, only its context does, or neither."""
_CLAUSE_BREAK = re.compile(r"[,;:.!?]|\bbut\b|\bwhile\b|\balthough\b", re.I)


@dataclass(frozen=True)
class Cue:
    """One entry of ``cues.toml``.

    Parameters
    ----------
    name, pattern, why : str
        What it is called, what it matches (case ignored), and what it is a cue of.
    toward : str
        The stance it speaks for, or ``topic``.
    yes, no : str
        A sentence that has the cue, and a look-alike that has not.
    part : str
        What it is in a clause: ``verb``, or the kind of thing that a verb may be about; "" for
        cues of the whole sentence.
    hides : bool
        Whether other cues of a stance that begin inside it are none: "the truce announced by"
        announces nothing.
    """

    name: str
    pattern: str
    toward: str
    why: str
    yes: str
    no: str
    part: str = ""
    hides: bool = False


@lru_cache(maxsize=1)
def load_cues() -> tuple[Cue, ...]:
    """All cues, in the order of the file."""
    text = files("ceasefire_stance.learning").joinpath("cues.toml").read_text(encoding="utf-8")
    return tuple(Cue(name=name, **entry) for name, entry in tomllib.loads(text).items())


@lru_cache(maxsize=1)
def _compiled() -> tuple[tuple[Cue, re.Pattern[str]], ...]:
    # Sentences are folded to lower case once, which is faster than ignoring case in each pattern.
    return tuple((cue, re.compile(cue.pattern)) for cue in load_cues())


def _is_negated(text: str, start: int) -> bool:
    window = text[max(0, start - NEGATION_WINDOW) : start]
    breaks = [m.end() for m in _CLAUSE_BREAK.finditer(window)]
    return NEGATION.search(window, breaks[-1] if breaks else 0) is not None


class CueVectorizer(TransformerMixin, BaseEstimator):
    """Turn sentences into indicators of cues.

    Features per sentence: each cue plain and each cue negated; the number of cues toward each
    stance; each stance's cues in one clause with a ceasefire word; each cue before and after a
    ceasefire word in one clause; pairs of topic (ceasefire named in the sentence, only in the
    context, not at all; an outsider speaks) and stance; the clauses of the sentence (see
    `clause_features`); what the sentences before are about when `use_context` is set; length and
    question mark.

    Parameters
    ----------
    use_context : bool, default=True
        Whether the column `context` is looked at.

    Attributes
    ----------
    feature_names_ : list of str
        The names of the columns of the output.
    """

    def __init__(self, use_context: bool = True) -> None:
        self.use_context = use_context

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:
        """Fix the columns; nothing is learned from `X`."""
        self.feature_names_ = self._names()
        return self

    def transform(self, X: pd.DataFrame) -> sparse.csr_matrix:
        """Cues of sentences `X` (columns `text`, `context`): sparse (n_sentences, n_features)."""
        column = {name: i for i, name in enumerate(self._names())}
        rows: list[int] = []
        columns: list[int] = []
        values: list[float] = []
        context = X["context"] if self.use_context else [""] * len(X)
        for i, (text, before) in enumerate(zip(X["text"], context, strict=True)):
            for name, value in self._features(text, before).items():
                rows.append(i)
                columns.append(column[name])
                values.append(value)
        return sparse.csr_matrix((values, (rows, columns)), shape=(len(X), len(column)))

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """The names of the output columns."""
        return np.array(self._names(), dtype=object)

    def _names(self) -> list[str]:
        cues = load_cues()
        names = [c.name for c in cues] + [f"not {c.name}" for c in cues]
        names += [f"count {d}" for d in DIRECTIONS] + [f"clause {d}" for d in DIRECTIONS]
        signed = [sign + d for d in DIRECTIONS for sign in ("", "not ")]
        names += [f"{t} & {d}" for t in (*TOPICS, "outside") for d in signed]
        names += [f"{t} / {d} / {a}" for t in TOPICS for d, a in product(signed, ABOUT)]
        names += [f"{c.name} > truce" for c in cues] + [f"truce > {c.name}" for c in cues]
        names += [f"topic {t}" for t in TOPICS] + ["length", "short", "question"]
        names += clause_feature_names([c.name for c in cues if c.part == "verb"])
        if self.use_context:
            names += [f"before: {c.name}" for c in cues if c.part not in ("", "verb")]
        return names

    def _features(self, text: str, before: str) -> dict[str, float]:
        found, clauses = _read(text)
        topic = _topic(found, before)
        words = text.count(" ") + 1
        out: dict[str, float] = {f"topic {topic}": 1.0, "length": min(words, 60) / 60}
        if words <= 10:
            out["short"] = 1.0
        if "?" in text:
            out["question"] = 1.0
        named_at = [start for cue, start, _ in found if cue.name in ("named", "halt")]
        for cue, start, negated in found:
            out[f"not {cue.name}" if negated else cue.name] = 1.0
            for at in named_at:
                if at != start and _one_clause(text, start, at):
                    out[f"{cue.name} > truce" if start < at else f"truce > {cue.name}"] = 1.0
            if cue.toward == "topic":
                continue
            out[f"{topic} & {'not ' if negated else ''}{cue.toward}"] = 1.0
            key = f"count {cue.toward}"
            out[key] = min(out.get(key, 0.0) + 0.5, 2.0)
            if any(_one_clause(text, start, at) for at in named_at):
                out[f"clause {cue.toward}"] = 1.0
        for name in clauses:
            out[name] = CLAUSE_WEIGHT
            if name.startswith("any / "):
                out[f"{topic}{name[3:]}"] = CLAUSE_WEIGHT
        if any(cue.name in ("outsider", "expert") for cue, _, _ in found):
            for cue, _, negated in found:
                if cue.toward != "topic":
                    out[f"outside & {'not ' if negated else ''}{cue.toward}"] = 1.0
        if before:
            for name in _things_found(before):
                out[f"before: {name}"] = 0.5
        return out


_Found = tuple[tuple[Cue, int, bool], ...]


@lru_cache(maxsize=50_000)
def _read(text: str) -> tuple[_Found, frozenset[str]]:
    """Each cue of `text` once or twice (plain, negated) and the features of its clauses."""
    # Kept, because cross-validation asks for the same sentences again and again.
    low = fold(text)
    hits = [
        (cue, m.start(), m.end()) for cue, pattern in _compiled() for m in pattern.finditer(low)
    ]
    hiding = [(cue, start, end) for cue, start, end in hits if cue.hides]
    found: dict[tuple[str, bool], tuple[Cue, int, bool]] = {}
    verbs: list[Mention] = []
    things: list[Mention] = []
    for cue, start, end in hits:
        if cue.toward != "topic" and any(
            a <= start < b for other, a, b in hiding if other is not cue
        ):
            continue
        negated = cue.name != "negation" and _is_negated(low, start)
        found.setdefault((cue.name, negated), (cue, start, negated))
        if cue.part == "verb":
            verbs.append(Mention(cue.name, start, end, cue.toward))
        elif cue.part:
            things.append(Mention(cue.part, start, end))
    verbs.sort(key=lambda m: m.start)
    things.sort(key=lambda m: m.start)
    return tuple(found.values()), frozenset(clause_features(text, low, verbs, things))


def stance_cues(text: str) -> list[tuple[int, str, str]]:
    """Where the verbs of a position stand: (offset, name of the cue, stance it speaks for)."""
    found, _ = _read(text)
    return sorted(
        (start, cue.name, str(cue.toward))
        for cue, start, _ in found
        if cue.toward not in ("topic", "none")
    )


@lru_cache(maxsize=50_000)
def _things_found(text: str) -> tuple[str, ...]:
    low = fold(text)
    things = ((cue, pattern) for cue, pattern in _compiled() if cue.part not in ("", "verb"))
    return tuple(cue.name for cue, pattern in things if pattern.search(low))


def topic_of(text: str, context: str) -> str:
    """Where a ceasefire is named: in a sentence (``named``), only in its context, or nowhere.

    Returns
    -------
    str
        One of `TOPICS`.
    """
    return _topic(_read(text)[0], context)


def _topic(found: _Found, before: str) -> str:
    if any(cue.name == "named" for cue, _, _ in found):
        return "named"
    return "context" if before and "named" in _things_found(before) else "unnamed"


def _one_clause(text: str, one: int, other: int) -> bool:
    low, high = sorted((one, other))
    return high - low < 80 and _CLAUSE_BREAK.search(text, low, high) is None
