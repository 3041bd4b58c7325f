"""How sure a score is: bootstrap over articles, paired tests, corrections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import comb

import numpy as np
import pandas as pd

from ceasefire_stance.evaluation.metrics import (
    TASKS,
    Task,
    align,
    confusion,
    count_metrics,
    four_way,
    metric_names,
    probability_metrics,
    support,
)

RESAMPLES = 1000
LEVEL = 0.95


def article_weights(n_groups: int, resamples: int = RESAMPLES, seed: int = 0) -> np.ndarray:
    """How often each article is drawn: first row all ones (the sample), then the resamples.

    Returns
    -------
    ndarray of shape (resamples + 1, n_groups)
    """
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=resamples)
    return np.vstack([np.ones((1, n_groups)), drawn]).astype(float)


def evaluate(
    gold: pd.DataFrame, predictions: pd.DataFrame, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, object]:
    """Score predictions against gold labels.

    Parameters
    ----------
    gold : DataFrame
        Sentences frame with `sentence_id`, `article_id`, `stance`; rows whose `several` is true
        (claims that disagree in stance) are left out.
    predictions : DataFrame
        `sentence_id`, `stance` and, where known, the four probabilities; anybody's.
    resamples, seed : int
        Of the bootstrap.

    Returns
    -------
    dict
        As `score_aligned`.

    Raises
    ------
    DataError
        If a gold sentence has no prediction, or a label or probability is invalid.
    """
    return score_aligned(align(gold, predictions), resamples, seed)


def score_aligned(
    aligned: pd.DataFrame, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, object]:
    """All scores of one set of sentences, with 95 % intervals by a bootstrap over articles.

    Parameters
    ----------
    aligned : DataFrame
        From `ceasefire_stance.evaluation.align`.

    Returns
    -------
    dict
        `n_sentences`, `n_articles`, and per task (``four_way``, ``three_way``, ``detection``)
        each metric as ``{"value", "low", "high"}``, ``per_class`` (the same, and `support`),
        ``confusion`` (rows gold) and ``classes``. A task without sentences is left out;
        where labels alone were given, so are ``three_way`` and the metrics of probabilities.
    """
    out: dict[str, object] = {
        "n_sentences": len(aligned),
        "n_articles": int(aligned["article_id"].nunique()),
    }
    for name, make in TASKS.items():
        task = make(aligned)
        # Labels alone do not say which position a sentence called none would have had.
        if len(task.gold) and (task.has_probabilities or name != "three_way"):
            out[name] = score_task(task, resamples, seed)
    return out


def score_task(task: Task, resamples: int = RESAMPLES, seed: int = 0) -> dict[str, object]:
    """Every metric of one task with its interval."""
    weights = article_weights(task.n_groups, resamples, seed)
    values = count_metrics(task, weights)
    if task.has_probabilities:
        values |= probability_metrics(task, weights)
    counts = support(task)
    per_class: dict[str, dict[str, object]] = {c: {"support": counts[c]} for c in task.classes}
    for name, value in values.items():
        if "/" in name:
            class_name, metric = name.split("/")
            per_class[class_name][metric] = percentile_interval(value)
    return {
        "n_sentences": len(task.gold),
        "classes": list(task.classes),
        **{name: percentile_interval(values[name]) for name in metric_names(list(values))},
        "per_class": per_class,
        "confusion": confusion(task)[0].astype(int).tolist(),
    }


def percentile_interval(values: np.ndarray) -> dict[str, float]:
    """Value of the sample (the first) and 95 % interval of the resamples (the others)."""
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(values[1:], [tail, 100 - tail])
    return {
        "value": round(float(values[0]), 6),
        "low": round(float(low), 6),
        "high": round(float(high), 6),
    }


def paired_difference(
    first: Task,
    second: Task,
    metric: str = "macro_f1",
    resamples: int = 10 * RESAMPLES,
    seed: int = 0,
) -> dict[str, float]:
    """Difference of a metric between two models on the same sentences, article-level bootstrap.

    Returns
    -------
    dict
        `difference` (first − second), `low`, `high` (95 %), `p_value` (two-sided: twice the share
        of resamples on the other side of zero, ties counted half, at least 1/resamples).
    """
    weights = article_weights(first.n_groups, resamples, seed)
    return difference_cell(
        count_metrics(first, weights)[metric] - count_metrics(second, weights)[metric]
    )


def difference_cell(values: np.ndarray) -> dict[str, float]:
    """What `paired_difference` gives, of differences in the sample (the first) and in resamples."""
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(values[1:], [tail, 100 - tail])
    below = float(np.mean(values[1:] < 0) + 0.5 * np.mean(values[1:] == 0))
    p_value = min(1.0, max(2 * min(below, 1 - below), 1 / (len(values) - 1)))
    return {
        "difference": float(values[0]),
        "low": float(low),
        "high": float(high),
        "p_value": p_value,
    }


def mcnemar(first: Task, second: Task) -> dict[str, float]:
    """Exact McNemar test on the sentences that only one of two models gets right.

    Returns
    -------
    dict
        `only_first`, `only_second` (counts), `odds_ratio` (their ratio with a half added to each,
        the effect size; above 1 favours the first), `p_value` (two-sided binomial).

    References
    ----------
    Dietterich, T. (1998). Approximate statistical tests for comparing supervised classification
    learning algorithms. Neural Computation 10(7).
    """
    right_first = first.predicted == first.gold
    right_second = second.predicted == second.gold
    b = int(np.sum(right_first & ~right_second))
    c = int(np.sum(~right_first & right_second))
    n, k = b + c, min(b, c)
    tail = sum(comb(n, i) for i in range(k + 1)) / 2**n if n else 1.0
    return {
        "only_first": b,
        "only_second": c,
        "odds_ratio": (b + 0.5) / (c + 0.5),
        "p_value": min(1.0, 2 * tail),
    }


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment of p-values, in the order given.

    References
    ----------
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scand. J. Statist. 6.
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [0.0] * len(p_values)
    running = 0.0
    for rank, i in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = running
    return adjusted


def compare(
    aligned: Mapping[str, pd.DataFrame], reference: str, resamples: int = 10 * RESAMPLES
) -> list[dict[str, object]]:
    """Each model against `reference` on the same sentences, p-values corrected after Holm.

    Parameters
    ----------
    aligned : mapping
        Model name → its aligned frame; all hold the same sentences in the same order.
    """
    rows: list[dict[str, object]] = []
    base = four_way(aligned[reference])
    for name, frame in aligned.items():
        if name != reference:
            task = four_way(frame)
            rows.append(
                {
                    "model": name,
                    "reference": reference,
                    "bootstrap": paired_difference(task, base, resamples=resamples),
                    "mcnemar": mcnemar(task, base),
                }
            )
    for test in ("bootstrap", "mcnemar"):
        values = [float(r[test]["p_value"]) for r in rows]  # type: ignore[index]
        for row, adjusted in zip(rows, holm(values), strict=True):
            row[test]["p_holm"] = adjusted  # type: ignore[index]
    return rows
