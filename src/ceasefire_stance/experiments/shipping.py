"""Train a recipe and write it as a model folder with its card."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pandas as pd

from ceasefire_stance.corpus.sentences import single_stance
from ceasefire_stance.experiments.settings import Experiments
from ceasefire_stance.experiments.training import train
from ceasefire_stance.experiments.weak_spots import weak_spot_answers
from ceasefire_stance.learning.cards import model_card
from ceasefire_stance.learning.doubt import fit_rule
from ceasefire_stance.learning.predicting import predict_with
from ceasefire_stance.learning.recipes import Recipe, network_folder
from ceasefire_stance.learning.stopwatch import Stopwatch
from ceasefire_stance.learning.store import Model, check_target, save_model
from ceasefire_stance.learning.tuned_folder import tuned_information


def train_to_folder(
    recipe: Recipe,
    sentences: pd.DataFrame,
    folder: str | Path,
    *,
    experiments: Experiments,
    fingerprint: str,
    published: dict[str, Any] | None = None,
    seed: int | None = None,
    held_back: pd.DataFrame | None = None,
) -> Model:
    """Train `recipe` on `sentences` and save it in `folder`.

    Parameters
    ----------
    fingerprint : str
        Of the data trained on.
    published : dict, optional
        The recipe's committed metrics, for the headline scores of the card. They are used only
        if they were made from the same data and seed.
    held_back : DataFrame, optional
        Labelled sentences that are not trained on, to choose the rule by which the model abstains;
        without them it never does.
    """
    check_target(folder)
    used_seed = experiments.seed if seed is None else seed
    with Stopwatch() as training:
        trained = train(recipe, sentences, used_seed, experiments.folds)
    scores = published or {}
    same = scores.get("corpus") == fingerprint and scores.get("seed") == used_seed
    info = {
        "recipe": recipe.as_dict(),
        "seed": used_seed,
        "chosen": trained.chosen,
        "cross_validation": trained.cross_validation,
        "corpus": fingerprint,
        "scores": headline_scores(scores) if same else {},
    }
    network = network_folder(recipe)
    if network is not None:
        info["network"] = tuned_information(network)
    if held_back is not None and len(held_back):
        rows = single_stance(held_back)
        with Stopwatch() as reading:
            predictions = predict_with(rows, trained.pipeline)
        info["doubt"] = fit_rule(predictions, rows["stance"].tolist()).as_dict()
        info["cost"] = {
            "cores": os.cpu_count() or 1,
            "training": training.as_dict(),
            "reading": {"sentences": len(rows), **reading.as_dict()},
        }
    info["weak_spots"] = weak_spot_answers(trained.pipeline)
    model = Model(trained.pipeline, info)
    save_model(model, folder, model_card(info, model.classes))
    return model


def headline_scores(metrics: dict[str, Any]) -> dict[str, Any]:
    """Set → task → macro-F1 and calibration error with intervals, sentences, F1 per class."""
    out: dict[str, Any] = {}
    for name, scores in metrics.get("sets", {}).items():
        out[name] = {
            task: {
                "n_sentences": scores[task]["n_sentences"],
                "macro_f1": scores[task]["macro_f1"],
                "f1": {c: v["f1"] for c, v in scores[task]["per_class"].items()},
                **({"ece": scores[task]["ece"]} if "ece" in scores[task] else {}),
            }
            for task in ("four_way", "three_way", "detection")
            if task in scores
        }
    return out
