"""Toolkits of others and our own recipes on the same sentences: predictions in, scores out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ceasefire_stance.corpus.real_news import real_news_sets
from ceasefire_stance.corpus.sentences import sentences_from_claims
from ceasefire_stance.corpus.stances import PROBABILITY_COLUMNS, STANCES
from ceasefire_stance.evaluation.intervals import (
    RESAMPLES,
    article_weights,
    difference_cell,
    holm,
    percentile_interval,
)
from ceasefire_stance.evaluation.metrics import (
    Task,
    align,
    count_metrics,
    detection,
    four_way,
    three_way,
)

WRITTEN = ("test", "challenge")
STORED = ("real_news_all", *WRITTEN)
"""The sets whose predictions are published; the windows are a part of ``real_news_all``."""
SHOWN = ("real_news_all", "real_news_window", *WRITTEN)
"""The sets of `gold_sets` in the order in which pages show them."""
SCORES: Mapping[str, tuple[Callable[[pd.DataFrame], Task], str]] = {
    "four_way": (four_way, "macro_f1"),
    "three_way": (three_way, "macro_f1"),
    "claim_f1": (detection, "claim/f1"),
}
"""What is scored: macro-F1 over the stances, over the positions on claims, and F1 of claims."""


def gold_sets(sentences: pd.DataFrame, labels: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The sets that are scored; no text of the real articles is needed.

    Parameters
    ----------
    sentences : DataFrame
        The corpus.
    labels : DataFrame
        Stand-off labels of the real-news set, one row per claim.
    """
    sets = real_news_sets(sentences_from_claims(labels))
    for name in WRITTEN:
        sets[name] = sentences[sentences["split"] == name].reset_index(drop=True)
    return sets


def score_toolkits(
    gold: Mapping[str, pd.DataFrame],
    predictions: pd.DataFrame,
    beside: Mapping[str, pd.DataFrame],
    reference: str,
    priors: Mapping[str, Mapping[str, float]],
    own_priors: Mapping[str, Mapping[str, float]] | None = None,
) -> dict[str, dict[str, Any]]:
    """Every figure of the comparison that follows from predictions.

    Parameters
    ----------
    gold : mapping
        From `gold_sets`.
    predictions : DataFrame
        `set` (of `STORED`), `sentence_id`, `stance`, the probabilities under the stated prior,
        `toolkit`, `seed`.
    beside : mapping
        Our recipes: name → predictions of the same form, without toolkit and seed.
    reference : str
        The one of `beside` that every toolkit is set against.
    priors : mapping
        ``training`` and ``stated``: stance → share.
    own_priors : mapping, optional
        Toolkit → the class mix of what it was trained on, where that is not ``training``.

    Returns
    -------
    dict
        ``toolkits``: name → `seeds`; `sets`: set → each of `SCORES` as mean over seeds with a
        95 % interval by a bootstrap over articles (and `lowest`, `highest`, `std` over seeds if
        there are several); `own_prior`: set → 4-way macro-F1 if the class mix of the training
        sentences had been left as it was and the most probable stance answered; `difference`:
        set → toolkit − reference in 4-way macro-F1, on the same resamples, p-values corrected
        after Holm over the toolkits.
        ``beside``: name → `sets`.
    """
    toolkits: dict[str, dict[str, Any]] = {}
    for name, rows in predictions.groupby("toolkit", sort=False):
        by_seed = {int(str(seed)): part for seed, part in rows.groupby("seed", sort=True)}
        parts = list(by_seed.values())
        mix = (own_priors or {}).get(str(name), priors["training"])
        own = [move_prior(part, priors["stated"], mix) for part in parts]
        toolkits[str(name)] = {
            "seeds": list(by_seed),
            "sets": {s: _score_set(_aligned(g, s, parts)) for s, g in gold.items()},
            "own_prior": {s: _point(_aligned(g, s, own)) for s, g in gold.items()},
            "difference": {
                s: _difference(_aligned(g, s, parts), _aligned(g, s, [beside[reference]]))
                for s, g in gold.items()
            },
        }
    for set_name in gold:
        cells = [entry["difference"][set_name] for entry in toolkits.values()]
        for cell, adjusted in zip(cells, holm([c["p_value"] for c in cells]), strict=True):
            cell["p_holm"] = round(adjusted, 6)
    ours = {
        name: {"sets": {s: _score_set(_aligned(g, s, [rows])) for s, g in gold.items()}}
        for name, rows in beside.items()
    }
    return {"toolkits": toolkits, "beside": ours}


def move_prior(
    predictions: pd.DataFrame, old: Mapping[str, float], new: Mapping[str, float]
) -> pd.DataFrame:
    """Predictions given under the class mix `old`, as they are under `new`, by Bayes' rule."""
    ratio = np.array([new[s] / old[s] for s in STANCES])
    values = predictions[list(PROBABILITY_COLUMNS)].to_numpy(dtype=float) * ratio
    values = values / values.sum(axis=1, keepdims=True)
    out = predictions.copy()
    out[list(PROBABILITY_COLUMNS)] = values
    out["stance"] = np.array(STANCES, dtype=object)[values.argmax(axis=1)]
    return out


def _aligned(gold: pd.DataFrame, set_name: str, parts: list[pd.DataFrame]) -> list[pd.DataFrame]:
    """Gold beside the predictions of every seed."""
    stored = "real_news_all" if set_name == "real_news_window" else set_name
    return [align(gold, part[part["set"] == stored]) for part in parts]


def _values(aligned: list[pd.DataFrame], score: str, resamples: int) -> np.ndarray:
    """A score per seed for the sample and each resample of articles: (seeds, resamples + 1)."""
    make, metric = SCORES[score]
    tasks = [make(rows) for rows in aligned]
    weights = article_weights(tasks[0].n_groups, resamples)
    return np.stack([count_metrics(task, weights)[metric] for task in tasks])


def _score_set(aligned: list[pd.DataFrame]) -> dict[str, Any]:
    out: dict[str, Any] = {
        "n_sentences": len(aligned[0]),
        "n_articles": int(aligned[0]["article_id"].nunique()),
    }
    for score in SCORES:
        values = _values(aligned, score, RESAMPLES)
        out[score] = percentile_interval(values.mean(axis=0))
        if len(values) > 1:
            own = values[:, 0]
            out[score] |= {
                "lowest": round(float(own.min()), 6),
                "highest": round(float(own.max()), 6),
                "std": round(float(own.std(ddof=1)), 6),
            }
    return out


def _point(aligned: list[pd.DataFrame]) -> float:
    """4-way macro-F1 of the sample, mean over seeds."""
    ones = [count_metrics(task, np.ones((1, task.n_groups))) for task in map(four_way, aligned)]
    return round(float(np.mean([values["macro_f1"][0] for values in ones])), 6)


def _difference(theirs: list[pd.DataFrame], ours: list[pd.DataFrame]) -> dict[str, float]:
    """Mean over seeds minus ours, as `paired_difference` does it for two single models."""
    resamples = 10 * RESAMPLES
    d = _values(theirs, "four_way", resamples).mean(axis=0)
    cells = difference_cell(d - _values(ours, "four_way", resamples)[0])
    return {name: round(value, 6) for name, value in cells.items()}
