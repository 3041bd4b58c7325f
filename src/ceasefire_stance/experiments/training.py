"""Train a recipe: choose its hyper-parameters by grouped cross-validation, then fit."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import Pipeline

from ceasefire_stance.corpus.sentences import require_trainable, single_stance
from ceasefire_stance.learning.recipes import Recipe, make_pipeline, parameter_grid


@dataclass(frozen=True)
class Trained:
    """A fitted recipe.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted on all training sentences.
    chosen : dict
        Hyper-parameter → chosen value.
    cross_validation : dict
        `macro_f1` (mean over folds), its `std`, and `log_loss` of the chosen setting, and what the
        folds were `grouped_by`, ``writer`` or ``article``; empty if there was nothing to choose.
    """

    pipeline: Pipeline
    chosen: dict[str, Any]
    cross_validation: dict[str, float | str]


def train(recipe: Recipe, sentences: pd.DataFrame, seed: int = 0, folds: int = 5) -> Trained:
    """Fit `recipe` on `sentences`.

    Parameters
    ----------
    sentences : DataFrame
        Sentences frame with `stance`. Sentences with several stances are left out. Nothing but
        these rows is looked at.
    seed : int
        Of folds and estimators.
    folds : int
        Cross-validation folds; neither articles nor, where there are so many of them, writers are
        divided between folds (see `fold_groups`).

    Raises
    ------
    DataError
        If there is one class only, or there are fewer articles than folds.
    """
    rows = single_stance(sentences)
    grid = parameter_grid(recipe)
    choices = any(len(values) > 1 for values in grid.values())
    require_trainable(rows, "the training sentences", folds if choices else 2)
    X, y = rows[["text", "context"]], rows["stance"].astype(str).to_numpy(dtype=object)
    pipeline = make_pipeline(recipe, seed)
    if not choices:
        only = {name: values[0] for name, values in grid.items()}
        pipeline.set_params(**only)
        chosen = {name.rsplit("__", 1)[-1]: value for name, value in only.items()}
        return Trained(pipeline.fit(X, y), chosen, {})
    # The features of a fold are the same for every C: they are computed once and kept on disk.
    # It is chosen under the mix of the training sentences, which is also that of the folds.
    stated = {"topic_prior": recipe.topic_prior} if recipe.topic_prior else {}
    with tempfile.TemporaryDirectory() as cache:
        pipeline.set_params(memory=cache, **dict.fromkeys(stated))
        search = GridSearchCV(
            pipeline,
            grid,
            cv=StratifiedGroupKFold(folds, shuffle=True, random_state=seed),
            # Log-loss chooses: it is proper and less noisy than F1 on a few hundred claims.
            scoring=_fold_scores,
            refit="log_likelihood",
        )
        grouped_by, groups = fold_groups(rows, folds)
        search.fit(X, y, groups=groups)
        best = search.best_estimator_
        best.set_params(memory=None, **stated)
    row = search.best_index_
    return Trained(
        pipeline=best,
        chosen={k.rsplit("__", 1)[-1]: v for k, v in search.best_params_.items()},
        cross_validation={
            "macro_f1": round(float(search.cv_results_["mean_test_macro_f1"][row]), 6),
            "std": round(float(search.cv_results_["std_test_macro_f1"][row]), 6),
            "log_loss": round(-float(search.cv_results_["mean_test_log_likelihood"][row]), 6),
            "grouped_by": grouped_by,
        },
    )


def fold_groups(rows: pd.DataFrame, folds: int) -> tuple[str, pd.Series[str]]:
    """What the folds of a cross-validation keep together: its name, and a group for each row.

    Writers, where the column `writer` names at least `folds` of them and leaves no row empty: a
    model that knows a writer's habits is surer of her other articles than of anybody else's. Else
    articles.
    """
    if "writer" in rows and rows["writer"].ne("").all() and rows["writer"].nunique() >= folds:
        return "writer", rows["writer"]
    return "article", rows["article_id"]


def _fold_scores(pipeline: Pipeline, X: pd.DataFrame, y: np.ndarray) -> dict[str, float]:
    """Mean log-likelihood and macro-F1 on one fold; a class not trained on counts as impossible."""
    probabilities = pipeline.predict_proba(X)
    column = {c: i for i, c in enumerate(pipeline.classes_)}
    own = [row[column[c]] if c in column else 0.0 for row, c in zip(probabilities, y, strict=True)]
    predicted = pipeline.classes_[probabilities.argmax(axis=1)]
    return {
        "log_likelihood": float(np.log(np.clip(own, np.finfo(float).eps, 1)).mean()),
        "macro_f1": float(f1_score(y, predicted, average="macro", zero_division=0)),
    }


def refit(recipe: Recipe, chosen: dict[str, Any], rows: pd.DataFrame, seed: int) -> Pipeline:
    """Fit `recipe` with hyper-parameters already chosen, for learning curves."""
    pipeline = make_pipeline(recipe, seed)
    full = {k: v[0] for k, v in parameter_grid(recipe).items()}
    pipeline.set_params(**{k: chosen[k.rsplit("__", 1)[-1]] for k in full})
    return pipeline.fit(rows[["text", "context"]], rows["stance"].astype(str).to_numpy(object))


def draw_articles(rows: pd.DataFrame, share: float, seed: int) -> pd.DataFrame:
    """The sentences of a random `share` of the articles."""
    articles = np.sort(rows["article_id"].unique())
    rng = np.random.default_rng(seed)
    kept = rng.permutation(articles)[: max(2, round(share * len(articles)))]
    return rows[rows["article_id"].isin(kept)].reset_index(drop=True)
