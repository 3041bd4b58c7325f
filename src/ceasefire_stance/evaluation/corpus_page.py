"""What a corpus holds, as a page with figures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ceasefire_stance.corpus.atomic import write_text
from ceasefire_stance.corpus.statistics import corpus_statistics, word_counts
from ceasefire_stance.evaluation import figures
from ceasefire_stance.evaluation.agreement import agreement_by, corpus_agreement
from ceasefire_stance.evaluation.tables import interval, markdown_table

CURVE_FILE = "curve.json"


def write_corpus_page(folder: Path, sentences: pd.DataFrame, claims: pd.DataFrame) -> None:
    """Write what a corpus holds: ``statistics.json``, figures, and a page made from them.

    The curve of scores against the size of the corpus is shown if ``curve.json`` is in `folder`.
    """
    numbers = corpus_statistics(sentences)
    numbers["agreement"] = corpus_agreement(claims)
    numbers["agreement_by"] = {c: agreement_by(claims, c) for c in ("split", "writer", "style")}
    write_text(folder / "statistics.json", json.dumps(numbers, indent=1, ensure_ascii=False) + "\n")
    mix = {name: block["stances"] for name, block in numbers["splits"].items()}
    figures.save_figure(figures.draw_class_mix(mix, "Stances per split"), folder / "class-mix")
    words = word_counts(sentences["text"])
    lengths = {
        str(name): words[rows.index].tolist()
        for name, rows in sentences.groupby("split", sort=False)
    }
    ax = figures.draw_lengths(lengths, "Length of sentences")
    figures.save_figure(ax, folder / "lengths")
    repeats = numbers["near_duplicates"]
    lines = [
        "# The corpus in numbers",
        "",
        "Synthetic text, written for the project (see `data/README.md`). Made by "
        "`ceasefire-stance data stats` from the files.",
        "",
        statistics_table(numbers),
        "",
        f"Near-duplicate pairs outside the contrast set: {repeats['pairs']}, across splits: "
        f"{repeats['across_splits']}.",
        "",
        *_phrase_lines(numbers.get("stock_phrases", [])),
        *_agreement_lines(numbers["agreement"]),
        *_agreement_by_lines(numbers["agreement_by"]),
        *_curve_lines(folder),
        "![Stances per split](class-mix.svg)",
        "",
        "![Length of sentences](lengths.svg)",
        "",
        "## By conflict",
        "",
        _counts_table("conflict", numbers["by_conflict"]),
        "",
        "## By writer",
        "",
        _counts_table("writer", numbers["by_writer"]),
        "",
    ]
    write_text(folder / "README.md", "\n".join(lines))


def _agreement_lines(agreement: Mapping[str, Any]) -> list[str]:
    if not agreement:
        return []
    pairs = {"labels_and_reader": "labels and a reader", "two_readers": "two readers"}
    tasks = {
        "four_way": "4-way",
        "three_way": "3-way, both saw a claim",
        "detection": "claim or none",
    }
    rows = []
    for name, scores in agreement.items():
        for task, title in tasks.items():
            cells = [interval(scores[task][k]) for k in ("alpha", "kappa", "macro_f1")]
            rows.append([f"{pairs[name]}: {title}", str(scores[task]["n_sentences"]), *cells])
    head = ["pair and task", "sentences", "Krippendorff's alpha", "Cohen's kappa", "macro-F1"]
    return [
        "## Agreement",
        "",
        "Of two readers who saw text and codebook only, at first sight; and of the final labels "
        "with the first of them. Writers and readers are language models of one family: that they "
        "agree says that the codebook can be followed, not that people would agree as well. On "
        "real news such readers agree less (see the front page of the reports).",
        "",
        markdown_table(head, rows),
        "",
        *_confusion_lines(agreement.get("two_readers", {}).get("four_way")),
    ]


def _confusion_lines(scores: Mapping[str, Any] | None) -> list[str]:
    """Where the two readers differ: rows are the first, columns the second."""
    if not scores:
        return []
    rows = [
        [f"first: {name}", *map(str, counts)]
        for name, counts in zip(scores["classes"], scores["confusion"], strict=True)
    ]
    head = ["two readers", *[f"second: {name}" for name in scores["classes"]]]
    return [markdown_table(head, rows), ""]


def _agreement_by_lines(parts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    rows = [
        [f"{column}: {value}", str(scores["n_sentences"]), interval(scores["alpha"])]
        for column, values in parts.items()
        for value, scores in values.items()
    ]
    if not rows:
        return []
    head = ["part", "sentences", "Krippendorff's alpha, 4-way"]
    return [
        "<details><summary>Agreement of the two readers by split, writer and style</summary>",
        "",
        markdown_table(head, rows),
        "",
        "</details>",
        "",
    ]


def _phrase_lines(phrases: Sequence[Mapping[str, Any]]) -> list[str]:
    if not phrases:
        return []
    listed = "; ".join(
        f"“{p['phrase']}” ({p['count']} times by {p['writer']}, {p['elsewhere']} elsewhere)"
        for p in phrases[:6]
    )
    return [f"Runs of four words that one writer repeats most beyond the others: {listed}.", ""]


def _curve_lines(folder: Path) -> list[str]:
    path = folder / CURVE_FILE
    if not path.is_file():
        return []
    curve = json.loads(path.read_text(encoding="utf-8"))
    sets = [s for s in figures.LABELS if s in curve["batches"][0]]
    ax = figures.draw_corpus_curve(curve["batches"], sets, "Score against size of the corpus")
    figures.save_figure(ax, folder / "curve")
    first, last = curve["batches"][0], curve["batches"][-1]
    gains = ", ".join(
        f"{last[s]['mean'] - first[s]['mean']:+.3f} on {figures.LABELS[s]}" for s in sets
    )
    head = ["training text", "sentences", "claims", *[figures.LABELS[s] for s in sets]]
    return [
        "## What more text brings",
        "",
        f"Macro-F1 of `{curve['recipe']}` with the same settings throughout, under one "
        "class mix for all sentences, trained on the "
        f"training split of the writers named: mean of {curve['resamples']} training sets "
        f"resampled by article, lowest and highest in brackets. From the first row to the last of "
        f"the first table: {gains}.",
        "",
        "![Score against size of the corpus](curve.svg)",
        "",
        markdown_table(head, [_curve_row(row, sets) for row in curve["batches"]]),
        "",
        "Each writer left out of the whole (a score above that of the whole speaks against the "
        "writer's text; differences of 0.01 are noise):",
        "",
        markdown_table(head, [_curve_row(row, sets) for row in curve["without_writer"]]),
        "",
    ]


def _curve_row(row: Mapping[str, Any], sets: Sequence[str]) -> list[str]:
    cells = [f"{row[s]['mean']:.3f} ({row[s]['low']:.3f}–{row[s]['high']:.3f})" for s in sets]
    return [str(row["name"]), str(row["sentences"]), str(row["claims"]), *cells]


def _counts_table(title: str, rows: Mapping[str, Mapping[str, int]]) -> str:
    ordered = sorted(rows.items(), key=lambda kv: (-kv[1]["sentences"], kv[0]))
    head = [title, *ordered[0][1]]
    return markdown_table(head, [[name, *map(str, row.values())] for name, row in ordered])


def statistics_table(numbers: Mapping[str, Any]) -> str:
    """What a corpus holds, as Markdown, from `corpus_statistics`."""
    rows = []
    for name, block in {**numbers["splits"], "all": numbers["all"]}.items():
        rows.append(
            [
                name,
                *[str(block[k]) for k in ("sentences", "articles", "conflicts")],
                *[str(n) for n in block["stances"].values()],
                f"{block['share_none']:.0%}",
                f"{block['share_claims_where_named']:.0%}",
                f"{block['words_median']:.0f}",
            ]
        )
    head = ["split", "sentences", "articles", "conflicts", *numbers["all"]["stances"],
            "share none", "claims among sentences naming a ceasefire", "median words"]  # fmt: skip
    return markdown_table(head, rows)
