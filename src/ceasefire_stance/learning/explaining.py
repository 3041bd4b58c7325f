"""What a fitted model attends to: everywhere, and in one sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from math import factorial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from ceasefire_stance.corpus.stances import PROBABILITY_COLUMNS, STANCES
from ceasefire_stance.learning.calibration import PriorAdjustedClassifier
from ceasefire_stance.learning.predicting import predict_sentences
from ceasefire_stance.learning.store import Model

TOP = 15
PHRASE_WORDS = 4
"""No phrase is longer: its words are tried in all combinations."""
ACT_TOGETHER = 0.5
"""Neighbours are a phrase if together they matter this much more or less than apart (log-odds)."""
_BLOCKS = {"cues": "cue", "words": "word", "context words": "context", "chars": "chars"}
_WORD = re.compile(r"[\w\u0300-\u036f]+(?:['’\-\u2011][\w\u0300-\u036f]+)*")
_SMALLEST = 1e-12

Span = tuple[int, int]
WordSet = tuple[int, ...]


class Contribution(NamedTuple):
    """One feature of one sentence: its name, its block, and what it adds in log-odds."""

    feature: str
    block: str
    log_odds: float


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
        The most probable one.
    probabilities : dict
        Stance → probability.
    contributions : dict
        Class → the features that move it most, largest first; empty where the model is not linear.
    base, rest : dict
        Class → log-odds before any feature is seen, and the sum of the contributions that are not
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
    contributions, base, rest = _contributions(model.pipeline, frame, top)
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


def strongest_features(pipeline: Pipeline, top: int = TOP) -> dict[str, list[dict[str, object]]]:
    """The features with the largest weights for each class of a linear model.

    Returns
    -------
    dict
        class → list of ``{"feature", "weight"}``, largest first; weights are coefficients of the
        class's linear score for a feature as the vectoriser scales it. Empty for models without
        linear coefficients.
    """
    classifier = pipeline.named_steps["classifier"]
    inner = getattr(classifier, "estimator_", None)
    weights = getattr(inner, "coef_", None)
    if inner is None or weights is None or "features" not in pipeline.named_steps:
        return {}
    names = pipeline.named_steps["features"].get_feature_names_out()
    out = {}
    for stance, row in zip(inner.classes_, weights, strict=True):
        best = np.argsort(-row, kind="stable")[:top]
        out[str(stance)] = [
            {"feature": str(names[i]).replace("__", ": ", 1), "weight": round(float(row[i]), 4)}
            for i in best
        ]
    return out


def global_importances(
    pipeline: Pipeline, top: int = TOP, sentences: pd.DataFrame | None = None
) -> dict[str, list[dict[str, object]]]:
    """The features that move each class most, for it or against it.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted.
    top : int
        Features a class.
    sentences : DataFrame, optional
        Columns `text`, `context`. If given, a weight is multiplied by the mean absolute value that
        the feature has there: what it contributes to a sentence on average, not only if it occurs.

    Returns
    -------
    dict
        class → list of ``{"feature", "block", "weight"}``, largest absolute weight first; weights
        are coefficients less their mean over the classes. Empty for models that are not linear;
        blocks whose columns have no names (an encoder's) are left out.
    """
    linear = _linear(pipeline)
    if linear is None:
        return {}
    classes, weights, _ = linear
    features = pipeline.named_steps["features"]
    columns = _columns(features)
    named = np.array([block in _BLOCKS.values() for _, block in columns])
    scale = named.astype(float)
    if sentences is not None:
        rows = sparse.csr_matrix(features.transform(sentences[["text", "context"]]))
        scale = scale * np.asarray(abs(rows).mean(axis=0)).ravel()
    out: dict[str, list[dict[str, object]]] = {}
    for stance, row in zip(classes, weights * scale, strict=True):
        best = [i for i in np.argsort(-np.abs(row), kind="stable")[:top] if row[i]]
        out[stance] = [
            {"feature": columns[i][0], "block": columns[i][1], "weight": round(float(row[i]), 4)}
            for i in best
        ]
    return out


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


def _linear(pipeline: Pipeline) -> tuple[list[str], np.ndarray, np.ndarray] | None:
    """Classes, centred coefficients (k, d) and centred base (k,); None if it is not linear."""
    features = pipeline.named_steps.get("features")
    classifier = pipeline.named_steps.get("classifier")
    inner = getattr(classifier, "estimator_", None)
    if not (
        isinstance(features, ColumnTransformer)
        and isinstance(classifier, PriorAdjustedClassifier)
        and isinstance(inner, LogisticRegression)
    ):
        return None
    weights, base = np.asarray(inner.coef_), np.asarray(inner.intercept_)
    if len(weights) == 1:  # Two classes have one row, that of the second against the first.
        weights, base = np.vstack([-weights, weights]) / 2, np.array([-base[0], base[0]]) / 2
    base = base + np.log(classifier.prior_) - np.log(classifier.training_prior_)
    names = [str(c) for c in classifier.classes_]
    return names, weights - weights.mean(axis=0), base - base.mean()


def _columns(features: ColumnTransformer) -> list[tuple[str, str]]:
    """Name and block of each column; columns of an unknown block share the name of the block."""
    out: list[tuple[str, str]] = []
    for name, transformer, _ in features.transformers_:
        place = features.output_indices_[name]
        if name in _BLOCKS:
            out += [(str(n), _BLOCKS[name]) for n in transformer.get_feature_names_out()]
        else:
            out += [(name, name)] * (place.stop - place.start)
    return out


def _contributions(
    pipeline: Pipeline, frame: pd.DataFrame, top: int
) -> tuple[dict[str, tuple[Contribution, ...]], dict[str, float], dict[str, float]]:
    linear = _linear(pipeline)
    if linear is None:
        return {}, {}, {}
    classes, weights, base = linear
    features = pipeline.named_steps["features"]
    columns = _columns(features)
    alone, row = (
        sparse.csr_matrix(features.transform(f)) for f in (frame.assign(context=""), frame)
    )
    sums: dict[tuple[str, str], np.ndarray] = {}
    for i, value in zip(row.indices, row.data, strict=True):
        name, block = columns[i]
        # A cue that is gone once the context is emptied is one of the context.
        key = (name, "context" if block == "cue" and alone[0, i] == 0 else block)
        sums[key] = sums.get(key, np.zeros(len(classes))) + weights[:, i] * value
    listed, rest = {}, {}
    for c, stance in enumerate(classes):
        ranked = sorted(
            (Contribution(*key, float(v[c])) for key, v in sums.items()),
            key=lambda one: -abs(one.log_odds),
        )
        listed[stance] = tuple(ranked[:top])
        rest[stance] = float(sum(one.log_odds for one in ranked[top:]))
    return listed, dict(zip(classes, map(float, base), strict=True)), rest


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
