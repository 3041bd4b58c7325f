"""Tables in Markdown, and text that is kept between markers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pandas as pd


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are aligned to the right."""
    lines = ["| " + " | ".join(head) + " |", "| --- " + "| ---: " * (len(head) - 1) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def interval(cell: Mapping[str, float]) -> str:
    """A value with its 95 % interval: ``0.61 (0.55–0.66)``."""
    return f"{cell['value']:.2f} ({cell['low']:.2f}–{cell['high']:.2f})"


def difference(cell: Mapping[str, float], digits: int = 2) -> str:
    """A difference with its 95 % interval: ``+0.09 (-0.01 to +0.19)``."""
    value, low, high = (f"{cell[name]:+.{digits}f}" for name in ("difference", "low", "high"))
    return f"{value} ({low} to {high})"


def p_value(value: float) -> str:
    """``p 0.012``, or ``p < 0.001``."""
    return "p < 0.001" if value < 0.001 else f"p {value:.3f}"


def spread(cell: Mapping[str, float]) -> str:
    """The lowest and the highest of several runs: ``0.453–0.454``; a dash if there was one."""
    return f"{cell['lowest']:.3f}–{cell['highest']:.3f}" if "lowest" in cell else "–"


def replace_between_markers(text: str, name: str, content: str) -> str:
    """`text` with what stands between ``<!-- NAME -->`` and ``<!-- /NAME -->`` replaced."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"expected the markers <!-- {name} --> and <!-- /{name} -->; found none")
    return pattern.sub(lambda m: f"{m[1]}{content}\n{m[2]}", text)


def with_numbers(predictions: pd.DataFrame) -> pd.DataFrame:
    """A predictions table as read from CSV, with its probabilities as numbers."""
    return predictions.astype({c: float for c in predictions.columns if c.startswith("p_")})
