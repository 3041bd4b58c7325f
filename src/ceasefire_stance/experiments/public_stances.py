"""Our recipes on public stance data, to see that the pipeline is sound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import Pipeline

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.evaluation.public_page import score_public, write_public_page
from ceasefire_stance.experiments.settings import Experiments
from ceasefire_stance.learning.recipes import Recipe, make_pipeline, parameter_grid

TARGETS = ("abortion", "atheism", "climate", "feminist", "hillary")
CLASSES = ("none", "against", "favor")
"""In the order of the benchmark's numbers 0, 1, 2."""


def read_tweets(folder: Path, target: str, part: str) -> pd.DataFrame:
    """The tweets of one target and part: columns `text`, `context` (empty), `stance`.

    Parameters
    ----------
    folder : path
        The folder ``datasets/stance`` of a TweetEval checkout.
    part : str
        ``train``, ``val`` or ``test``.

    Raises
    ------
    DataError
        If a file is missing, or the two files do not belong together.
    """
    files = [folder / target / f"{part}_{kind}.txt" for kind in ("text", "labels")]
    for file in files:
        if not file.is_file():
            raise DataError(
                f"{file}: no such file; expected the folder datasets/stance of a checkout of "
                "TweetEval. Check the path."
            )
    texts, labels = (f.read_text(encoding="utf-8").rstrip("\n").split("\n") for f in files)
    if len(texts) != len(labels) or not set(labels) <= {"0", "1", "2"}:
        raise DataError(
            f"{files[1]}: {len(labels)} labels for {len(texts)} tweets; expected one of 0, 1, 2 "
            "for each. Fetch the files again."
        )
    stances = [CLASSES[int(label)] for label in labels]
    return pd.DataFrame({"text": texts, "context": "", "stance": stances})


def public_recipes(experiments: Experiments) -> list[Recipe]:
    """Those that learn from words and characters alone, under the mix of their training tweets."""
    return [
        replace(recipe, prior=None, topic_prior=None)
        for recipe in experiments.recipes.values()
        if recipe.features and set(recipe.features) <= {"words", "chars"} and not recipe.context
        and not recipe.network
    ]  # fmt: skip


def compare_public(
    folder: Path,
    experiments: Experiments,
    out: Path,
    progress: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Train and score every recipe of words on every target, and write the page.

    Raises
    ------
    DataError
        If the folder does not hold the benchmark, or there is no such recipe.
    """
    recipes = public_recipes(experiments)
    if not recipes:
        raise DataError(
            "no recipe learns from the words of a sentence alone; expected one with features of "
            "words or chars, and no context. Add it to the experiments.toml."
        )
    frames = []
    for recipe in recipes:
        for target in TARGETS:
            train, validation, test = (read_tweets(folder, target, p) for p in _PARTS)
            model = _chosen(recipe, train, validation, experiments.seed)
            given = model.predict(test[["text", "context"]])
            frames.append(
                pd.DataFrame(
                    {
                        "recipe": recipe.name,
                        "target": target,
                        "number": np.arange(len(test)),
                        "gold": test["stance"],
                        "stance": given,
                    }
                )
            )
        progress(recipe.name)
    predictions = pd.concat(frames, ignore_index=True)
    metrics = {"recipes": score_public(predictions, experiments.seed)}
    write_public_page(out, metrics, predictions)
    return metrics


_PARTS = ("train", "val", "test")


def _chosen(recipe: Recipe, train: pd.DataFrame, validation: pd.DataFrame, seed: int) -> Pipeline:
    """The recipe fitted on `train` with the hyper-parameters that `validation` likes best."""
    best: tuple[float, Pipeline] | None = None
    for settings in ParameterGrid(parameter_grid(recipe)):
        model = make_pipeline(recipe, seed).set_params(**settings)
        model.fit(train[["text", "context"]], train["stance"].to_numpy(dtype=object))
        values = model.predict_proba(validation[["text", "context"]])
        loss = float(log_loss(validation["stance"], values, labels=list(model.classes_)))
        if best is None or loss < best[0]:
            best = (loss, model)
    assert best is not None, "a grid without settings has one: the recipe as it is"
    return best[1]
