"""Run one recipe through the whole chain: train, predict, score."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import precision_recall_curve

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.manifest import corpus_fingerprint, load_corpus
from ceasefire_stance.corpus.real_news import read_real_news, real_news_sets, share_found
from ceasefire_stance.corpus.sentences import single_stance
from ceasefire_stance.corpus.stances import PROBABILITY_COLUMNS, STANCES
from ceasefire_stance.evaluation.intervals import score_aligned
from ceasefire_stance.evaluation.metrics import align, count_metrics, four_way, reliability
from ceasefire_stance.evaluation.slices import contrast_consistency, score_slices
from ceasefire_stance.experiments.settings import Experiments
from ceasefire_stance.experiments.training import Trained, draw_articles, refit, train
from ceasefire_stance.learning.contributions import strongest_features
from ceasefire_stance.learning.predicting import predict_with
from ceasefire_stance.learning.recipes import Recipe

WRITTEN_SETS = ("validation", "test", "challenge", "contrast")
DECIMALS = 6


@dataclass(frozen=True)
class Inputs:
    """What every recipe is run on.

    Parameters
    ----------
    fingerprint : str
        Of the corpus.
    training : DataFrame
        Sentences that may be trained on.
    sets : dict
        Name → gold sentences to score on.
    """

    fingerprint: str
    training: pd.DataFrame
    sets: dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Run:
    """The results of one recipe.

    Parameters
    ----------
    metrics : dict
        The content of ``metrics.json``.
    predictions : DataFrame
        `set`, `sentence_id`, `stance` and the probabilities.
    """

    metrics: dict[str, Any]
    predictions: pd.DataFrame


def read_inputs(corpus: str | Path, real_news: str | Path | None = None) -> Inputs:
    """Read the corpus, and the real-news set if a path is given."""
    sentences = load_corpus(corpus)
    sets: dict[str, pd.DataFrame] = {}
    if real_news is not None:
        news = read_real_news(real_news)
        if share_found(news) < 1:
            raise DataError(
                f"{real_news}: a part of the set ({share_found(news):.1%}); expected all of it, so "
                "that figures can be compared. Score a part with ceasefire-stance evaluate."
            )
        sets.update(real_news_sets(news))
    for split in WRITTEN_SETS:
        rows = sentences[sentences["split"] == split].reset_index(drop=True)
        if len(rows):
            sets[split] = rows
    training = sentences[sentences["split"] == "train"].reset_index(drop=True)
    return Inputs(corpus_fingerprint(corpus), training, sets)


def run_recipe(recipe: Recipe, inputs: Inputs, experiments: Experiments) -> Run:
    """Train `recipe` and score it on every set of `inputs`."""
    trained = train(recipe, inputs.training, experiments.seed, experiments.folds)
    frames = {
        name: round_probabilities(predict_with(gold, trained.pipeline))
        for name, gold in inputs.sets.items()
    }
    return Run(
        metrics=_measure(recipe, trained, inputs, frames, experiments),
        predictions=pd.concat(
            [frame.assign(set=name) for name, frame in frames.items()], ignore_index=True
        )[["set", "sentence_id", "stance", *PROBABILITY_COLUMNS]],
    )


def round_probabilities(predictions: pd.DataFrame) -> pd.DataFrame:
    """Predictions as they are published: scores are made from these and can be remade."""
    return predictions.round(dict.fromkeys(PROBABILITY_COLUMNS, DECIMALS))


def _measure(
    recipe: Recipe,
    trained: Trained,
    inputs: Inputs,
    frames: Mapping[str, pd.DataFrame],
    experiments: Experiments,
) -> dict[str, Any]:
    conflicts = sorted(inputs.training["conflict"].unique())
    aligned = {name: align(gold, frames[name]) for name, gold in inputs.sets.items()}
    metrics = {
        "recipe": recipe.as_dict(),
        "corpus": inputs.fingerprint,
        "seed": experiments.seed,
        "training_sentences": len(single_stance(inputs.training)),
        "chosen": trained.chosen,
        "cross_validation": trained.cross_validation,
        "sets": {name: score_aligned(rows) for name, rows in aligned.items()},
        "slices": {
            name: score_slices(rows, conflicts if name == "test" else ())
            for name, rows in aligned.items()
            if name in ("test", "real_news_all")
        },
        "contrast": contrast_consistency(aligned["contrast"]) if "contrast" in aligned else {},
        "reliability": {n: _rounded(reliability(four_way(rows))) for n, rows in aligned.items()},
        "precision_recall": {
            n: _curves(rows) for n, rows in aligned.items() if n in ("test", "real_news_all")
        },
        "learning_curve": _learning_curve(recipe, trained, inputs, experiments),
        "strongest_features": strongest_features(trained.pipeline),
    }
    # Through JSON and back, so that fresh results are of the same types as published ones.
    plain: dict[str, Any] = json.loads(json.dumps(metrics))
    return plain


def _learning_curve(
    recipe: Recipe, trained: Trained, inputs: Inputs, experiments: Experiments
) -> list[dict[str, Any]]:
    if recipe.classifier in ("majority", "rules", "network"):
        return []
    rows = single_stance(inputs.training)
    points = []
    for share in experiments.learning_curve_shares:
        repeats = experiments.learning_curve_repeats if share < 1 else 1
        for repeat in range(repeats):
            part = draw_articles(rows, share, experiments.seed + repeat)
            if part["stance"].nunique() < len(STANCES):
                continue
            pipeline = (
                trained.pipeline if share == 1
                else refit(recipe, trained.chosen, part, experiments.seed)
            )  # fmt: skip
            point: dict[str, Any] = {
                "share": share,
                "repeat": repeat,
                "articles": int(part["article_id"].nunique()),
                "sentences": len(part),
            }
            for name in ("test", "real_news_all"):
                if name in inputs.sets:
                    gold = inputs.sets[name]
                    task = four_way(align(gold, predict_with(gold, pipeline)))
                    ones = np.ones((1, task.n_groups))
                    point[name] = round(float(count_metrics(task, ones)["macro_f1"][0]), DECIMALS)
            points.append(point)
    return points


def _curves(aligned: pd.DataFrame, points: int = 60) -> dict[str, dict[str, list[float]]]:
    """Precision at evenly spaced recalls, per stance, for drawing."""
    out = {}
    grid = np.linspace(0, 1, points)
    for stance in STANCES:
        positive = (aligned["stance"] == stance).to_numpy()
        if not positive.any():
            continue
        precision, recall, _ = precision_recall_curve(positive, aligned[f"p_{stance}"])
        values = np.interp(grid, recall[::-1], precision[::-1])
        out[stance] = {
            "recall": [round(float(v), 4) for v in grid],
            "precision": [round(float(v), 4) for v in values],
        }
    return out


def _rounded(rows: list[dict[str, float]]) -> list[dict[str, float]]:
    return [{k: round(v, DECIMALS) for k, v in row.items()} for row in rows]
