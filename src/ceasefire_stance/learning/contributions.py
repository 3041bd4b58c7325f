"""What a linear model adds up: features, everywhere and in one sentence, and the words in them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from ceasefire_stance.learning.calibration import PriorAdjustedClassifier
from ceasefire_stance.learning.topic_prior import TopicPriorPipeline

TOP = 15
_BLOCKS = {"cues": "cue", "words": "word", "context words": "context", "chars": "chars"}


class Contribution(NamedTuple):
    """One feature of one sentence: its name, its block, and what it adds in log-odds."""

    feature: str
    block: str
    log_odds: float


def sentence_contributions(
    pipeline: Pipeline, frame: pd.DataFrame, top: int
) -> tuple[dict[str, tuple[Contribution, ...]], dict[str, float], dict[str, float]]:
    """What each feature of one sentence adds to each class, in log-odds.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted.
    frame : DataFrame
        One row, with `text` and `context`.
    top : int
        How many contributions of each class to list.

    Returns
    -------
    tuple
        `contributions`, `base` and `rest` of `Explanation`; all empty for models that are not
        linear.
    """
    linear = _linear(pipeline)
    if linear is None:
        return {}, {}, {}
    classes, weights, base = linear
    if isinstance(pipeline, TopicPriorPipeline):
        base = base + pipeline.topic_offsets(frame)[0]
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


def linear_part(pipeline: Pipeline) -> Pipeline:
    """The linear pipeline that has a vote in an average of classifiers; else `pipeline` itself.

    What its features add is then a part of what moves the whole: in a weighted geometric mean
    their log-odds count by its weight.
    """
    voices = getattr(pipeline.named_steps.get("classifier"), "estimators_", ())
    linear = (v for v in voices if isinstance(v, Pipeline) and _linear(v) is not None)
    return next(linear, pipeline)


def tfidf_word_weights(
    pipeline: Pipeline,
    texts: Sequence[str],
    stances: Sequence[str],
    spans: Sequence[Sequence[tuple[int, int]]],
) -> list[list[float]] | None:
    """What the words of sentences add to a stance through the TF-IDF block alone, exactly.

    The contribution of a pair of words is shared by the two, and that of a word (or pair) that
    occurs several times by its occurrences. What the other blocks (cues) make of the same words is
    left out: this is the explanation that reads a bag of words off its coefficients.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted.
    texts : sequence of str
    stances : sequence of str
        The stance of each sentence that its words are weighed toward.
    spans : sequence
        The words (start, end) of each sentence, in order and apart.

    Returns
    -------
    list of list of float, or None
        For each sentence one weight a word: the sum of centred coefficient times value. None for
        models that are not linear or have no block ``words``.
    """
    linear = _linear(pipeline)
    features = pipeline.named_steps.get("features")
    if linear is None or "words" not in features.named_transformers_:
        return None
    classes, weights, _ = linear
    vectorizer = features.named_transformers_["words"]
    own = weights[:, features.output_indices_["words"]]
    own = own * (features.transformer_weights or {}).get("words", 1.0)
    rows = sparse.csr_matrix(vectorizer.transform(list(texts)))
    out = []
    for row, text, stance, words in zip(rows, texts, stances, spans, strict=True):
        found = _grams(vectorizer, text)
        times = Counter(column for column, _ in found)
        sums, begins = [0.0] * len(words), [start for start, _ in words]
        for column, starts in found:
            whole = own[classes.index(stance), column] * row[0, column]
            for start in starts:
                word = bisect_right(begins, start) - 1
                sums[word] += float(whole) / (times[column] * len(starts))
        out.append(sums)
    return out


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


def _grams(vectorizer: Any, text: str) -> list[tuple[int, list[int]]]:
    """The known n-grams of `text` each time they occur: column, and where their tokens start."""
    # Letter by letter, so that no offset moves where a small letter is longer than its capital.
    low = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    tokens = [(m.group(), m.start()) for m in re.finditer(vectorizer.token_pattern, low)]
    shortest, longest = vectorizer.ngram_range
    out = []
    for size in range(shortest, longest + 1):
        for i in range(len(tokens) - size + 1):
            part = tokens[i : i + size]
            column = vectorizer.vocabulary_.get(" ".join(word for word, _ in part))
            if column is not None:
                out.append((int(column), [start for _, start in part]))
    return out
