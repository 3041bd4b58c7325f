"""How values with intervals are drawn: bands along a line, and bars at a point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

SERIES_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7")
"""Okabe and Ito's, for series that are no stances."""
SERIES_MARKERS = ("o", "s", "D", "^")


def spread(cells: Sequence[Mapping[str, float]]) -> np.ndarray:
    """How far each interval reaches below and above its value, as matplotlib's `xerr` wants it.

    Parameters
    ----------
    cells : sequence of mapping
        ``{"value", "low", "high"}``.

    Returns
    -------
    ndarray of shape (2, n)
        Not negative: a value may lie outside the interval of its resamples, by little.
    """
    below = [c["value"] - c["low"] for c in cells]
    above = [c["high"] - c["value"] for c in cells]
    return np.maximum(np.array([below, above]), 0)


def draw_band(
    ax: Axes,
    x: Sequence[float],
    cells: Sequence[Mapping[str, float]],
    colour: str,
    *,
    value: str = "value",
    alpha: float = 0.15,
    **line: Any,
) -> None:
    """A line through the values with its interval as a band.

    Parameters
    ----------
    value : str
        The key of the line in `cells`; those of the band are ``low`` and ``high``.
    line
        What `Axes.plot` takes.
    """
    low, high = ([c[key] for c in cells] for key in ("low", "high"))
    ax.fill_between(x, low, high, color=colour, alpha=alpha, linewidth=0)
    ax.plot(x, [c[value] for c in cells], color=colour, **line)
