"""Scores for parts of a set: where a model is good and where it is not."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from ceasefire_stance.corpus.statistics import names_ceasefire, word_counts
from ceasefire_stance.evaluation.intervals import (
    RESAMPLES,
    article_weights,
    percentile_interval,
    score_task,
)
from ceasefire_stance.evaluation.metrics import detection, four_way

SMALLEST = 30
"""Parts with fewer sentences are left out: their scores would say nothing."""
_QUOTE = r'["“”]|``|\'\''


def slice_columns(
    aligned: pd.DataFrame, training_conflicts: Collection[str] = ()
) -> dict[str, pd.Series]:
    """The part that each sentence belongs to, per way of cutting."""
    words = word_counts(aligned["text"])
    named = names_ceasefire(aligned["text"])
    out: dict[str, pd.Series] = {
        "length": pd.cut(
            words, [0, 12, 20, 30, 10_000], labels=["≤ 12 words", "13–20", "21–30", "> 30"]
        ).astype(str),
        "names a ceasefire": pd.Series(np.where(named, "yes", "no"), index=aligned.index),
        "direct speech": pd.Series(
            np.where(aligned["text"].str.contains(_QUOTE, regex=True), "yes", "no"),
            index=aligned.index,
        ),
    }
    if training_conflicts and "conflict" in aligned:
        out["conflict"] = pd.Series(
            np.where(aligned["conflict"].isin(list(training_conflicts)), "seen", "unseen"),
            index=aligned.index,
        )
    if "writer" in aligned:
        out["writer"] = aligned["writer"].astype(str)
    return out


def contrast_consistency(
    aligned: pd.DataFrame, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, object]:
    """How many contrast groups a model gets wholly right.

    Parameters
    ----------
    aligned : DataFrame
        Gold and predictions as from `align`; the part of `article_id` before its last full stop
        is the group.

    Returns
    -------
    dict
        `n_groups`; `all_right`, the share of groups of which every sentence is right, with a 95 %
        interval by a bootstrap over groups; `mean_right`, the mean share of right sentences.

    References
    ----------
    Gardner, M., et al. (2020). Evaluating models' local decision boundaries via contrast sets.
    """
    right = aligned["stance"] == aligned["predicted"]
    groups = right.groupby(aligned["article_id"].str.rpartition(".")[0], sort=True)
    whole = groups.all().to_numpy(dtype=float)
    weights = article_weights(len(whole), resamples, seed)
    return {
        "n_groups": len(whole),
        "all_right": percentile_interval(weights @ whole / weights.sum(axis=1)),
        "mean_right": round(float(groups.mean().mean()), 6),
    }


def score_slices(
    aligned: pd.DataFrame, training_conflicts: Collection[str] = (), resamples: int = 200
) -> dict[str, dict[str, dict[str, object]]]:
    """Macro-F1 over four classes and claim F1 for each part of each cut.

    Returns
    -------
    dict
        cut → part → ``n_sentences``, ``macro_f1`` and ``claim_f1`` with intervals. A part that
        lacks a class has a lower macro-F1 for that reason alone.
    """
    out: dict[str, dict[str, dict[str, object]]] = {}
    for cut, parts in slice_columns(aligned, training_conflicts).items():
        scores: dict[str, dict[str, object]] = {}
        for part in sorted(parts.unique()):
            rows = aligned[parts == part].reset_index(drop=True)
            if len(rows) < SMALLEST:
                continue
            claims = score_task(detection(rows), resamples)["per_class"]
            assert isinstance(claims, dict)
            scores[part] = {
                "n_sentences": len(rows),
                "macro_f1": score_task(four_way(rows), resamples)["macro_f1"],
                "claim_f1": claims["claim"]["f1"],
            }
        out[cut] = scores
    return out
