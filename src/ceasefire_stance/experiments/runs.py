"""What a network's scores owe to the seed: several runs of the same tuning, side by side."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.manifest import corpus_fingerprint, load_corpus
from ceasefire_stance.corpus.real_news import read_standoff
from ceasefire_stance.corpus.sentences import single_stance
from ceasefire_stance.evaluation.looks import add_looks
from ceasefire_stance.evaluation.pages import METRICS_FILE, read_predictions
from ceasefire_stance.evaluation.runs_page import write_runs_page
from ceasefire_stance.evaluation.toolkits import STORED, gold_sets, score_toolkits
from ceasefire_stance.experiments.comparisons import COLUMNS, decided, stated_priors
from ceasefire_stance.experiments.publishing import CURVE_RECIPE, LOOKS_FOLDER
from ceasefire_stance.experiments.running import Inputs, read_inputs, round_probabilities
from ceasefire_stance.experiments.settings import Experiments
from ceasefire_stance.experiments.training import refit
from ceasefire_stance.learning.predicting import predict_with
from ceasefire_stance.learning.recipes import network_folder
from ceasefire_stance.learning.tuned_folder import tuned_information

AVERAGED = ", weights averaged"
"""Ends the name of a row whose network is the mean of the weights of several runs."""


def predict_runs(
    runs: Sequence[Path],
    averaged: Sequence[Path],
    inputs: Inputs,
    experiments: Experiments,
    progress: Callable[[str], None] = lambda line: None,
) -> pd.DataFrame:
    """Let every network answer, alone and as the recipes average it.

    Parameters
    ----------
    runs : sequence of path
        Folders of networks that were tuned alike from different seeds.
    averaged : sequence of path
        Folders of networks that are the mean of several runs.

    Returns
    -------
    DataFrame
        The columns `COLUMNS`; `toolkit` is the recipe's name, with `AVERAGED` for the latter kind,
        and `seed` the place in the sequence.
    """
    rows = single_stance(inputs.training)
    recipes = [r for r in experiments.recipes.values() if r.classifier == "network"]
    frames = []
    for mark, folders in (("", runs), (AVERAGED, averaged)):
        for number, folder in enumerate(folders):
            for recipe in recipes:
                progress(f"{recipe.name}{mark}, {number + 1} of {len(folders)}")
                # Their grids have one value each: there is nothing to choose.
                chosen = {name: values[0] for name, values in recipe.grid.items()}
                one = replace(recipe, network=str(folder))
                pipeline = refit(one, chosen, rows, experiments.seed)
                for name in STORED:
                    told = predict_with(inputs.sets[name], pipeline)
                    frames.append(
                        told.assign(toolkit=recipe.name + mark, seed=number, set=name)[COLUMNS]
                    )
    return round_probabilities(pd.concat(frames, ignore_index=True))


def score_runs(
    predictions: pd.DataFrame,
    experiments: Experiments,
    corpus: Path,
    reports: Path,
    trained_on: Mapping[str, Any] | None = None,
    networks: Sequence[str] = (),
) -> dict[str, Any]:
    """Everything that the page shows: it follows from the published predictions.

    `trained_on` says what the runs were trained on (``corpus``, its fingerprint, and ``prior``, its
    class mix), by which ``recipes`` they answered, and what the ``networks`` call themselves, so
    that none is scored twice: what was measured before says all of it. What it does not say is that
    of `corpus`, of `experiments` and `networks`.
    """
    sentences = load_corpus(corpus)
    ours = (CURVE_RECIPE, experiments.default_model)
    beside = {name: read_predictions(reports / name) for name in ours}
    training = single_stance(sentences[sentences["split"] == "train"])
    priors = stated_priors(training, experiments.prior)
    gold = gold_sets(sentences, read_standoff(corpus))
    of = dict(trained_on or {"corpus": corpus_fingerprint(corpus), "prior": priors["training"]})
    own = dict.fromkeys(predictions["toolkit"].unique(), of["prior"])
    scores = score_toolkits(gold, predictions, beside, CURVE_RECIPE, priors, own)
    metrics = {
        "corpus": of["corpus"],
        "prior": of["prior"],
        "beside_corpus": corpus_fingerprint(corpus),
        "reference": CURVE_RECIPE,
        "shipped": experiments.default_model,
        "shipped_runs": _shipped_runs(experiments),
        "networks": list((trained_on or {}).get("networks", networks)),
        "recipes": (trained_on or {}).get("recipes", _answered_by(experiments)),
        # Their answers are under the priors of topics, and no single mix is left as it was.
        "rows": {
            name: {k: v for k, v in entry.items() if k != "own_prior"}
            for name, entry in scores["toolkits"].items()
        },
        "beside": scores["beside"],
    }
    plain: dict[str, Any] = json.loads(json.dumps(metrics))
    return plain


def _answered_by(experiments: Experiments) -> dict[str, dict[str, object]]:
    """What the answers of runs depend on besides their networks."""
    told = {n: r.as_dict() for n, r in experiments.recipes.items() if r.classifier == "network"}
    names = ("network", "description", "name")
    return {n: {k: v for k, v in of.items() if k not in names} for n, of in told.items()}


def _shipped_runs(experiments: Experiments) -> int:
    """Of how many runs the network of the shipped model is the mean; 0 if it has none."""
    folder = network_folder(experiments.recipe(experiments.default_model))
    return len(tuned_information(folder)["runs"]) if folder else 0


def compare_runs(
    runs: Sequence[Path],
    averaged: Sequence[Path],
    real_news: Path,
    experiments: Experiments,
    *,
    corpus: Path,
    reports: Path,
    out: Path,
    add: bool = False,
    progress: Callable[[str], None] = lambda line: None,
) -> Mapping[str, Any]:
    """Predict with several runs, write the page, and count the looks at real news.

    Parameters
    ----------
    runs, averaged, real_news, experiments
        As for `predict_runs`; `real_news` is the file with the texts.
    corpus, reports, out : path
        The corpus, the published reports that the runs are set beside, and the folder of the page.
    add : bool, default=False
        Whether the runs that the page has are kept, and these added: a run takes an hour to tune.

    Raises
    ------
    DataError
        If there are fewer than two runs, one is there twice, or those of the page to add to are of
        another corpus or answered by other recipes.
    ModelError
        If a folder holds no tuned network.
    """
    kept, known = _published(out, corpus, experiments) if add else (None, [])
    networks = [*known, *(run for folder in runs for run in tuned_information(folder)["runs"])]
    if len(set(networks)) < len(networks):
        raise DataError(
            f"{', '.join(map(str, runs))}: a run is there twice; expected each once. Leave it out."
        )
    if len(runs) < 2 and kept is None:
        raise DataError(
            f"{len(runs)} run; expected two or more folders, to see what a seed makes. Tune again "
            "with another --seed."
        )
    if not runs and not averaged:
        raise DataError("No folder is given; expected one to add to the page. Name it.")
    inputs = read_inputs(corpus, real_news)
    fresh = predict_runs(runs, averaged, inputs, experiments, progress)
    if kept is not None:
        # Their numbers go on from those that the page has.
        seen = kept.groupby("toolkit")["seed"].max() + 1
        fresh["seed"] += fresh["toolkit"].map(seen).fillna(0).astype(int)
    new = fresh[["toolkit", "seed"]].drop_duplicates()
    predictions = decided(pd.concat([kept, fresh], ignore_index=True), experiments)
    metrics = score_runs(predictions, experiments, corpus, reports, networks=networks)
    write_runs_page(out, metrics, predictions)
    looks = [(f"{name}, seed {seed}", 1) for name, seed in new.itertuples(index=False)]
    add_looks(reports / LOOKS_FOLDER, metrics["corpus"], looks)
    return metrics


def _published(out: Path, corpus: Path, experiments: Experiments) -> tuple[pd.DataFrame, list[str]]:
    """The predictions of the page in `out`, to add to, and which runs they are of."""
    if not (out / METRICS_FILE).is_file():
        raise DataError(
            f"{out}: no page of runs is there; expected one to add to. Leave --add out."
        )
    metrics = json.loads((out / METRICS_FILE).read_text(encoding="utf-8"))
    of = metrics["corpus"]
    if of != corpus_fingerprint(corpus):
        raise DataError(
            f"{out}: its runs are of the corpus {of}; expected {corpus_fingerprint(corpus)}. Score "
            "new runs without --add."
        )
    if metrics.get("recipes") != _answered_by(experiments):
        raise DataError(
            f"{out}: its runs answered by other settings of the recipes; expected those of "
            "experiments.toml. Score all runs anew without --add."
        )
    return read_predictions(out), metrics["networks"]


def rescore_runs(
    experiments: Experiments, *, corpus: Path, reports: Path, out: Path
) -> Mapping[str, Any]:
    """Write the page again from its own predictions: no network is run.

    The shipped one has to be there: it is asked of how many runs it is the mean.
    """
    rows = decided(read_predictions(out), experiments)
    earlier = json.loads((out / METRICS_FILE).read_text(encoding="utf-8"))
    metrics = score_runs(rows, experiments, corpus, reports, earlier)
    write_runs_page(out, metrics, rows)
    return metrics
