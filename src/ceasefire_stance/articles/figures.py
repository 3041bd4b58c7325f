"""Positions drawn on matplotlib axes."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

from ceasefire_stance.articles.positions import MIXED
from ceasefire_stance.evaluation.figures import COLOURS, MARKERS, new_axes

_COLOURS = {**COLOURS, MIXED: "#CC79A7"}
_MARKERS = {**MARKERS, MIXED: "D"}
MOST_ACTORS = 25


def draw_timeline(positions: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Actors × dates: colour and shape by position, size by the number of claims.

    Parameters
    ----------
    positions : DataFrame
        As from `article_positions`; rows without a date are left out, and so are all but the
        `MOST_ACTORS` actors with most claims.
    """
    dated = positions[positions["published"] != ""]
    totals = dated.groupby("actor")["n_claims"].sum().sort_values(ascending=False, kind="stable")
    actors = list(totals.index[:MOST_ACTORS])
    ax = ax or new_axes(8.0, 0.32 * max(len(actors), 2) + 1.6)
    place = {actor: len(actors) - 1 - i for i, actor in enumerate(actors)}
    shown = dated[dated["actor"].isin(actors)]
    for position in sorted(set(shown["position"])):
        rows = shown[shown["position"] == position]
        ax.scatter(
            pd.to_datetime(rows["published"]).to_numpy(),
            [place[a] for a in rows["actor"]],
            s=[25 + 15 * min(n, 12) for n in rows["n_claims"]],
            color=_COLOURS[position],
            marker=_MARKERS[position],
            label=position,
            alpha=0.85,
        )
    ax.set_yticks(list(place.values()), list(place))
    locator: Any = AutoDateLocator()  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    ax.grid(axis="y", color="#dddddd")
    ax.set_axisbelow(True)
    ax.set_title("Positions toward a ceasefire")
    if actors:
        ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax
