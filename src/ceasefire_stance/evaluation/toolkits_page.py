"""The comparison with other people's toolkits: one page, drawn from its ``metrics.json``."""

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


def write_toolkits_page(
    folder: Path, metrics: Mapping[str, Any], predictions: pd.DataFrame
) -> None:
    """Write ``metrics.json``, ``predictions.csv``, a figure and the page made from the metrics.

    Parameters
    ----------
    metrics : mapping
        What `score_toolkits` gives, and `corpus`, `training_sentences`, `reference`, `priors`; per
        toolkit also `description` and, where known, `versions`, `chosen`, `tried` and `cost`.
    predictions : DataFrame
        That the scores were made from.
    """
    write_results(folder, metrics, predictions)
    cells = {
        name: {s: entry["sets"][s]["four_way"] for s in ("real_news_all", "test")}
        for name, entry in _rows(metrics).items()
    }
    ax = draw_comparison(cells, "Toolkits of others beside ours")
    save_figure(ax, folder / "comparison")
    write_text(folder / "README.md", _page(metrics))


def toolkits_table(metrics: Mapping[str, Any]) -> str:
    """The comparison in short, as Markdown, the best on real news first, and what † means."""
    rows = []
    for name, entry in _rows(metrics).items():
        cell = entry.get("difference", {}).get("real_news_all")
        real, windows, test = (
            entry["sets"][s] for s in ("real_news_all", "real_news_window", "test")
        )
        rows.append(
            [
                name,
                interval(real["four_way"]),
                difference(cell) if cell else "–",
                interval(windows["four_way"]),
                interval(real["three_way"]),
                interval(real["claim_f1"]),
                interval(test["four_way"]),
                *_speed(entry.get("cost")),
            ]
        )
    head = ["trained on our sentences", "real news, 4-way", "minus ours", "windows, 4-way",
            "real news, 3-way", "real news, claim F1", "written test, 4-way",
            "sentences a second", "MB"]  # fmt: skip
    note = earlier_note(metrics)
    return markdown_table(head, rows) + (f"\n\n{note}" if note else "")


