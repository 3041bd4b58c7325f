"""Do the words that an explanation points at carry the decision: deletion curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.sentences import require_columns
from ceasefire_stance.corpus.stances import PROBABILITY_COLUMNS, STANCES
from ceasefire_stance.evaluation.intervals import RESAMPLES, article_weights, percentile_interval

FRACTIONS = tuple(i / 10 for i in range(11))
"""The shares of a sentence's words that are removed."""
ORDERS = 5
"""Random orders a sentence is compared with."""

_DECIMALS = 6

Predict = Callable[[pd.DataFrame], pd.DataFrame]
Without = Callable[[str, Sequence[tuple[int, int]]], str]
Weights = Sequence[tuple[str, int, int, float]]


def deletion_curve(
    predict: Predict,
    sentences: pd.DataFrame,
    weights: Sequence[Weights],
    without: Without,
    *,
    decisions: Sequence[str] | None = None,
    rivals: Mapping[str, Sequence[Weights]] | None = None,
    orders: int = ORDERS,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Any]:
    """How the probability of the first decision falls as words are removed, weightiest first.

    If an explanation is faithful, it falls sooner than when words are removed in random order. A
    weight found by leaving words out of the same model is favoured by this measure, which leaves
    words out too: it shows that the weights say what the model does, not that the model is right,
    and shortened sentences are unlike any the model was trained on. A decision for ``none`` needs
    no words and falls little; `per_stance` keeps it apart.

    Parameters
    ----------
    predict : callable
        Sentences frame (`sentence_id`, `text`, `context`) → predictions frame in the same order,
        with the four probabilities.
    sentences : DataFrame
        `article_id`, `text` and, where known, `context`.
    weights : sequence
        For each sentence its words: (word, start, end, weight toward the decision). Sentences
        without words are left out.
    without : callable
        Text and spans (start, end) → the text without them, spaces tidied. It is that of the
        explanations, so that words are left out here as they were there.
    decisions : sequence of str, optional
        The stance that each sentence is given; the most probable if left out.
    rivals : mapping, optional
        Name → other weights of the same words, to be compared with `weights`.
    orders : int
        Random orders for each sentence.
    resamples, seed : int
        Of the bootstrap over articles; `seed` is that of the random orders too.

    Returns
    -------
    dict
        `n_sentences`, `n_articles`, `orders`, `fractions`; ``guided`` and ``random``, the mean
        probability of the first decision at each fraction; ``area`` between the two (random less
        guided, by the trapezoid rule, in [-1, 1]; above 0 is better than chance); ``per_stance``
        of the first decision, its `support` and `area`; ``rivals``, for each its `curve`, `area`
        (random less the rival) and `lead` (the rival less guided; above 0 if `weights` are the
        more faithful). All with 95 % intervals, those of differences paired by article.

    Raises
    ------
    DataError
        If there is nothing to remove, or weights do not fit their sentence.

    References
    ----------
    Samek, W., et al. (2017). Evaluating the visualization of what a deep neural network has
    learned. IEEE Transactions on Neural Networks and Learning Systems 28(11).
    DeYoung, J., et al. (2020). ERASER: a benchmark to evaluate rationalized NLP models. ACL.
    """
    compared = dict(rivals or {})
    _check(sentences, weights)
    for name, other in compared.items():
        _check_same(name, weights, other)
    kept = [i for i, words in enumerate(weights) if len(words)]
    rows = sentences.iloc[kept].reset_index(drop=True)
    words = [weights[i] for i in kept]
    if decisions is None:
        decision = _predicted(predict, rows, rows["text"].tolist()).argmax(axis=1)
    else:
        decision = np.array([STANCES.index(decisions[i]) for i in kept])

    def curves(order: Sequence[np.ndarray]) -> np.ndarray:
        return _curves(predict, rows, words, order, decision, without)

    rng = np.random.default_rng(seed)
    shuffled = [[rng.permutation(len(one)) for _ in range(orders)] for one in words]
    guided = curves(_ranked(words))
    random = np.mean([curves([s[r] for s in shuffled]) for r in range(orders)], axis=0)
    groups = pd.factorize(rows["article_id"])[0]
    n_articles = int(groups.max()) + 1
    counts = article_weights(n_articles, resamples, seed)[:, groups]
    area = _area(random - guided)
    others = {name: curves(_ranked([w[i] for i in kept])) for name, w in compared.items()}
    return {
        "n_sentences": len(rows),
        "n_articles": n_articles,
        "orders": orders,
        "fractions": list(FRACTIONS),
        "guided": [_mean(column, counts) for column in guided.T],
        "random": [_mean(column, counts) for column in random.T],
        "area": _mean(area, counts),
        "per_stance": _per_stance(area, decision, counts),
        "rivals": {
            name: {
                "curve": [_mean(column, counts) for column in other.T],
                "area": _mean(_area(random - other), counts),
                "lead": _mean(_area(other - guided), counts),
            }
            for name, other in others.items()
        },
    }


