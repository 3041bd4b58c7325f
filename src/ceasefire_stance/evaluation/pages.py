"""One recipe's report: everything is drawn from its ``metrics.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ceasefire_stance.corpus.atomic import write_text
from ceasefire_stance.corpus.stances import decision_in_words, prior_in_words
from ceasefire_stance.corpus.tables import read_table, render_table
from ceasefire_stance.evaluation import figures
from ceasefire_stance.evaluation.tables import interval, markdown_table, with_numbers

METRICS_FILE = "metrics.json"
PREDICTIONS_FILE = "predictions.csv"
HEADLINE_SETS = ("real_news_all", "real_news_window", "test")


def write_recipe(
    folder: Path,
    metrics: Mapping[str, Any],
    predictions: pd.DataFrame,
    beside: Mapping[str, Mapping[str, Any]],
) -> None:
    """Write one recipe's ``metrics.json``, ``predictions.csv``, figures and page.

    Parameters
    ----------
    beside : mapping
        Name → sets of scores of the same form as ``metrics["sets"]``: what the page shows the
        recipe beside (baselines, the annotators).
    """
    write_results(folder, metrics, predictions)
    names = _recipe_figures(folder, metrics)
    write_text(folder / "README.md", _recipe_page(metrics, names, beside))


def write_results(folder: Path, metrics: Mapping[str, Any], predictions: pd.DataFrame) -> None:
    """Write what a page is made from: ``metrics.json`` and ``predictions.csv``."""
    write_text(folder / METRICS_FILE, json.dumps(metrics, indent=1, ensure_ascii=False) + "\n")
    write_text(folder / PREDICTIONS_FILE, render_table(predictions, ".csv"))


def read_predictions(folder: Path) -> pd.DataFrame:
    """The ``predictions.csv`` of a folder, with probabilities and seeds as numbers."""
    rows = with_numbers(read_table(folder / PREDICTIONS_FILE))
    return rows.astype({"seed": int}) if "seed" in rows else rows


def read_metrics(reports: Path, order: Sequence[str]) -> dict[str, dict[str, Any]]:
    """All recipes' metrics in `reports`, in the order given."""
    found = {}
    for name in order:
        path = reports / name / METRICS_FILE
        if path.is_file():
            found[name] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _recipe_figures(folder: Path, metrics: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Draw the figures of one recipe; (file stem, what it shows)."""
    sets = [s for s in HEADLINE_SETS if s in metrics["sets"]]
    main = sets[0]
    made = []
    save_confusion(folder / "confusion", metrics, main)
    made.append(("confusion", f"Confusion matrix, {figures.LABELS[main]}"))
    ax = figures.draw_class_f1(
        {s: metrics["sets"][s]["four_way"]["per_class"] for s in sets}, "F1 per stance"
    )
    figures.save_figure(ax, folder / "class-f1")
    made.append(("class-f1", "F1 per stance with 95 % intervals"))
    ax = figures.draw_precision_recall(
        metrics["precision_recall"].get(main, metrics["precision_recall"]["test"]),
        f"Precision and recall, {figures.LABELS[main]}",
    )
    figures.save_figure(ax, folder / "precision-recall")
    made.append(("precision-recall", "Precision and recall per stance"))
    shown = {s: metrics["reliability"][s] for s in sets}
    figures.save_figure(
        figures.draw_reliability(shown, "Reliability of probabilities"), folder / "reliability"
    )
    made.append(("reliability", "Reliability: stated probability against share right"))
    slices = metrics["slices"].get(main) or metrics["slices"]["test"]
    figures.save_figure(
        figures.draw_slices(slices, f"Parts of {figures.LABELS[main]}"), folder / "slices"
    )
    made.append(("slices", "Macro-F1 for parts of the set"))
    figures.save_figure(
        figures.draw_slices(metrics["slices"]["test"], f"Parts of {figures.LABELS['test']}"),
        folder / "slices-test",
    )
    made.append(("slices-test", "Macro-F1 for parts of the written test split"))
    if metrics["learning_curve"]:
        ax = figures.draw_learning_curve(metrics["learning_curve"], "Learning curve")
        figures.save_figure(ax, folder / "learning-curve")
        made.append(("learning-curve", "Macro-F1 against training articles"))
    if metrics["strongest_features"]:
        ax = figures.draw_features(
            metrics["strongest_features"], "Features that speak most for each stance"
        )
        figures.save_figure(ax, folder / "features")
        made.append(("features", "Strongest features per stance"))
    return made


def save_confusion(stem: Path, metrics: Mapping[str, Any], set_name: str) -> None:
    """Draw the four-way confusion matrix of one set to ``stem.svg`` and ``stem.png``."""
    scores = metrics["sets"][set_name]["four_way"]
    ax = figures.draw_confusion(
        scores["confusion"], scores["classes"], f"Confusion, {figures.LABELS[set_name]}"
    )
    figures.save_figure(ax, stem)


def _recipe_page(
    metrics: Mapping[str, Any],
    shown: Sequence[tuple[str, str]],
    beside: Mapping[str, Mapping[str, Any]],
) -> str:
    recipe = metrics["recipe"]
    lines = [
        f"# {recipe['name']}",
        "",
        f"{recipe['description'][0].upper()}{recipe['description'][1:]}.",
        "",
        f"Trained on {metrics['training_sentences']} written sentences (corpus "
        f"`{metrics['corpus']}`). {_settings(metrics)}. Class prior: "
        f"{prior_in_words(recipe['prior'], recipe.get('topic_prior'))}. "
        + decision_in_words(recipe.get("logit_adjustment", 0)),
        "",
        "## Scores",
        "",
        "Macro-F1 is the mean over the classes of the task (4-way: accepts, conditional, none, "
        "rejects; 3-way: the three positions, over sentences that carry a claim). In brackets: "
        "95 % intervals by a bootstrap over articles.",
        "",
        _score_table(metrics["sets"]),
        "",
        "Beside it, on the same sentences:",
        "",
        _score_table(
            {
                f"{name}: {figures.LABELS.get(key, key)}": scores
                for name, sets in beside.items()
                for key, scores in sets.items()
                if key in HEADLINE_SETS
            }
        ),
        "",
        "## Per stance",
        "",
        _class_table(metrics),
        "",
        "## Figures",
        "",
    ]
    for stem, caption in shown:
        lines += [f"### {caption}", "", f"![{caption}]({stem}.svg)", ""]
    return "\n".join(lines)


def _settings(metrics: Mapping[str, Any]) -> str:
    if not metrics["chosen"]:
        return "There was nothing to choose"
    chosen = ", ".join(f"{k} = {v:g}" for k, v in metrics["chosen"].items())
    cv = metrics["cross_validation"]
    if not cv:
        return f"Set in the recipe: {chosen}"
    score = f"macro-F1 {cv['macro_f1']:.3f} ± {cv['std']:.3f} over folds"
    return (
        f"Chosen by cross-validation grouped by {cv['grouped_by']}: {chosen} ({score}, under the "
        "class mix of the training sentences)"
    )


def _score_table(sets: Mapping[str, Any]) -> str:
    rows = []
    for name, scores in sets.items():
        four, detect = scores["four_way"], scores["detection"]
        three = scores.get("three_way")
        rows.append(
            [
                figures.LABELS.get(name, name),
                str(four["n_sentences"]),
                interval(four["macro_f1"]),
                interval(four["positions_macro_f1"]),
                interval(three["macro_f1"]) if three else "–",
                interval(detect["per_class"]["claim"]["f1"]),
                interval(four["accuracy"]),
                *[
                    f"{four[k]['value']:.{digits}f}" if k in four else "–"
                    for k, digits in (("pr_auc", 2), ("log_loss", 3), ("brier", 3), ("ece", 3))
                ],
            ]
        )
    head = ["set", "sentences", "4-way macro-F1", "mean F1 of positions", "3-way macro-F1",
            "claim F1", "accuracy", "PR-AUC", "log-loss", "Brier", "ECE"]  # fmt: skip
    return markdown_table(head, rows)


def _class_table(metrics: Mapping[str, Any]) -> str:
    rows = []
    for name, scores in metrics["sets"].items():
        for stance, cells in scores["four_way"]["per_class"].items():
            rows.append(
                [
                    f"{figures.LABELS.get(name, name)}: {stance}",
                    str(cells["support"]),
                    *[interval(cells[k]) for k in ("precision", "recall", "f1", "pr_auc")],
                ]
            )
    return markdown_table(["set: stance", "support", "precision", "recall", "F1", "PR-AUC"], rows)
