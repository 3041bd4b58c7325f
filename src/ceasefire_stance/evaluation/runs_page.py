"""Several runs of one tuning: one page, drawn from its ``metrics.json``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ceasefire_stance.corpus.atomic import write_text
from ceasefire_stance.evaluation.figures import LABELS, draw_comparison, save_figure
from ceasefire_stance.evaluation.pages import write_results
from ceasefire_stance.evaluation.tables import (
    difference,
    interval,
    markdown_table,
    p_value,
    spread,
)
from ceasefire_stance.evaluation.toolkits import SHOWN


def write_runs_page(folder: Path, metrics: Mapping[str, Any], predictions: pd.DataFrame) -> None:
    """Write ``metrics.json``, ``predictions.csv``, a figure and the page made from the metrics.

    Parameters
    ----------
    metrics : mapping
        ``corpus`` and ``beside_corpus``, what the runs and what ours were trained on; ``reference``
        and ``shipped``, names of ours; ``shipped_runs``, of how many runs the network of the latter
        is the mean; ``rows`` and ``beside`` as `score_toolkits` gives them for
        ``toolkits`` and ``beside``.
    predictions : DataFrame
        That the scores were made from.
    """
    write_results(folder, metrics, predictions)
    cells = {
        name: {s: entry["sets"][s]["four_way"] for s in ("real_news_all", "test")}
        for name, entry in (metrics["rows"] | metrics["beside"]).items()
    }
    save_figure(draw_comparison(cells, "Mean of several runs of a tuning"), folder / "comparison")
    write_text(folder / "README.md", _page(metrics))


def runs_table(metrics: Mapping[str, Any]) -> str:
    """The scores, mean over runs with intervals, as a markdown table."""
    rows = []
    named = {n: e | {"name": n} for n, e in metrics["rows"].items()}
    single = {n: e | {"name": f"{n} (beside)"} for n, e in metrics["beside"].items()}
    for entry in [*named.values(), *single.values()]:
        sets = entry["sets"]
        rows.append(
            [
                entry["name"],
                str(len(entry.get("seeds", [0]))),
                interval(sets["real_news_all"]["four_way"]),
                spread(sets["real_news_all"]["four_way"]),
                interval(sets["real_news_window"]["four_way"]),
                interval(sets["real_news_all"]["three_way"]),
                interval(sets["real_news_all"]["claim_f1"]),
                interval(sets["test"]["four_way"]),
                interval(sets["challenge"]["four_way"]),
            ]
        )
    head = ["network", "runs", "real news, 4-way", "lowest–highest", "windows, 4-way",
            "real news, 3-way", "real news, claim F1", "written test, 4-way",
            "written challenge, 4-way"]  # fmt: skip
    return markdown_table(head, rows)


def _shipped(metrics: Mapping[str, Any]) -> str:
    """What the shipped network is."""
    runs = metrics["shipped_runs"]
    told = "with the network of one run" if runs == 1 else f"with the mean of {runs} runs"
    if not runs:
        told = "without a network"
    later = f", on the later corpus `{metrics['beside_corpus']}`"
    return told + (later if metrics["corpus"] != metrics["beside_corpus"] else "")


def _page(metrics: Mapping[str, Any]) -> str:
    lines = [
        "# Runs of the network",
        "",
        "The network was tuned several times with the same settings on the same sentences; the "
        "seed decides the order of the sentences and what dropout leaves out. Each figure is the "
        "mean over the runs, in brackets its 95 % interval by a bootstrap over articles. "
        f"`{metrics['shipped']}` beside them is what is shipped, {_shipped(metrics)}. “Weights "
        "averaged” is one network whose weights are the mean of those of several runs. Trained on "
        f"corpus `{metrics['corpus']}`.",
        "",
        runs_table(metrics),
        "",
        "![Macro-F1 with intervals](comparison.svg)",
        "",
        "## Run by run",
        "",
        "4-way macro-F1: mean, lowest and highest run, standard deviation over runs.",
        "",
        _run_table(metrics),
        "",
        f"## Against `{metrics['reference']}`",
        "",
        "Difference in 4-way macro-F1, mean over runs, on the same sentences, by a paired "
        "bootstrap over articles; p after Holm.",
        "",
        _difference_table(metrics),
        "",
    ]
    return "\n".join(lines)


def _run_table(metrics: Mapping[str, Any]) -> str:
    rows = []
    for name, entry in metrics["rows"].items():
        for set_name in SHOWN:
            cell = entry["sets"][set_name]["four_way"]
            std = f"{cell['std']:.3f}" if "std" in cell else "–"
            rows.append([f"{name}: {LABELS[set_name]}", f"{cell['value']:.3f}", spread(cell), std])
    return markdown_table(["network: set", "mean", "lowest–highest", "std"], rows)


def _difference_table(metrics: Mapping[str, Any]) -> str:
    rows = []
    for name, entry in metrics["rows"].items():
        cells = [entry["difference"][s] for s in SHOWN]
        rows.append([name, *[f"{difference(c, 3)}, {p_value(c['p_holm'])}" for c in cells]])
    return markdown_table(["network", *[LABELS[s] for s in SHOWN]], rows)
