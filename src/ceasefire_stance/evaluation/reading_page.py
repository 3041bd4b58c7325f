"""The report on holders, actors and the whole chain."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ceasefire_stance.corpus.atomic import write_text
from ceasefire_stance.evaluation.figures import LABELS
from ceasefire_stance.evaluation.tables import difference, interval, markdown_table, p_value

READING_FILE = "metrics.json"


def write_reading_page(folder: Path, metrics: Mapping[str, Any]) -> None:
    """Write ``metrics.json`` and the page made from it."""
    write_text(folder / READING_FILE, json.dumps(metrics, indent=1, ensure_ascii=False) + "\n")
    lines = [
        "# Reading articles: who holds which position",
        "",
        "Holders and actors are measured in sentences that are known to carry a claim; the whole "
        f"chain with the stances that `{metrics['recipe']}` predicts: the right actor with the "
        "right stance, once per article. In brackets: 95 % intervals by a bootstrap over articles. "
        "Two names are the same actor if the gazetteer (`data/actors.csv`) says so.",
        "",
        reading_table(metrics),
        "",
        "“Actor right”: the share of claims whose actor is among as many of the likeliest holders "
        "found as the sentence has claims. Baselines: the first named actor of the sentence; the "
        "first mention that opens the sentence or a clause.",
        "",
        *_of_the_parser(metrics),
        "## Ahead of the others",
        "",
        "The holder model minus another method on the same sentences, by a paired bootstrap over "
        "articles; p is not corrected for the number of comparisons.",
        "",
        _ahead_table(metrics),
        "",
    ]
    write_text(folder / "README.md", "\n".join(lines))


def _of_the_parser(metrics: Mapping[str, Any]) -> list[str]:
    if not metrics.get("parser"):
        return []
    versions = ", ".join(f"{name} {version}" for name, version in metrics["parser"].items())
    return [
        "“With a parser”: the same model learns besides from a parse of the sentence, whose verb "
        "a mention is subject or object of and how that verb stands to the words of the position "
        f"({versions}). These rows are measured where the extra `parser` is installed and are "
        "otherwise kept from the last time that they were.",
        "",
    ]


def reading_table(metrics: Mapping[str, Any]) -> str:
    """Sets and methods with their scores, as Markdown."""
    rows = []
    for name, scores in metrics["sets"].items():
        for method, found in scores["holders"].items():
            chain = scores["chain"][method]
            rows.append(
                [
                    f"{LABELS.get(name, name)}: {method}",
                    str(found["n_claims"]),
                    *[
                        interval(found[k])
                        for k in ("span_exact", "span_overlap", "actor_accuracy", "actor_f1")
                    ],
                    *[interval(chain[k]) for k in ("precision", "recall", "f1")],
                ]
            )
    head = ["set: method", "claims", "holder exact, F1", "holder overlap, F1", "actor right",
            "actor F1", "chain precision", "chain recall", "chain F1"]  # fmt: skip
    return markdown_table(head, rows)


def _ahead_table(metrics: Mapping[str, Any]) -> str:
    rows = []
    for name, scores in metrics["sets"].items():
        for method, cells in scores["ahead"].items():
            shown = [
                f"{difference(c, 3)}, {p_value(c['p_value'])}"
                for c in (cells["actor_accuracy"], cells["chain_f1"])
            ]
            rows.append([f"{LABELS.get(name, name)}: {method}", *shown])
    return markdown_table(["set: other method", "actor right", "chain F1"], rows)
