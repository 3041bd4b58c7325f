"""Do the words that an explanation points at carry the decision: deletion curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.sentences import require_columns
from ceasefire_stance.corpus.stances import PROBABILITY_COLUMNS, STANCES
from ceasefire_stance.evaluation.figures import LABELS, new_axes
from ceasefire_stance.evaluation.intervals import RESAMPLES, article_weights, percentile_interval

FRACTIONS = tuple(i / 10 for i in range(11))
"""The shares of a sentence's words that are removed."""
ORDERS = 5
"""Random orders a sentence is compared with."""

Predict = Callable[[pd.DataFrame], pd.DataFrame]
Weights = Sequence[tuple[str, int, int, float]]


def deletion_curve(
    predict: Predict,
    sentences: pd.DataFrame,
    weights: Sequence[Weights],
    *,
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
        of the first decision, its `support` and `area`. All with 95 % intervals.

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
    _check(sentences, weights)
    kept = [i for i, words in enumerate(weights) if len(words)]
    rows = sentences.iloc[kept].reset_index(drop=True)
    words = [weights[i] for i in kept]
    rng = np.random.default_rng(seed)
    ranked = [np.argsort([-w[3] for w in one], kind="stable") for one in words]
    shuffled = [[rng.permutation(len(one)) for _ in range(orders)] for one in words]
    first = _predicted(predict, rows, rows["text"].tolist())
    decision = first.argmax(axis=1)
    guided = _curves(predict, rows, words, ranked, decision)
    random = np.mean(
        [_curves(predict, rows, words, [s[r] for s in shuffled], decision) for r in range(orders)],
        axis=0,
    )
    groups = pd.factorize(rows["article_id"])[0]
    n_articles = int(groups.max()) + 1
    counts = article_weights(n_articles, resamples, seed)[:, groups]
    gap = random - guided
    area = ((gap[:, :-1] + gap[:, 1:]) / 2 * np.diff(FRACTIONS)).sum(axis=1)
    return {
        "n_sentences": len(rows),
        "n_articles": n_articles,
        "orders": orders,
        "fractions": list(FRACTIONS),
        "guided": [_mean(column, counts) for column in guided.T],
        "random": [_mean(column, counts) for column in random.T],
        "area": _mean(area, counts),
        "per_stance": {
            stance: {
                "support": int((decision == i).sum()),
                "area": _mean(area[decision == i], counts[:, decision == i]),
            }
            for i, stance in enumerate(STANCES)
            if (decision == i).any()
        },
    }


def draw_deletion(
    per_set: Mapping[str, Mapping[str, Any]], title: str, ax: Axes | None = None
) -> Axes:
    """Probability of the first decision against the share of words removed.

    Parameters
    ----------
    per_set : mapping
        Name of a set (or model) → its `deletion_curve`. Full lines are guided, dashed ones random.
    """
    ax = ax or new_axes(5.6, 4.2)
    colours = ["#0072B2", "#E69F00", "#009E73", "#CC79A7"]
    for i, (name, curve) in enumerate(per_set.items()):
        label = f"{LABELS.get(name, name)} (area {curve['area']['value']:.2f})"
        for kind, style in (("guided", "-"), ("random", "--")):
            low, value, high = (
                [cell[key] for cell in curve[kind]] for key in ("low", "value", "high")
            )
            ax.fill_between(
                curve["fractions"], low, high, color=colours[i % 4], alpha=0.12, linewidth=0
            )
            ax.plot(
                curve["fractions"], value, style, color=colours[i % 4], marker="osD^"[i % 4],
                markersize=4, label=f"{label}, weightiest first" if kind == "guided" else
                f"{LABELS.get(name, name)}, random order",
            )  # fmt: skip
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.02)
    ax.set_xlabel("share of words removed")
    ax.set_ylabel("probability of the first decision")
    ax.set_title(title)
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.14))
    return ax


def remaining(text: str, words: Weights, removed: Sequence[int]) -> str:
    """`text` without the words at `removed`, spaces tidied where they stood."""
    # The same as learning.explaining.without, which this room does not know; a test holds them
    # together.
    for _, start, end, _ in sorted((words[i] for i in removed), key=lambda w: -w[1]):
        before, after = text[:start], text[end:]
        if not before or before[-1].isspace():
            if after[:1].isspace():
                after = after.lstrip()
            elif not after or after[0] in ",.;:!?":
                before = before.rstrip()
        text = before + after
    return text


def _curves(
    predict: Predict,
    rows: pd.DataFrame,
    words: Sequence[Weights],
    order: Sequence[np.ndarray],
    decision: np.ndarray,
) -> np.ndarray:
    """Probability of `decision` (n, fractions) as words are removed in `order`."""
    out = []
    for fraction in FRACTIONS:
        texts = [
            remaining(text, one, list(rank[: round(fraction * len(one) + 1e-9)]))
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
