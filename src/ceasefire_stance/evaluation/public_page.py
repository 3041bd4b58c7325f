"""The report on public stance data: our pipelines on a task whose scores others have published.

References
----------
Barbieri, F., Camacho-Collados, J., Espinosa Anke, L., Neves, L. (2020). TweetEval: unified
benchmark and comparative evaluation for tweet classification. Findings of EMNLP 2020, 1644-1650.
Mohammad, S., Kiritchenko, S., Sobhani, P., Zhu, X., Cherry, C. (2016). SemEval-2016 task 6:
detecting stance in tweets. SemEval-2016, 31-41.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ceasefire_stance.corpus.atomic import write_text
from ceasefire_stance.corpus.tables import render_table
from ceasefire_stance.evaluation.intervals import RESAMPLES, percentile_interval
from ceasefire_stance.evaluation.tables import interval, markdown_table

OPINIONS = ("against", "favor")
"""The classes whose F1 is averaged: in SemEval-2016 the third class, none, does not count."""
PUBLISHED = {"SVM on n-grams": 0.673, "fastText": 0.654}
"""Scores of the benchmark's own baselines of our kind (its table of results, column stance)."""


def opinion_f1(gold: np.ndarray, predicted: np.ndarray) -> float:
    """The mean F1 of `OPINIONS`, all targets pooled, as the benchmark's script computes it.

    Parameters
    ----------
    gold, predicted : ndarray of shape (n,)
        Names of classes.

    Returns
    -------
    float
        In [0, 1]; a class that neither has nor gets a tweet counts 0.
    """
    scores = []
    for name in OPINIONS:
        hits = np.sum((gold == name) & (predicted == name))
        both = np.sum(gold == name) + np.sum(predicted == name)
        scores.append(2 * hits / both if both else 0.0)
    return float(np.mean(scores))


def score_public(predictions: pd.DataFrame, seed: int = 0) -> dict[str, Any]:
    """Score each recipe, with intervals by a bootstrap over tweets.

    Parameters
    ----------
    predictions : DataFrame
        `recipe`, `target`, `number`, `gold`, `stance`.
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict
        Recipe → ``opinion_f1`` (`value`, `low`, `high`), ``targets`` (target → value), ``n``.
    """
    out: dict[str, Any] = {}
    for recipe, rows in predictions.groupby("recipe", sort=False):
        gold, given = (rows[c].to_numpy(dtype=object) for c in ("gold", "stance"))
        draws = np.random.default_rng(seed).integers(0, len(rows), (RESAMPLES, len(rows)))
        resampled = [opinion_f1(gold[drawn], given[drawn]) for drawn in draws]
        out[str(recipe)] = {
            "n": len(rows),
            "opinion_f1": percentile_interval(np.array([opinion_f1(gold, given), *resampled])),
            "targets": {
                str(target): round(
                    opinion_f1(part["gold"].to_numpy(), part["stance"].to_numpy()), 6
                )
                for target, part in rows.groupby("target")
            },
        }
    return out


def write_public_page(folder: Path, metrics: Mapping[str, Any], predictions: pd.DataFrame) -> None:
    """Write ``metrics.json``, ``predictions.csv`` (labels only) and the page made from them."""
    write_text(folder / "metrics.json", json.dumps(metrics, indent=1) + "\n")
    write_text(folder / "predictions.csv", render_table(predictions, ".csv"))
    best = max(metrics["recipes"], key=lambda r: metrics["recipes"][r]["opinion_f1"]["value"])
    cell = metrics["recipes"][best]["opinion_f1"]
    lines = [
        "# Public stance data",
        "",
        "The same pipelines, trained and scored on a public benchmark for which others have "
        "published scores: the stance task of TweetEval (Barbieri et al., 2020), which is "
        "SemEval-2016 task 6 (Mohammad et al., 2016), tweets for or against five targets. It says "
        "nothing of ceasefires; it shows whether training, choice of hyper-parameters and scoring "
        "are sound. Each target is trained on its own training tweets, its validation tweets "
        "choose the hyper-parameters by log-loss. The score is the benchmark's: the mean F1 of "
        "favor and against over the test tweets of all targets. In brackets: 95 % intervals by a "
        "bootstrap over tweets. The cues, which are about ceasefires, are left out.",
        "",
        public_table(metrics),
        "",
        f"What to conclude: the best of them is `{best}` with {interval(cell)}; the benchmark's "
        f"own SVM on n-grams has {PUBLISHED['SVM on n-grams']:.2f}, "
        + (
            "within that interval."
            if cell["low"] <= PUBLISHED["SVM on n-grams"] <= cell["high"]
            else "outside that interval."
        ),
        "",
        "The tweets are not here. With a checkout of github.com/cardiffnlp/tweeteval:",
        "",
        "```sh",
        "ceasefire-stance compare-public tweeteval/datasets/stance",
        "```",
        "",
    ]
    write_text(folder / "README.md", "\n".join(lines))


def public_table(metrics: Mapping[str, Any]) -> str:
    """Recipes, and the published baselines, as Markdown; best first."""
    rows = [
        (found["opinion_f1"]["value"], [name, interval(found["opinion_f1"]), *_targets(found)])
        for name, found in metrics["recipes"].items()
    ]
    targets = sorted(next(iter(metrics["recipes"].values()))["targets"])
    rows += [
        (value, [f"{name}, as published", f"{value:.2f}", *["–"] * len(targets)])
        for name, value in PUBLISHED.items()
    ]
    ordered = [row for _, row in sorted(rows, key=lambda pair: -pair[0])]
    return markdown_table(["recipe", "favor and against, F1", *targets], ordered)


def _targets(found: Mapping[str, Any]) -> list[str]:
    return [f"{found['targets'][t]:.2f}" for t in sorted(found["targets"])]
