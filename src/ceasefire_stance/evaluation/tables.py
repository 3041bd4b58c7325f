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


def replace_between_markers(text: str, name: str, content: str) -> str:
    """`text` with what stands between ``<!-- NAME -->`` and ``<!-- /NAME -->`` replaced."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"expected the markers <!-- {name} --> and <!-- /{name} -->; found none")
    return pattern.sub(lambda m: f"{m[1]}{content}\n{m[2]}", text)


def with_numbers(predictions: pd.DataFrame) -> pd.DataFrame:
    """A predictions table as read from CSV, with its probabilities as numbers."""
    return predictions.astype({c: float for c in predictions.columns if c.startswith("p_")})