def _rows(metrics: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Ours and theirs by 4-way macro-F1 on real news; ours carries a mark."""
    marks = {metrics["reference"]: " (ours)"}
    rows = {n + marks.get(n, ""): e for n, e in metrics["beside"].items()}
    rows |= {n + earlier_mark(metrics, e): e for n, e in metrics["toolkits"].items()}
    order = sorted(rows, key=lambda n: -rows[n]["sets"]["real_news_all"]["four_way"]["value"])
    return {name: rows[name] for name in order}


def earlier_mark(metrics: Mapping[str, Any], entry: Mapping[str, Any]) -> str:
    """What marks a toolkit that was trained on an earlier corpus than ours; "" otherwise."""
    known = entry.get("trained_on")
    return " †" if known and known["corpus"] != metrics["corpus"] else ""


def earlier_note(metrics: Mapping[str, Any]) -> str:
    """What the mark means, as a sentence; "" where nothing carries it."""
    found = [e["trained_on"] for e in metrics["toolkits"].values() if earlier_mark(metrics, e)]
    kinds = {(one["corpus"], one["sentences"]) for one in found}
    named = " and ".join(f"`{corpus}` ({n} sentences)" for corpus, n in sorted(kinds))
    return f"† trained on an earlier corpus, {named}, and not yet again." if named else ""


def _page(metrics: Mapping[str, Any]) -> str:
    lines = [
        "# Toolkits of others",
        "",
        f"Each is trained on the same {metrics['training_sentences']} written sentences (corpus "
        f"`{metrics['corpus']}`) as `{metrics['reference']}`, the shipped recipe, but for those "
        "that the first table marks with †. Settings are "
        "chosen by log-loss on the written validation split, never by real news, and the "
        "probabilities are moved to one stated class mix for all sentences, where ours have one "
        "for each topic; rare stances are answered as much sooner as by ours. "
        "In brackets: 95 % intervals by a bootstrap over articles, of the mean over seeds where "
        "there are several.",
        "",
        toolkits_table(metrics),
        "",
        "![Macro-F1 with intervals](comparison.svg)",
        "",
        "## What to conclude",
        "",
        *conclusions(metrics),
        "",
        "## Seeds, and the class mix left as it was",
        "",
        "4-way macro-F1: mean over seeds, the lowest and the highest, and the mean if the "
        "probabilities had stayed under the class mix of the training sentences and the most "
        "probable stance were the answer.",
        "",
        _seed_table(metrics),
        "",
        f"## Against `{metrics['reference']}`",
        "",
        "Difference in 4-way macro-F1 on the same sentences (below zero: the toolkit is worse), by "
        "a paired bootstrap over articles; p after Holm.",
        "",
        _difference_table(metrics),
        "",
        "## Settings and cost",
        "",
        "Seconds are processor seconds on one thread, so that what else the machine did does not "
        "count; a pretrained encoder is part of the size. – where it was not measured.",
        "",
        _settings_table(metrics),
        "",
        f"Versions: {', '.join(_versions(metrics))}.",
        "",
    ]
    return "\n".join(lines)


def conclusions(metrics: Mapping[str, Any]) -> list[str]:
    """Sentences that say what the numbers show, made from the numbers."""
    theirs = metrics["toolkits"]
    lines = []
    for set_name in ("real_news_all", "real_news_window", "test"):
        best = max(theirs, key=lambda n: theirs[n]["sets"][set_name]["four_way"]["value"])
        ours = metrics["beside"][metrics["reference"]]["sets"][set_name]["four_way"]
        worse = [n for n in theirs if theirs[n]["difference"][set_name]["high"] < 0]
        better = [n for n in theirs if theirs[n]["difference"][set_name]["low"] > 0]
        lines.append(
            f"- {LABELS[set_name][0].upper()}{LABELS[set_name][1:]}: best of them **{best}**, "
            f"{interval(theirs[best]['sets'][set_name]['four_way'])}; ours {interval(ours)}. "
            f"Of {len(theirs)}, {len(worse)} are worse than ours and {len(better)} better, with "
            "the whole interval of the difference on one side of zero."
        )
    left = {n: theirs[n]["own_prior"]["real_news_all"] for n in theirs}
    best = max(left, key=lambda n: left[n])
    lines.append(
        "- With the class mix of the training sentences left as it was, and the most probable "
        f"stance as the answer, the best of them on real news would be **{best}**, "
        f"{left[best]:.2f}."
    )
    return lines


def _seed_table(metrics: Mapping[str, Any]) -> str:
    rows = []
    for name, entry in metrics["toolkits"].items():
        for set_name in SHOWN:
            cell = entry["sets"][set_name]["four_way"]
            rows.append(
                [
                    f"{name}: {LABELS[set_name]}",
                    str(len(entry["seeds"])),
                    f"{cell['value']:.3f}",
                    spread(cell),
                    f"{entry['own_prior'][set_name]:.3f}",
                ]
            )
    return markdown_table(
        ["toolkit: set", "seeds", "mean", "lowest–highest", "class mix left"], rows
    )


def _difference_table(metrics: Mapping[str, Any]) -> str:
    rows = []
    for name, entry in metrics["toolkits"].items():
        cells = [entry["difference"][s] for s in SHOWN]
        rows.append([name, *[f"{difference(c)}, {p_value(c['p_holm'])}" for c in cells]])
    return markdown_table(["toolkit", *[LABELS[s] for s in SHOWN]], rows)


def _settings_table(metrics: Mapping[str, Any]) -> str:
    rows = []
    for name, entry in metrics["toolkits"].items():
        chosen, cost = entry.get("chosen"), entry.get("cost")
        tried = entry.get("tried", [])
        losses = ", ".join(f"{t['log_loss']:.3f}" for t in tried)
        rows.append(
            [
                f"{name}: {entry['description']}",
                _chosen(chosen) if chosen else "–",
                losses or "–",
                f"{cost['train_s']:.1f}" if cost and cost["train_s"] is not None else "–",
                *_speed(cost),
            ]
        )
    head = ["toolkit", "chosen", "log-loss of what was tried", "seconds to train",
            "sentences a second", "MB"]  # fmt: skip
    return markdown_table(head, rows)


def _versions(metrics: Mapping[str, Any]) -> list[str]:
    found = {
        f"{k} {v}" for e in metrics["toolkits"].values() for k, v in e.get("versions", {}).items()
    }
    return sorted(found)


def _chosen(settings: Mapping[str, Any]) -> str:
    """Settings in one cell: a bar in one of them would otherwise end the cell."""
    return "; ".join(f"{k} {v}" for k, v in settings.items()).replace("|", "\\|")


def _speed(cost: Mapping[str, Any] | None) -> list[str]:
    """Sentences a second and size, or dashes."""
    if not cost:
        return ["–", "–"]
    return [f"{cost['sentences_per_s']:.0f}", f"{cost['size_bytes'] / 1e6:.1f}"]
