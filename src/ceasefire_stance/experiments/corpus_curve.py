"""How scores grew with the corpus, batch by batch, and what each writer adds to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from ceasefire_stance.corpus.sentences import single_stance
from ceasefire_stance.evaluation.metrics import align, count_metrics, four_way
from ceasefire_stance.experiments.running import DECIMALS, Inputs
from ceasefire_stance.experiments.settings import Experiments
from ceasefire_stance.experiments.training import refit
from ceasefire_stance.learning.predicting import predict_with
from ceasefire_stance.learning.recipes import Recipe

SETS = ("real_news_all", "real_news_window", "test")


def corpus_curve(
    inputs: Inputs,
    experiments: Experiments,
    recipe: Recipe,
    chosen: dict[str, Any],
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Scores of one recipe on growing parts of the training split, and without each writer.

    Parameters
    ----------
    inputs : Inputs
        Training sentences with `writer`, and the sets to score on.
    experiments : Experiments
        `corpus_batches` (writers in the order in which their text was added) and
        `corpus_resamples`.
    recipe : Recipe
        What is trained.
    chosen : dict
        Its hyper-parameters, the same for every part.

    Returns
    -------
    dict
        `recipe`, its `settings`, `corpus`, `resamples`; ``batches`` and ``without_writer``: rows
        with the writers, the number of training sentences and claims, and for each set the macro-F1
        as `mean`, `low` and `high` over training sets resampled by article (with replacement).
    """
    rows = single_stance(inputs.training)
    everyone = [w for batch in experiments.corpus_batches for w in batch]
    parts: list[tuple[str, list[str]]] = []
    for i, batch in enumerate(experiments.corpus_batches):
        so_far = [w for b in experiments.corpus_batches[: i + 1] for w in b]
        parts.append(("+ " + " ".join(batch) if i else " ".join(batch), so_far))
    n_batches = len(parts)
    parts += [(f"without {w}", [x for x in everyone if x != w]) for w in everyone]
    jobs = [
        (number, seed)
        for number in range(len(parts))
        for seed in range(experiments.corpus_resamples)
    ]
    results = Parallel(n_jobs=2, return_as="generator")(
        delayed(_score)(recipe, chosen, _writers(rows, parts[n][1]), inputs, seed)
        for n, seed in jobs
    )
    scores: dict[int, list[dict[str, float]]] = {}
    for (number, seed), one in zip(jobs, results, strict=True):
        scores.setdefault(number, []).append(one)
        if seed == experiments.corpus_resamples - 1:
            progress(f"corpus curve: {parts[number][0]}")
    table = [
        _row(name, writers, _writers(rows, writers), scores[number])
        for number, (name, writers) in enumerate(parts)
    ]
    return {
        "recipe": recipe.name,
        "settings": recipe.as_dict(),
        "corpus": inputs.fingerprint,
        "resamples": experiments.corpus_resamples,
        "batches": table[:n_batches],
        "without_writer": table[n_batches:],
    }


def _writers(rows: pd.DataFrame, writers: Sequence[str]) -> pd.DataFrame:
    return rows[rows["writer"].isin(list(writers))].reset_index(drop=True)


def _score(
    recipe: Recipe, chosen: dict[str, Any], rows: pd.DataFrame, inputs: Inputs, seed: int
) -> dict[str, float]:
    pipeline = refit(recipe, chosen, _resampled(rows, seed), seed)
    out = {}
    for name in SETS:
        if name in inputs.sets:
            task = four_way(align(inputs.sets[name], predict_with(inputs.sets[name], pipeline)))
            out[name] = float(count_metrics(task, np.ones((1, task.n_groups)))["macro_f1"][0])
    return out


def _resampled(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The sentences of as many articles, drawn with replacement."""
    articles = rows.groupby("article_id", sort=True).indices
    names = list(articles)
    drawn = np.random.default_rng(seed).integers(0, len(names), len(names))
    return rows.iloc[np.concatenate([articles[names[i]] for i in drawn])].reset_index(drop=True)


def _row(
    name: str, writers: Sequence[str], rows: pd.DataFrame, scores: Sequence[dict[str, float]]
) -> dict[str, Any]:
    return {
        "name": name,
        "writers": list(writers),
        "sentences": len(rows),
        "claims": int((rows["stance"] != "none").sum()),
        **{
            key: {
                "mean": round(float(np.mean([s[key] for s in scores])), DECIMALS),
                "low": round(float(np.min([s[key] for s in scores])), DECIMALS),
                "high": round(float(np.max([s[key] for s in scores])), DECIMALS),
            }
            for key in scores[0]
        },
    }
