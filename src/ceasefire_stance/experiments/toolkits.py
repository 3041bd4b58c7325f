"""The comparison with other people's toolkits as a whole: run, keep, score, write."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.manifest import corpus_fingerprint, load_corpus
from ceasefire_stance.corpus.real_news import read_standoff
from ceasefire_stance.corpus.sentences import require_columns, single_stance
from ceasefire_stance.corpus.stances import PROBABILITY_COLUMNS
from ceasefire_stance.corpus.tables import read_table
from ceasefire_stance.evaluation.looks import add_looks
from ceasefire_stance.evaluation.pages import METRICS_FILE, PREDICTIONS_FILE, read_predictions
from ceasefire_stance.evaluation.tables import with_numbers
from ceasefire_stance.evaluation.toolkits import STORED, gold_sets, score_toolkits
from ceasefire_stance.evaluation.toolkits_page import write_toolkits_page
from ceasefire_stance.experiments.comparisons import (
    COLUMNS,
    TOOLKITS,
    decided,
    run_toolkit,
    stated_priors,
)
from ceasefire_stance.experiments.publishing import BASELINES, CURVE_RECIPE, LOOKS_FOLDER
from ceasefire_stance.experiments.running import Inputs, read_inputs, round_probabilities
from ceasefire_stance.experiments.settings import Experiments
from ceasefire_stance.experiments.toolkit import folder_size
from ceasefire_stance.learning.predicting import predict_with
from ceasefire_stance.learning.stopwatch import Stopwatch
from ceasefire_stance.learning.store import load_model, models_folder

OURS = (*BASELINES, CURVE_RECIPE)
SHIPPED = ("default", "fast")
SPEED_SENTENCES = 400
"""How many sentences our own speed is measured on."""
ELSEWHERE = {
    "minilm-finetuned": "all-MiniLM-L6-v2, all layers tuned, one softmax layer",
    "minilm-distilled": "all-MiniLM-L6-v2, all layers tuned to stances, holders and what the "
    "shipped network answers",
}
"""Rows whose predictions are made by another command and only added here, and what they are."""


@dataclass(frozen=True)
class Comparison:
    """What is published of the toolkits beside the scores, and what the scores are made from.

    Parameters
    ----------
    corpus : str
        Fingerprint of the corpus that is compared on, and trained on from now on.
    entries : dict
        Toolkit → description, versions, chosen settings, cost, and what it was trained on
        (`trained_on`: `corpus`, `sentences`, `prior`), which may be an earlier corpus.
    predictions : DataFrame
        Of all toolkits: `toolkit`, `seed`, `set`, `sentence_id`, `stance`, probabilities.
    our_cost : dict
        Recipe → cost, for the shipped ones.
    """

    corpus: str
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    predictions: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=COLUMNS))
    our_cost: dict[str, Any] = field(default_factory=dict)

    def added(self, name: str, entry: dict[str, Any], rows: pd.DataFrame) -> Comparison:
        """The same with one toolkit more, or with a new run of one that was there."""
        others = self.predictions[self.predictions["toolkit"] != name]
        parts = [part for part in (others, rows[COLUMNS]) if len(part)]
        return Comparison(
            self.corpus,
            {**self.entries, name: entry},
            pd.concat(parts, ignore_index=True),
            self.our_cost,
        )


def read_comparison(folder: Path, corpus: str) -> Comparison:
    """What is published in `folder`; nothing yet if there is no such folder."""
    if not (folder / METRICS_FILE).is_file():
        return Comparison(corpus)
    metrics = json.loads((folder / METRICS_FILE).read_text(encoding="utf-8"))
    known = ("description", "versions", "chosen", "tried", "cost", "trained_on")
    return Comparison(
        corpus,
        {n: {k: e[k] for k in known if k in e} for n, e in metrics["toolkits"].items()},
        read_predictions(folder),
        {n: e["cost"] for n, e in metrics["beside"].items() if "cost" in e},
    )


def compare_toolkits(
    names: Sequence[str],
    real_news: Path,
    experiments: Experiments,
    *,
    corpus: Path,
    reports: Path,
    out: Path,
    progress: Callable[[str], None] = lambda line: None,
) -> None:
    """Run toolkits, and write the comparison of these and of those published in `out` before.

    Every training that is scored on the real-news set is written down in its record of looks.

    Raises
    ------
    DataError
        If a name is unknown.
    ModelError
        If a library is not installed.
    """
    unknown = [name for name in names if name not in TOOLKITS]
    if unknown:
        raise DataError(
            f"{unknown[0]!r} is no toolkit; expected one of {', '.join(TOOLKITS)}. Choose of these."
        )
    inputs = read_inputs(corpus, real_news)
    done = read_comparison(out, inputs.fingerprint)
    done = Comparison(done.corpus, done.entries, done.predictions, our_cost(inputs))
    trained_on = training_of(load_corpus(corpus), inputs.fingerprint)
    for name in names:
        entry, rows = run_toolkit(TOOLKITS[name], inputs, experiments.prior, progress)
        done = done.added(name, entry | {"trained_on": trained_on}, rows)
        # After each of them, so that an interrupt loses one and not all.
        publish_comparison(done, experiments, corpus=corpus, reports=reports, out=out)


def predictions_from_elsewhere(name: str, paths: Iterable[Path]) -> pd.DataFrame:
    """Predictions of one more row, one file a seed.

    Parameters
    ----------
    paths : iterable of Path
        Tables with `set`, `sentence_id`, `stance` and the four probabilities, such as a recipe's
        ``predictions.csv``; sets that are not compared are left out. The stances are not kept: all
        rows answer by one rule, `comparisons.decided`.

    Raises
    ------
    DataError
        If a column or a set is missing.
    """
    frames = []
    for seed, path in enumerate(paths):
        rows = read_table(path)
        require_columns(rows, ["set", "sentence_id", "stance", *PROBABILITY_COLUMNS], str(path))
        missing = set(STORED) - set(rows["set"])
        if missing:
            raise DataError(
                f"{path}: no predictions of {min(missing)}; expected {', '.join(STORED)}. "
                "Predict all of them."
            )
        rows = with_numbers(rows[rows["set"].isin(STORED)]).assign(toolkit=name, seed=seed)
        frames.append(round_probabilities(rows[COLUMNS]))
    return pd.concat(frames, ignore_index=True)


def rescore(
    elsewhere: Mapping[str, Sequence[Path]],
    experiments: Experiments,
    *,
    corpus: Path,
    reports: Path,
    out: Path,
) -> None:
    """Write the comparison again from its predictions, with rows added; nothing is trained.

    Parameters
    ----------
    elsewhere : mapping
        Name of a row → its files, as for `predictions_from_elsewhere`.
    """
    done = read_comparison(out, corpus_fingerprint(corpus))
    trained_on = training_of(load_corpus(corpus), done.corpus)
    for name, paths in elsewhere.items():
        described = ELSEWHERE.get(name, "predictions made elsewhere")
        entry = {"description": described, "trained_on": trained_on}
        done = done.added(name, entry, predictions_from_elsewhere(name, paths))
    if not done.entries:
        raise DataError(
            f"{out}: no comparison is published there; expected one to score again. Train the "
            "toolkits first, or add predictions."
        )
    publish_comparison(done, experiments, corpus=corpus, reports=reports, out=out)


def training_of(sentences: pd.DataFrame, fingerprint: str) -> dict[str, Any]:
    """What a toolkit that is trained on these sentences was trained on, as its entry keeps it."""
    training = single_stance(sentences[sentences["split"] == "train"])
    mix = stated_priors(training, {})["training"]
    return {"corpus": fingerprint, "sentences": len(training), "prior": mix}


def score_comparison(
    done: Comparison, experiments: Experiments, corpus: Path, reports: Path
) -> dict[str, Any]:
    """The content of ``metrics.json``: everything that follows from published predictions."""
    sentences = load_corpus(corpus)
    training = single_stance(sentences[sentences["split"] == "train"])
    priors = stated_priors(training, experiments.prior)
    reference = experiments.default_model
    ours = [n for n in OURS if n != reference and (reports / n / PREDICTIONS_FILE).is_file()]
    beside = {name: read_predictions(reports / name) for name in [*ours, reference]}
    gold = gold_sets(sentences, read_standoff(corpus))
    own = {n: e["trained_on"]["prior"] for n, e in done.entries.items() if "trained_on" in e}
    scores = score_toolkits(gold, done.predictions, beside, reference, priors, own)
    for name, cost in done.our_cost.items():
        if name in beside:
            scores["beside"][name]["cost"] = cost
    metrics = {
        "corpus": done.corpus,
        "training_sentences": len(training),
        "reference": reference,
        "priors": priors,
        "toolkits": {n: done.entries[n] | s for n, s in sorted(scores["toolkits"].items())},
        "beside": scores["beside"],
    }
    # Through JSON and back, so that fresh results are of the same types as published ones.
    plain: dict[str, Any] = json.loads(json.dumps(metrics))
    return plain


def publish_comparison(
    done: Comparison, experiments: Experiments, *, corpus: Path, reports: Path, out: Path
) -> None:
    """Write the page and its files, and count the looks at real news."""
    done = replace(done, predictions=decided(done.predictions, experiments))
    metrics = score_comparison(done, experiments, corpus, reports)
    order = ["toolkit", "seed"]
    rows = done.predictions.sort_values(order, kind="stable", ignore_index=True)
    write_toolkits_page(out, metrics, rows)
    for name, entry in metrics["toolkits"].items():
        # Twice each: with the class mix moved, and left as it was.
        looks = [(f"toolkit {name}, seed {seed}", 2) for seed in entry["seeds"]]
        of = entry.get("trained_on", {}).get("corpus", done.corpus)
        add_looks(reports / LOOKS_FOLDER, of, looks)


def our_cost(inputs: Inputs) -> dict[str, Any]:
    """Speed and size of the shipped models that were trained on this corpus, by recipe."""
    costs: dict[str, Any] = {}
    rows = inputs.sets["test"].head(SPEED_SENTENCES)
    for folder in (models_folder() / name for name in SHIPPED):
        model = load_model(folder) if folder.is_dir() else None
        if model is None or model.info["corpus"] != inputs.fingerprint:
            continue
        with Stopwatch() as taken:
            predict_with(rows, model.pipeline)
        rate = len(rows) / max(taken.processor_seconds, 1e-9)
        costs[model.info["recipe"]["name"]] = {
            "train_s": None,
            "sentences_per_s": round(rate, 1),
            "size_bytes": folder_size(folder),
        }
    return costs
