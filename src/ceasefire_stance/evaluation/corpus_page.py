"""What a corpus holds, as a page with figures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ceasefire_stance.corpus.atomic import write_text
from ceasefire_stance.corpus.statistics import corpus_statistics, word_counts
from ceasefire_stance.evaluation import figures
from ceasefire_stance.evaluation.agreement import corpus_agreement
from ceasefire_stance.evaluation.tables import interval, markdown_table


def write_corpus_page(folder: Path, sentences: pd.DataFrame, claims: pd.DataFrame) -> None:
    """Write what a corpus holds: ``statistics.json``, two figures, and a page made from them."""
    numbers = corpus_statistics(sentences)
    numbers["agreement"] = corpus_agreement(claims)
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
        f"Near-duplicate pairs: {repeats['pairs']}, across splits: {repeats['across_splits']}.",
        "",
        *_agreement_lines(numbers["agreement"]),
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
        "Of the labels in the corpus with those of a reader at first sight, who saw text and "
        "codebook only, and of two such readers, on the sentences read so far. Writers and readers "
        "are language models.",
        "",
        markdown_table(head, rows),
        "",
    ]


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
