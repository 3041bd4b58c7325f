"""Write reports, and the tables that are made from them elsewhere."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from ceasefire_stance.corpus.atomic import write_text
from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.manifest import load_corpus, read_claims
from ceasefire_stance.corpus.real_news import STANDOFF, read_standoff
from ceasefire_stance.corpus.sentences import single_stance
from ceasefire_stance.corpus.statistics import corpus_statistics
from ceasefire_stance.corpus.tables import read_table
from ceasefire_stance.evaluation.agreement import annotator_agreement
from ceasefire_stance.evaluation.corpus_page import (
    CURVE_FILE,
    statistics_table,
    write_corpus_page,
)
from ceasefire_stance.evaluation.doubt_page import DOUBT_FILE, doubt_table, write_doubt_page
from ceasefire_stance.evaluation.explanations_page import (
    EXPLANATIONS_FILE,
    explanations_table,
    write_explanations_page,
)
from ceasefire_stance.evaluation.front_page import leaderboard, write_front
from ceasefire_stance.evaluation.intervals import compare
from ceasefire_stance.evaluation.leaderboard import (
    annotator_entries,
    score_entries,
    write_leaderboard,
)
from ceasefire_stance.evaluation.looks import add_looks, count_looks, read_looks
from ceasefire_stance.evaluation.metrics import align
from ceasefire_stance.evaluation.pages import (
    METRICS_FILE,
    PREDICTIONS_FILE,
    read_metrics,
    read_predictions,
    write_recipe,
)
from ceasefire_stance.evaluation.reading_page import (
    READING_FILE,
    reading_table,
    write_reading_page,
)
from ceasefire_stance.evaluation.tables import replace_between_markers
from ceasefire_stance.evaluation.toolkits_page import toolkits_table
from ceasefire_stance.experiments.articles import measure_reading, real_news_claims
from ceasefire_stance.experiments.corpus_curve import corpus_curve
from ceasefire_stance.experiments.doubt import measure_doubt
from ceasefire_stance.experiments.explanations import WRITTEN, measure_explanations
from ceasefire_stance.experiments.running import Inputs, Run, read_inputs
from ceasefire_stance.experiments.settings import Experiments
from ceasefire_stance.experiments.training import refit
from ceasefire_stance.learning.store import Model

AGREEMENT_FILE = "agreement.json"
REFERENCE = "keyword-rules"
BASELINES = ("majority", REFERENCE)
CURVE_RECIPE = "cues-tfidf-logreg"
READING_FOLDER = "articles"
DOUBT_FOLDER = "doubt"
EXPLANATIONS_FOLDER = "explanations"
SLOW_CLAIMS = 12
"""Claims of a set whose explanations are measured if the model is a network: minutes, not hours."""
LOOKS_FOLDER = "real-news"


def read_agreement(real_news: Path) -> dict[str, Any]:
    """The agreement of the two annotators on the doubly labelled part of the real-news set."""
    claims = read_table(real_news)
    if not {"first", "second"} <= set(claims.columns):
        return {}
    both = claims.dropna(subset=["first", "second"]).drop_duplicates("sentence_id")
    result: dict[str, Any] = json.loads(
        json.dumps(annotator_agreement(both.reset_index(drop=True), "first", "second"))
    )
    return result


def publish(
    runs: dict[str, Run],
    reports: Path,
    experiments: Experiments,
    real_news: Path | None,
    corpus: Path,
) -> None:
    """Write the pages of `runs` and the front page over all recipes in `reports`.

    Raises
    ------
    DataError
        If real-news figures are published already and `real_news` is not given: they would be
        lost.
    """
    committed = read_metrics(reports, list(experiments.recipes))
    if real_news is None and any("real_news_all" in m["sets"] for m in committed.values()):
        raise DataError(
            f"{reports}: the published reports hold real-news figures, and no real-news file is "
            "given; expected one, so that they are not lost. Add --real-news FILE."
        )
    fresh = {**committed, **{name: run.metrics for name, run in runs.items()}}
    beside = {n: fresh[n]["sets"] for n in BASELINES if n in fresh}
    if (corpus / STANDOFF).is_file():
        labels = read_standoff(corpus)
        beside |= score_entries(labels, annotator_entries(labels))
    for name, run in runs.items():
        write_recipe(reports / name, run.metrics, run.predictions, beside)
    inputs = read_inputs(corpus, real_news)
    if real_news is not None:
        _refresh_curve(reports / "corpus" / CURVE_FILE, experiments, fresh, inputs)
    write_corpus_page(reports / "corpus", load_corpus(corpus), read_claims(corpus))
    if real_news is not None:
        text = json.dumps(read_agreement(real_news), indent=1) + "\n"
        write_text(reports / AGREEMENT_FILE, text)
    if real_news is not None:
        _count_looks(reports, runs)
    if (corpus / STANDOFF).is_file():
        write_leaderboard(reports, read_standoff(corpus), list(experiments.recipes))
    reading = fresh_reading(reports, experiments, inputs, corpus, real_news)
    if reading is not None:
        write_reading_page(reports / READING_FOLDER, reading)
    doubt = fresh_doubt(reports, experiments, inputs)
    if doubt is not None:
        write_doubt_page(reports / DOUBT_FOLDER, doubt)
    explanations = fresh_explanations(reports, experiments, inputs)
    if explanations is not None:
        write_explanations_page(reports / EXPLANATIONS_FOLDER, explanations)
    write_front(
        reports,
        read_metrics(reports, list(experiments.recipes)),
        front_context(reports, experiments, inputs),
    )


def _count_looks(reports: Path, runs: dict[str, Run]) -> None:
    """Write down every configuration that these runs scored on the real-news set."""
    for name, run in runs.items():
        # The last point of a learning curve is the recipe itself.
        configurations = max(1, len(run.metrics["learning_curve"]))
        add_looks(reports / LOOKS_FOLDER, run.metrics["corpus"], [(name, configurations)])
    path = reports / "corpus" / CURVE_FILE
    if path.is_file():
        curve = json.loads(path.read_text(encoding="utf-8"))
        fits = curve["resamples"] * (len(curve["batches"]) + len(curve["without_writer"]))
        add_looks(reports / LOOKS_FOLDER, curve["corpus"], [("curve of the corpus", fits)])


def fresh_reading(
    reports: Path, experiments: Experiments, inputs: Inputs, corpus: Path, real_news: Path | None
) -> dict[str, Any] | None:
    """The figures on holders and actors made anew from the published predictions."""
    name = experiments.default_model
    metrics = read_metrics(reports, [name]).get(name)
    if metrics is None:
        return None
    claims = {"corpus": read_claims(corpus)}
    if real_news is not None:
        claims["real_news"] = real_news_claims(real_news)
    published = reports / READING_FOLDER / READING_FILE
    return measure_reading(
        inputs,
        claims,
        read_predictions(reports / name),
        experiments.recipe(name),
        metrics["chosen"],
        experiments.seed,
        json.loads(published.read_text(encoding="utf-8")) if published.is_file() else None,
    )


def fresh_doubt(reports: Path, experiments: Experiments, inputs: Inputs) -> dict[str, Any] | None:
    """When the shipped recipe abstains, made anew from its published predictions."""
    folder = reports / experiments.default_model
    if not (folder / PREDICTIONS_FILE).is_file() or "validation" not in inputs.sets:
        return None
    return measure_doubt(inputs, read_predictions(folder), experiments.default_model)


def fresh_explanations(
    reports: Path, experiments: Experiments, inputs: Inputs
) -> dict[str, Any] | None:
    """What explanations of the shipped recipe are worth, measured on it fitted anew."""
    name = experiments.default_model
    recipe = experiments.recipe(name)
    metrics = read_metrics(reports, [name]).get(name)
    path = reports / name / PREDICTIONS_FILE
    if metrics is None or not path.is_file() or WRITTEN not in inputs.sets:
        return None
    rows = single_stance(inputs.training)
    pipeline = refit(recipe, metrics["chosen"], rows, experiments.seed)
    most = SLOW_CLAIMS if recipe.classifier == "network" else None
    return measure_explanations(
        Model(pipeline, {}), inputs, name, read_table(path), most=most, seed=experiments.seed
    )


def _refresh_curve(
    path: Path,
    experiments: Experiments,
    metrics: dict[str, dict[str, Any]],
    inputs: Inputs,
) -> None:
    """Score growing parts of the corpus, unless that was done for this very corpus and recipe."""
    if not experiments.corpus_batches or CURVE_RECIPE not in metrics:
        return
    done = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    # Under one class mix for all sentences: what a topic's share of claims is in a part of the
    # corpus depends on who wrote it, and is no question of size.
    recipe = replace(experiments.recipe(CURVE_RECIPE), topic_prior=None)
    if (done.get("corpus"), done.get("settings")) == (inputs.fingerprint, recipe.as_dict()):
        return
    curve = corpus_curve(inputs, experiments, recipe, metrics[CURVE_RECIPE]["chosen"])
    write_text(path, json.dumps(curve, indent=1) + "\n")


def front_context(reports: Path, experiments: Experiments, inputs: Inputs) -> dict[str, Any]:
    """What the front page shows beside the recipes' own metrics."""
    agreement = reports / AGREEMENT_FILE
    set_name = "real_news_all" if "real_news_all" in inputs.sets else "test"
    gold = inputs.sets[set_name]
    aligned = {}
    for name in experiments.recipes:
        if (reports / name / PREDICTIONS_FILE).is_file():
            predictions = read_predictions(reports / name)
            part = predictions[predictions["set"] == set_name]
            aligned[name] = align(gold, part)
    comparison = compare(aligned, REFERENCE) if REFERENCE in aligned else []
    return {
        "agreement": json.loads(agreement.read_text("utf-8")) if agreement.is_file() else None,
        "comparison": [_rounded(r) for r in comparison],
        "comparison_set": {"real_news_all": "real news, all"}.get(set_name, "written test split"),
        "default_model": experiments.default_model,
        "looks": count_looks(read_looks(reports / LOOKS_FOLDER)),
    }


