"""The report on doubt: when the shipped model abstains, and how wrong it is when it does not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ceasefire_stance.corpus.atomic import write_text
from ceasefire_stance.corpus.stances import STANCES
from ceasefire_stance.evaluation.doubt import draw_risk_coverage, draw_set_coverage
from ceasefire_stance.evaluation.figures import LABELS, save_figure
from ceasefire_stance.evaluation.tables import interval, markdown_table

DOUBT_FILE = "metrics.json"


def write_doubt_page(folder: Path, metrics: Mapping[str, Any]) -> None:
    """Write ``metrics.json``, two figures and the page made from them.

    Parameters
    ----------
    metrics : mapping
        `recipe`, `rule` (a doubt rule as plain data) and `sets` (name → `score_doubt`).
    """
    write_text(folder / DOUBT_FILE, json.dumps(metrics, indent=1, ensure_ascii=False) + "\n")
    named = {LABELS.get(name, name): scores for name, scores in metrics["sets"].items()}
    curves = {name: scores["risk_coverage"] for name, scores in named.items()}
    save_figure(draw_risk_coverage(curves, "Wrong answers, the surest first"), folder / "risk")
    rule = metrics["rule"]
    main = next(iter(named))
    ax = draw_set_coverage(named[main]["sets"], rule["alpha"], f"Sets that hold the truth, {main}")
    save_figure(ax, folder / "sets")
    lines = [
        "# Doubt",
        "",
        f"`{metrics['recipe']}` abstains below a probability chosen on the {rule['n_calibration']} "
        f"sentences of the validation split, so that at most {rule['error_target']:.0%} of its "
        f"answers are wrong on such text. On real news nothing holds it to that"
        f"{_on_real_news(metrics)}. In brackets: 95 % intervals by a bootstrap over articles; – "
        "where nothing was answered.",
        "",
        doubt_table(metrics),
        "",
        "![Share of wrong answers against share answered](risk.svg)",
        "",
        f"The sets of stances that it cannot rule out should hold the true one for "
        f"{1 - rule['alpha']:.0%} of sentences:",
        "",
        "![Share of sets that hold the true stance](sets.svg)",
        "",
    ]
    write_text(folder / "README.md", "\n".join(lines))


def _on_real_news(metrics: Mapping[str, Any]) -> str:
    """Whether the target is met where nothing holds the model to it, as the end of a sentence."""
    risk = metrics["sets"].get("real_news_all", {}).get("abstention", {}).get("risk")
    if not risk:
        return ""
    target = metrics["rule"]["error_target"]
    met = "the interval reaches beyond it" if risk["high"] > target else "it keeps to it"
    missed = "it does not keep to it" if risk["low"] > target else met
    return f"; as measured, {missed} ({interval(risk)} wrong)"


def doubt_table(metrics: Mapping[str, Any]) -> str:
    """Share answered, and shares wrong among the answers, as Markdown."""
    rows = []
    for name, scores in metrics["sets"].items():
        found = scores["abstention"]
        per_stance = found["per_stance"]
        wrong = [found.get("risk"), *[per_stance.get(s, {}).get("risk") for s in STANCES]]
        rows.append(
            [
                LABELS.get(name, name),
                interval(found["coverage"]),
                *[interval(cell) if cell else "–" for cell in wrong],
            ]
        )
    head = ["set", "answered", "wrong among the answers", *[f"“{s}” wrong" for s in STANCES]]
    return markdown_table(head, rows)
