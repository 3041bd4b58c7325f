"""The page of many articles: who stood where and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd

from ceasefire_stance.articles.page_changes import (
    Sources,
    changes_section,
    differences_section,
    quoted,
    sources_of,
)
from ceasefire_stance.articles.page_grid import actor_grid, read_date
from ceasefire_stance.articles.page_parts import (
    FOOT,
    STANCE_MEANINGS,
    UNSURE_MEANING,
    UNSURE_SIGN,
    Row,
    card_table,
    codes_meaning,
    condition_cell,
    document,
    escaped,
    is_unsure,
    kind_and_codes,
    legend,
    of_all,
    position_cell,
    rows_of,
    stance_words,
    whole,
    words,
)
from ceasefire_stance.articles.timeline import latest_positions, outlet_disagreements


def timeline_page(positions: pd.DataFrame, claims: pd.DataFrame, changes: pd.DataFrame) -> str:
    """Who stood where and when over many articles, as an HTML page.

    Parameters
    ----------
    positions : DataFrame
        As from `article_positions`, one row an actor of an article. Those without a date are listed
        apart. What `latest_positions` and `outlet_disagreements` find in them is shown too.
    claims : DataFrame
        The claims that `evidence` names.
    changes : DataFrame
        Changes of position with the sentences before and after, as from `position_changes`.

    Returns
    -------
    str
        The page; write it in UTF-8.
    """
    in_time = positions.sort_values("published", kind="stable", key=_undated_last)
    rows = list(enumerate(rows_of(in_time), start=1))
    dated = [(n, day, row) for n, row in rows if (day := read_date(row["published"]))]
    undated = [(n, row) for n, row in rows if not read_date(row["published"])]
    sources = sources_of(rows, rows_of(claims))
    changed = rows_of(changes)
    # What is no date for the grid is none for the order of positions either.
    in_order = pd.DataFrame([row for _, _, row in dated], columns=positions.columns)
    differing = rows_of(outlet_disagreements(in_order))
    named = {words(row["actor"]) for row in (*(r for _, r in rows), *changed)}
    actors = {name: i for i, name in enumerate(sorted(named))}
    latest = rows_of(latest_positions(in_order))
    n_actors, n_articles = positions["actor"].nunique(), positions["article_id"].nunique()
    return document(
        "Positions toward a ceasefire",
        "<header><h1>Positions toward a ceasefire</h1>"
        f'<p class="quiet">{_counted(n_actors, "actor")} in {_counted(n_articles, "article")}'
        f"{_range(dated)}</p>{_navigation(len(changed), len(differing))}{_choice(actors)}</header>"
        f'<main id="main">{_grid_section(dated, actors, _legend(rows, sources))}'
        f"{_latest(latest, sources, actors)}{changes_section(changed, sources, actors)}"
        f"{differences_section(differing, sources, actors)}{_undated(undated)}"
        f"{_all_positions(rows, sources, actors)}</main>{FOOT}",
        "timeline_page.js",
    )


def _undated_last(published: pd.Series) -> pd.Series:
    return published.map(lambda day: words(read_date(day)) or "~")


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _range(dated: Sequence[tuple[int, date, Row]]) -> str:
    if not dated:
        return ""
    first, last = min(d for _, d, _ in dated), max(d for _, d, _ in dated)
    return f", {first}" if first == last else f", {first} to {last}"


def _navigation(n_changes: int, n_differences: int) -> str:
    places = (
        ("latest", "Where they stand"),
        ("changes", f"Changes ({n_changes})"),
        ("differences", f"Reports that differ ({n_differences})"),
        ("positions", "All positions"),
    )
    links = "".join(f'<a href="#{place}">{name}</a>' for place, name in places)
    return f'<nav class="nav" aria-label="Sections">{links}</nav>'


def _choice(actors: Mapping[str, int]) -> str:
    if not actors:
        return ""
    options = "".join(f'<option value="{i}">{escaped(name)}</option>' for name, i in actors.items())
    return (
        '<p class="choice" id="choice" hidden><label for="actor">Show</label>'
        f'<select id="actor"><option value="">All actors</option>{options}</select>'
        '<span role="status" id="said" class="quiet"></span></p>'
    )


def _grid_section(
    dated: Sequence[tuple[int, date, Row]], actors: Mapping[str, int], signs: str
) -> str:
    if not dated:
        return '<p class="plain">No position has a date, so there is nothing to draw.</p>'
    return f"<section><h2>Actors by date</h2>{actor_grid(dated, actors)}</section>{signs}"


def _legend(rows: Sequence[tuple[int, Row]], sources: Sources) -> str:
    doubt = (
        f"{UNSURE_SIGN} {UNSURE_MEANING}",
        "A dashed ring: every claim behind the mark is unsure.",
    )
    named = [claim for _, row in rows for claim in sources.evidence(row)]
    return legend(
        STANCE_MEANINGS,
        (
            *(doubt if any(map(is_unsure, named)) else ()),
            "The larger a mark, the more claims stand behind it (up to six).",
            "A mark leads to its row in the table.",
            *codes_meaning(row for _, row in rows),
        ),
    )


def _latest(rows: Sequence[Row], sources: Sources, actors: Mapping[str, int]) -> str:
    """The last position of each actor, since when it has it, and its best sentence."""
    if not rows:
        return ""
    body = []
    for row in rows:
        last, since = words(row["published"]), words(row["since"])
        number, _ = sources.positions[words(row["article_id"]), words(row["actor"])]
        when = f'<span class="whole">{escaped(since)}</span>'
        read = f'last read <span class="whole">{escaped(last)}</span>, ' if last != since else ""
        best = "".join(quoted(claim) for claim in sources.evidence(row)[:1])
        title = escaped(row["title"]) or escaped(row["article_id"])
        told = f"{escaped(row['outlet'])} · " if words(row["outlet"]) else ""
        body.append(
            (
                f' data-actor="{actors[words(row["actor"])]}"',
                [
                    f"<strong>{escaped(row['actor'])}</strong>{kind_and_codes(row)}",
                    position_cell(row),
                    f'{when}<div class="quiet">{read}'
                    f"{_counted(whole(row['n_articles']), 'article')}</div>",
                    condition_cell(row),
                    f'{best}<div class="quiet">{told}<a href="#p{number}">{title}</a></div>',
                ],
            )
        )
    labels = ("Actor", "Position", "Since", "Condition", "Evidence")
    caption = "The last position of each actor, the latest first, and the first day it was read."
    table = card_table(labels, body, caption)
    return f'<section id="latest"><h2>Where they stand</h2>{table}</section>'


def _undated(rows: Sequence[tuple[int, Row]]) -> str:
    """Articles without a date, with the positions in them."""
    if not rows:
        return ""
    by_article: dict[str, list[tuple[int, Row]]] = {}
    for number, row in rows:
        by_article.setdefault(words(row["article_id"]), []).append((number, row))
    items = []
    for article_id, members in by_article.items():
        said = ", ".join(
            f'<a href="#p{n}">{escaped(row["actor"])}</a> {stance_words(row["position"])}'
            for n, row in members
        )
        items.append(f"<li>{escaped(members[0][1]['title']) or escaped(article_id)}: {said}</li>")
    return f"<section><h2>Without a date</h2><ul>{''.join(items)}</ul></section>"


def _all_positions(
    rows: Sequence[tuple[int, Row]], sources: Sources, actors: Mapping[str, int]
) -> str:
    content = '<p class="plain">No position was found.</p>'
    if rows:
        labels = ("Actor", "Date", "Position", "Article", "Condition", "Evidence")
        body = [
            (f' id="p{n}" data-actor="{actors[words(r["actor"])]}"', _cells(r, sources))
            for n, r in rows
        ]
        content = card_table(labels, body, "One row for each actor in each article, by date.")
    return f'<section id="positions"><h2>All positions</h2>{content}</section>'


def _cells(row: Row, sources: Sources) -> list[str]:
    article = escaped(row["title"]) or escaped(row["article_id"])
    outlet = f'<div class="quiet">{escaped(row["outlet"])}</div>' if words(row["outlet"]) else ""
    found = sources.evidence(row)
    quotes = "".join(f"<li>{stance_words(c['stance'])}{quoted(c)}</li>" for c in found)
    summary = f'<summary class="whole">{_counted(len(found), "sentence")}</summary>'
    evidence = f'<details>{summary}<ul class="bare">{quotes}</ul></details>' if found else ""
    told = of_all(whole(row.get("n_reported")), whole(row["n_claims"]), "reported by others")
    evidence += f'<div class="quiet">{told}</div>' if told else ""
    return [
        f"<strong>{escaped(row['actor'])}</strong>",
        f'<span class="whole">{escaped(row["published"]) or "no date"}</span>',
        position_cell(row),
        f"{article}{outlet}",
        condition_cell(row),
        evidence,
    ]