def refresh_readme(readme: Path, reports: Path, experiments: Experiments) -> str:
    """The README's text with its generated table made anew from ``reports/``."""
    metrics = read_metrics(reports, list(experiments.recipes))
    table = leaderboard(metrics).replace("{reports}", "reports/")
    text = replace_between_markers(readme.read_text(encoding="utf-8"), "leaderboard", table)
    for path, marker, table_of in (
        (reports / READING_FOLDER / READING_FILE, "reading", reading_table),
        (reports / DOUBT_FOLDER / DOUBT_FILE, "doubt", doubt_table),
        (reports / EXPLANATIONS_FOLDER / EXPLANATIONS_FILE, "explanations", explanations_table),
        (reports / "toolkits" / METRICS_FILE, "toolkits", toolkits_table),
    ):
        if path.is_file() and f"<!-- {marker} -->" in text:
            table = table_of(json.loads(path.read_text(encoding="utf-8")))
            text = replace_between_markers(text, marker, table)
    return text


def refresh_data_card(card: Path, corpus: Path) -> str:
    """The data card's text with its table of counts made anew from the corpus."""
    table = statistics_table(corpus_statistics(load_corpus(corpus)))
    return replace_between_markers(card.read_text(encoding="utf-8"), "statistics", table)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    return round(value, 6) if isinstance(value, float) else value