def _ranked(words: Sequence[Weights]) -> list[np.ndarray]:
    """The places of each sentence's words, weightiest first."""
    # Rounded, so that words that weigh the same keep their order on every machine.
    return [np.argsort([-round(w[3], _DECIMALS) for w in one], kind="stable") for one in words]


def _per_stance(area: np.ndarray, decision: np.ndarray, counts: np.ndarray) -> dict[str, Any]:
    return {
        stance: {
            "support": int((decision == i).sum()),
            "area": _mean(area[decision == i], counts[:, decision == i]),
        }
        for i, stance in enumerate(STANCES)
        if (decision == i).any()
    }


def _area(gap: np.ndarray) -> np.ndarray:
    """The area (n,) under each row of `gap` (n, fractions), by the trapezoid rule."""
    return np.asarray(((gap[:, :-1] + gap[:, 1:]) / 2 * np.diff(FRACTIONS)).sum(axis=1))


def _curves(
    predict: Predict,
    rows: pd.DataFrame,
    words: Sequence[Weights],
    order: Sequence[np.ndarray],
    decision: np.ndarray,
    without: Without,
) -> np.ndarray:
    """Probability of `decision` (n, fractions) as words are removed in `order`."""
    out = []
    for fraction in FRACTIONS:
        texts = [
            without(text, [one[i][1:3] for i in rank[: round(fraction * len(one) + 1e-9)]])
            for text, one, rank in zip(rows["text"], words, order, strict=True)
        ]
        out.append(_predicted(predict, rows, texts)[np.arange(len(rows)), decision])
    return np.column_stack(out)


def _predicted(predict: Predict, rows: pd.DataFrame, texts: list[str]) -> np.ndarray:
    context = rows["context"].tolist() if "context" in rows else [""] * len(rows)
    asked = pd.DataFrame(
        {
            "sentence_id": [f"s{i}" for i in range(len(texts))],
            "article_id": rows["article_id"].tolist(),
            # Where no word is left, the full stop is: an empty sentence cannot be read.
            "text": [text or "." for text in texts],
            "context": context,
        }
    )
    given = predict(asked)
    require_columns(given, PROBABILITY_COLUMNS, "predictions")
    return given[list(PROBABILITY_COLUMNS)].to_numpy(dtype=float)


def _mean(values: np.ndarray, counts: np.ndarray) -> dict[str, float]:
    """Mean over sentences with interval; `counts` (b, n) says how often each counts."""
    size = counts.sum(axis=1)
    # A resample without any such sentence says nothing of their mean.
    return percentile_interval((counts[size > 0] @ values) / size[size > 0])


def _check(sentences: pd.DataFrame, weights: Sequence[Weights]) -> None:
    require_columns(sentences, ["article_id", "text"], "sentences")
    if len(sentences) != len(weights):
        raise DataError(
            f"weights: {len(weights)} sets of words for {len(sentences)} sentences; expected one "
            "for each. Explain the same sentences in the same order."
        )
    for row, (text, words) in enumerate(zip(sentences["text"], weights, strict=True), 1):
        for word, start, end, _ in words:
            if text[start:end] != word:
                raise DataError(
                    f"weights, row {row}: the text has {text[start:end]!r} at {start}–{end}; "
                    f"expected {word!r}. Explain the same sentences in the same order."
                )
    if not any(len(words) for words in weights):
        raise DataError(
            "weights: no sentence has a word; expected at least one to remove. Check the sentences."
        )


def _check_same(name: str, weights: Sequence[Weights], other: Sequence[Weights]) -> None:
    """Weights may differ, words may not: otherwise another text would be compared."""
    if len(other) != len(weights):
        raise DataError(
            f"{name}: {len(other)} sets of words for {len(weights)} sentences; expected one for "
            "each. Weigh the same sentences in the same order."
        )
    for row, (ours, theirs) in enumerate(zip(weights, other, strict=True), 1):
        if [w[:3] for w in ours] != [w[:3] for w in theirs]:
            raise DataError(
                f"{name}, row {row}: its words are not those of the weights it is compared with; "
                "expected the same words in the same order. Weigh those."
            )
