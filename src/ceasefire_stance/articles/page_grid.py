"""Actors by dates, drawn to scale as SVG that fits any width."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from math import sqrt

from ceasefire_stance.articles.page_parts import (
    Row,
    all_unsure,
    escaped,
    share,
    stance_class,
    whole,
    words,
)

LEFT, RIGHT = 6.0, 94.0
"""Where the first and the last date stand, in percent of the width."""
ASSUMED_WIDTH = 420
"""Width in px at which marks must not cover each other; narrower screens may see them touch."""
SMALLEST, LARGEST = 6.0, 15.0
"""Radius in px of one claim, and of as many as are still told apart by size."""
_STEPS = (
    ("day", 1), ("day", 2), ("day", 7), ("day", 14), ("month", 1), ("month", 2), ("month", 3),
    ("month", 6), ("year", 1), ("year", 2), ("year", 5), ("year", 10), ("year", 50),
)  # fmt: skip
_MOST_TICKS = 5


def read_date(value: object) -> date | None:
    """The day that a cell names (YYYY-MM-DD, a time may follow), or None."""
    try:
        return date.fromisoformat(words(value)[:10])
    except ValueError:
        return None


def date_place(day: date, first: date, last: date) -> float:
    """Where a date stands between the first and the last one, in percent of the width."""
    if first == last:
        return 50.0
    return LEFT + (RIGHT - LEFT) * (day - first).days / (last - first).days


def date_ticks(first: date, last: date) -> list[tuple[date, str]]:
    """At most five dates to label the axis with, as fine as that allows, and their labels.

    Days behind the first are without the year that the one before them has: a phone has no room.
    """
    for unit, every in _STEPS:
        ticks = list(_ticks(first, last, unit, every))
        if len(ticks) <= _MOST_TICKS:
            break
    label = {"day": 10, "month": 7, "year": 4}[unit]
    if len(ticks) < 2:
        ticks, label = sorted({first, last}), 10
    labels = []
    for before, day in zip([None, *ticks], ticks, strict=False):
        said = before is not None and label == 10 and before.year == day.year
        labels.append((day, day.isoformat()[5 if said else 0 : label]))
    return labels


def _ticks(first: date, last: date, unit: str, every: int) -> Iterator[date]:
    if unit == "day":
        # Ordinal 1 is a Monday: weeks begin with one.
        start = first.toordinal() + (1 - first.toordinal()) % every
        yield from (date.fromordinal(n) for n in range(start, last.toordinal() + 1, every))
        return
    months = every if unit == "month" else 12
    for year in range(first.year, last.year + 1):
        if unit == "year" and year % every:
            continue
        for month in range(1, 13, months):
            if first <= date(year, month, 1) <= last:
                yield date(year, month, 1)


def radius(n_claims: object) -> float:
    """Radius in px of a mark: its area grows with the number of claims, up to six."""
    return round(min(SMALLEST * sqrt(max(whole(n_claims), 1)), LARGEST), 1)


def levels(places: Sequence[float], radii: Sequence[float]) -> list[int]:
    """The level of each mark of a row, so that no two on one level cover each other.

    Parameters
    ----------
    places : sequence of float
        In percent of the width, ascending.
    radii : sequence of float
        In px.
    """
    ends: list[float] = []
    chosen = []
    for place, r in zip(places, radii, strict=True):
        x = place / 100 * ASSUMED_WIDTH
        level = next((i for i, end in enumerate(ends) if x - r >= end), len(ends))
        ends[level : level + 1] = [x + r + 1]
        chosen.append(level)
    return chosen


def actor_grid(dated: Sequence[tuple[int, date, Row]], actors: Mapping[str, int]) -> str:
    """The grid: a row an actor, those with the most articles first, and the axis beneath.

    Parameters
    ----------
    dated : sequence of (int, date, Row)
        Positions with a date, each with the number of its row in the table.
    actors : mapping
        The number of each actor that can be chosen.
    """
    first, last = min(d for _, d, _ in dated), max(d for _, d, _ in dated)
    ticks = [(date_place(day, first, last), label) for day, label in date_ticks(first, last)]
    rows: dict[str, list[tuple[int, date, Row]]] = {}
    for entry in dated:
        rows.setdefault(words(entry[2]["actor"]), []).append(entry)
    by_size = sorted(rows.items(), key=lambda r: -len(r[1]))
    items = "".join(
        f'<li data-actor="{actors[actor]}"><span class="name">{escaped(actor)}</span>'
        f"{_actor_row(actor, entries, ticks, (first, last))}</li>"
        for actor, entries in by_size
    )
    axis = f'<li aria-hidden="true"><span></span>{_axis(ticks)}</li>'
    return f'<ul class="grid">{items}{axis}</ul>'


def _actor_row(
    actor: str,
    entries: Sequence[tuple[int, date, Row]],
    ticks: Sequence[tuple[float, str]],
    ends: tuple[date, date],
) -> str:
    ordered = sorted(entries, key=lambda e: e[1])
    places = [date_place(day, *ends) for _, day, _ in ordered]
    radii = [radius(row["n_claims"]) for _, _, row in ordered]
    on = levels(places, radii)
    step = 2 * max(radii) + 3
    height = int(2 * LARGEST + 8 + step * max(on))
    lines = "".join(
        f'<line class="tick" x1="{x:.2f}%" x2="{x:.2f}%" y1="0" y2="{height}"/>' for x, _ in ticks
    )
    marks = "".join(
        _mark(entry, place, height - LARGEST - 4 - step * level, r)
        for entry, place, level, r in zip(ordered, places, on, radii, strict=True)
    )
    return (
        f'<svg class="row" role="group" aria-label="{escaped(actor)}" height="{height}">'
        f"{lines}{marks}</svg>"
    )


def _mark(entry: tuple[int, date, Row], place: float, y: float, r: float) -> str:
    number, day, row = entry
    name = stance_class(row["position"])
    n = whole(row["n_claims"])
    doubt = all_unsure(row)
    said = escaped(
        f"{words(row['actor'])}, {day.isoformat()}: {words(row['position'])} "
        f"(confidence {share(row['confidence'])}, {n} {'claim' if n == 1 else 'claims'}"
        f"{', unsure' if doubt else ''}), "
        f"{words(row['title']) or words(row['article_id'])}"
    )
    ring = f'<circle class="ring" r="{r + 3.5:.1f}"/>' if doubt else ""
    # A nested svg is placed by percentage and keeps its size, whatever the width of the page.
    return (
        f'<svg x="{place:.2f}%" y="{y:.1f}" overflow="visible">'
        f'<a class="mark" href="#p{number}" aria-label="{said}"><title>{said}</title>'
        f'<circle class="hit" r="{max(r + 3, 12):.1f}"/>'
        f'<use class="{name}" href="#i-{name}" x="{-r}" y="{-r}" width="{2 * r}" height="{2 * r}"/>'
        f"{ring}</a></svg>"
    )


def _axis(ticks: Sequence[tuple[float, str]]) -> str:
    labels = []
    for x, label in ticks:
        anchor = "start" if x < 12 else "end" if x > 88 else "middle"
        labels.append(
            f'<line class="tick" x1="{x:.2f}%" x2="{x:.2f}%" y1="0" y2="6"/>'
            f'<text class="label" x="{x:.2f}%" y="20" text-anchor="{anchor}">{label}</text>'
        )
    return f'<svg class="row" height="26">{"".join(labels)}</svg>'
