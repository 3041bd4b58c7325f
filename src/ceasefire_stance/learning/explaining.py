"""Why a model gives one sentence its stance: which words and features it rests on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from math import factorial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from ceasefire_stance.corpus.stances import PROBABILITY_COLUMNS, STANCES
from ceasefire_stance.learning.contributions import Contribution, sentence_contributions
from ceasefire_stance.learning.predicting import predict_sentences
from ceasefire_stance.learning.store import Model

PHRASE_WORDS = 4
"""No phrase is longer: its words are tried in all combinations."""
ACT_TOGETHER = 0.5
"""Neighbours are a phrase if together they matter this much more or less than apart (log-odds)."""
_WORD = re.compile(r"[\w\u0300-\u036f]+(?:['’\-\u2011][\w\u0300-\u036f]+)*")
_SMALLEST = 1e-12

Span = tuple[int, int]
WordSet = tuple[int, ...]


class WordWeight(NamedTuple):
    """A word or phrase, where it stands in the text, and how much it speaks for the answer."""

    word: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True)
class Explanation:
    """Why a model gives one sentence its stance.

    Parameters
    ----------
    text, context : str
        What was read.
    stance : str
        The answer: the most probable one, or a rarer one instead (see `calibration.decide`).
    probabilities : dict
        Stance → probability.
    contributions : dict
        Class → the features that move it most, largest first; empty where the model is not linear.
    base, rest : dict
        Class → log-odds of the class prior, which may be that of the sentence's topic, before any
        feature is seen, and the sum of the contributions that are not
        listed. ``base + rest + contributions`` is the logarithm of the class's probability less the
        mean of the logarithms over the classes, exactly.
    word_weights : tuple of WordWeight
        Every word of `text`, in order: the fall of the log-odds of `stance` (against all others)
        when it is left out. The words of a phrase share the fall of the whole phrase.
    phrases : tuple of WordWeight
        The phrases of two or more words that act together, with the fall when all of one is out.
    """

    text: str
    context: str
    stance: str
    probabilities: Mapping[str, float]
    contributions: Mapping[str, tuple[Contribution, ...]]
    base: Mapping[str, float]
    rest: Mapping[str, float]
    word_weights: tuple[WordWeight, ...]
    phrases: tuple[WordWeight, ...]

    def as_dict(self) -> dict[str, Any]:
        """The explanation as plain data; contributions and words as objects with named fields."""
        return asdict(self) | {
            "contributions": {
                name: [c._asdict() for c in rows] for name, rows in self.contributions.items()
            },
            "word_weights": [w._asdict() for w in self.word_weights],
            "phrases": [w._asdict() for w in self.phrases],
        }


def explain_sentence(model: Model, text: str, context: str = "", top: int = 10) -> Explanation:
    """Say which features and words give a sentence its stance.

    For a linear pipeline (a `ColumnTransformer`, then logistic regression under a stated prior) the
    contributions are exact: coefficient times value, less the mean over the classes. For every
    classifier the words are weighed by occlusion: each is left out, and the sentence is read again.
    Neighbours that act together are first joined to phrases, found by their effect alone, so that
    cues, word pairs and networks are treated alike; the words of a phrase share its effect by
    Shapley's value within the phrase.

    Parameters
    ----------
    model : Model
        Any whose pipeline has `predict_proba`.
    text, context : str
        The sentence, and the sentences before it.
    top : int
        How many contributions of each class to list.

    Raises
    ------
    DataError
        If `text` is empty.

    References
    ----------
    Zeiler, M., Fergus, R. (2014). Visualizing and understanding convolutional networks. ECCV.
    Shapley, L. (1953). A value for n-person games.
    """
    frame = pd.DataFrame({"text": [text], "context": [context]})
    row = predict_sentences(frame, model).iloc[0]
    contributions, base, rest = sentence_contributions(model.pipeline, frame, top)
    words, phrases = weigh_words(model.pipeline, text, context, str(row["stance"]))
    return Explanation(
        text=text,
        context=context,
        stance=str(row["stance"]),
        probabilities={s: float(row[c]) for s, c in zip(STANCES, PROBABILITY_COLUMNS, strict=True)},
        contributions=contributions,
        base=base,
        rest=rest,
        word_weights=words,
        phrases=phrases,
    )


def weigh_words(
    pipeline: Pipeline, text: str, context: str, stance: str
) -> tuple[tuple[WordWeight, ...], tuple[WordWeight, ...]]:
    """The words and the phrases of `text`, weighed toward `stance`: a part of `explain_sentence`.

    It is for many sentences whose predictions are known, as in a measure of faithfulness.

    Returns
    -------
    tuple
        `word_weights` and `phrases` of `Explanation`.
    """
    words = _words(text)
    lost, phrases = _occlude(_falls(pipeline, text, context, words, stance), len(words))
    weights = {i: w for phrase in phrases for i, w in _shares(phrase, lost).items()}

    def weighed(first: int, last: int, weight: float) -> WordWeight:
        start, end = words[first][0], words[last][1]
        return WordWeight(text[start:end], start, end, weight)

    return (
        tuple(weighed(i, i, weights[i]) for i in range(len(words))),
        tuple(weighed(p[0], p[-1], lost[p]) for p in phrases if len(p) > 1),
    )


def without(text: str, spans: Iterable[Span]) -> str:
    """`text` less the spans (start, end), with no space left where two would meet."""
    for start, end in sorted(spans, reverse=True):
        before, after = text[:start], text[end:]
        if not before or before[-1].isspace():
            if after[:1].isspace():
                after = after.lstrip()
            elif not after or after[0] in ",.;:!?":
                before = before.rstrip()
        text = before + after
    return text


def _words(text: str) -> list[Span]:
    return [match.span() for match in _WORD.finditer(text)]


def _falls(
    pipeline: Pipeline, text: str, context: str, words: Sequence[Span], stance: str
) -> Callable[[Sequence[WordSet]], dict[WordSet, float]]:
    """A function: sets of words → fall of the log-odds of `stance` when each set is left out."""
    column = [str(c) for c in pipeline.classes_].index(stance)

    def log_odds(texts: list[str]) -> np.ndarray:
        # The others are summed and not taken as 1 - p, which is 0 long before they are.
        p = pipeline.predict_proba(pd.DataFrame({"text": texts, "context": context}))
        others = np.delete(p, column, axis=1).sum(axis=1)
        return np.asarray(
            np.log(np.maximum(p[:, column], _SMALLEST) / np.maximum(others, _SMALLEST))
        )

    whole = log_odds([text])[0]

    def falls(sets: Sequence[WordSet]) -> dict[WordSet, float]:
        if not sets:
            return {}
        left = log_odds([without(text, [words[i] for i in one]) for one in sets])
        return {one: float(whole - value) for one, value in zip(sets, left, strict=True)}

    return falls


def _occlude(
    falls: Callable[[Sequence[WordSet]], dict[WordSet, float]], n_words: int
) -> tuple[dict[WordSet, float], list[WordSet]]:
    """The fall without each set of words that was tried, and the phrases in order."""
    pairs = [(i, i + 1) for i in range(n_words - 1)]
    lost = falls([*((i,) for i in range(n_words)), *pairs])
    extra = {pair: abs(lost[pair] - sum(lost[(i,)] for i in pair)) for pair in pairs}
    phrase_of: dict[int, WordSet] = {i: (i,) for i in range(n_words)}
    for left, right in sorted(pairs, key=lambda pair: -extra[pair]):
        joined = phrase_of[left] + phrase_of[right]
        if extra[left, right] >= ACT_TOGETHER and len(joined) <= PHRASE_WORDS:
            phrase_of |= dict.fromkeys(joined, joined)
    phrases = sorted(set(phrase_of.values()))
    parts = [s for p in phrases for size in range(2, len(p) + 1) for s in combinations(p, size)]
    return lost | falls([s for s in parts if s not in lost]), phrases


def _shares(phrase: WordSet, lost: Mapping[WordSet, float]) -> dict[int, float]:
    """Shapley's value of each word in the fall of its phrase; they add up to that fall."""
    n, out = len(phrase), {}
    for word in phrase:
        others = [i for i in phrase if i != word]
        out[word] = sum(
            factorial(size) * factorial(n - size - 1) / factorial(n)
            * (lost[tuple(sorted((*s, word)))] - (lost[s] if s else 0.0))
            for size in range(n)
            for s in combinations(others, size)
        )  # fmt: skip
    return out
