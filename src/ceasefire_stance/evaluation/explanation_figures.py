"""Figures on explanations: deletion curves, and what moves a model's decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes

from ceasefire_stance.evaluation.figures import draw_features, new_axes
from ceasefire_stance.evaluation.marks import SERIES_COLOURS, SERIES_MARKERS, draw_band


def draw_deletion(curve: Mapping[str, Any], title: str, ax: Axes | None = None) -> Axes:
    """Probability of the first decision against the share of words removed, a line an order.

    Parameters
    ----------
    curve : mapping
        A `deletion_curve`. Our order is the full line, random order the dotted one, and its rivals
        are dashed.
    """
    ax = ax or new_axes(5.8, 4.4)
    lines = [("weightiest words first", curve["guided"], "-")]
    lines += [(name, rival["curve"], "--") for name, rival in curve["rivals"].items()]
    lines += [("in random order", curve["random"], ":")]
    for i, (label, cells, style) in enumerate(lines):
        draw_band(
            ax, curve["fractions"], cells, SERIES_COLOURS[i % 4], alpha=0.12, linestyle=style,
            marker=SERIES_MARKERS[i % 4], markersize=4, label=label,
        )  # fmt: skip
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.02)
    ax.set_xlabel("share of words removed")
    ax.set_ylabel("probability of the first decision")
    ax.set_title(title)
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncol=2)
    return ax


def draw_importances(
    rows: Mapping[str, Sequence[Mapping[str, Any]]], title: str, unit: str, top: int = 10
) -> Axes:
    """What moves the decisions for each stance, one panel a stance; returns the first panel.

    Parameters
    ----------
    rows : mapping
        Stance → list of ``{"feature", "weight"}``, largest absolute weight first. Below 0 is
        against the stance.
    unit : str
        What the weights are.
    """
    first = draw_features(rows, title, top)
    for panel in first.figure.axes[: len(rows)]:
        panel.axvline(0, color="#999999", linewidth=0.8)
        panel.set_xlabel(unit, fontsize=8)
    return first
