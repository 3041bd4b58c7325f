"""The page of many articles: who stood where and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd

from ceasefire_stance.articles.page_grid import actor_grid, read_date
from ceasefire_stance.articles.page_parts import (
    FOOT,
    STANCE_MEANINGS,
    Row,
    card_table,
    document,
    escaped,
    legend,
    rows_of,
    share,
    stance_class,
    stance_words,
    words,
)


def timeline_page(positions: pd.DataFrame, claims: pd.DataFrame, changes: pd.DataFrame) -> str:
    """Who stood where and when over many articles, as an HTML page.

    Parameters
    ----------
    positions : DataFrame
        One row an actor of an article. Those without a date are listed apart.
    claims : DataFrame
        The claims that `evidence` names.
    changes : DataFrame
        Changes of position with the sentences before and after.

    Returns
    -------
    str
        The page; write it in UTF-8.
    """
    rows = list(enumerate(rows_of(positions), start=1))
    dated = [(n, day, row) for n, row in rows if (day := read_date(row["published"]))]
    undated = [(n, row) for n, row in rows if not read_date(row["published"])]
    sentences = {words(r["claim_id"]): words(r["text"]) for r in rows_of(claims)}
    titles = {words(r["article_id"]): words(r["title"]) for _, r in rows}
    n_articles = positions["article_id"].nunique()
    n_actors = positions["actor"].nunique()
    return document(
        "Positions toward a ceasefire",
        "<header><h1>Positions toward a ceasefire</h1>"
        f'<p class="quiet">{_counted(n_actors, "actor")} in {_counted(n_articles, "article")}'
        f"{_range(dated)}</p></header>"
        f'<main id="main">{_grid_section(dated)}{_undated(undated)}'
        f"{_changes(rows_of(changes), titles)}{_all_positions(rows, sentences)}</main>{FOOT}",
        "timeline_page.js",
    )


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _range(dated: Sequence[tuple[int, date, Row]]) -> str:
    if not dated:
        return ""
    first, last = min(d for _, d, _ in dated), max(d for _, d, _ in dated)
    return f", {first}" if first == last else f", {first} to {last}"


def _grid_section(dated: Sequence[tuple[int, date, Row]]) -> str:
    if not dated:
        return '<p class="plain">No position has a date, so there is nothing to draw.</p>'
    size = "The larger a mark, the more claims stand behind it (up to six)."
    more = (size, "A mark leads to its row in the table.")
    return (
        f"<section><h2>Actors by date</h2>{actor_grid(dated)}</section>"
        f"{legend(STANCE_MEANINGS, more)}"
    )


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


def _changes(rows: Sequence[Row], titles: Mapping[str, str]) -> str:
    if not rows:
        return "<section><h2>Changes</h2><p>No change of position was found.</p></section>"

    def side(row: Row, which: str) -> str:
        article = words(row[f"article_{which}"])
        stance = stance_class(row[which])
        return (
            f'<div><p class="quiet">{escaped(row[f"date_{which}"])} · '
            f"{escaped(titles.get(article) or article)}</p>{stance_words(row[which])}"
            f'<blockquote class="{stance}">{escaped(row[f"text_{which}"])}</blockquote></div>'
        )

    items = "".join(
        f'<li><h3>{escaped(row["actor"])}</h3><div class="pair">{side(row, "before")}'
        f"{side(row, 'after')}</div></li>"
        for row in rows
    )
    return f'<section><h2>Changes</h2><ul class="changes">{items}</ul></section>'


def _all_positions(rows: Sequence[tuple[int, Row]], sentences: Mapping[str, str]) -> str:
    if not rows:
        return (
            '<section><h2>All positions</h2><p class="plain">No position was found.</p></section>'
        )
    actors = {name: i for i, name in enumerate(sorted({words(r["actor"]) for _, r in rows}))}
    options = "".join(f'<option value="{i}">{escaped(name)}</option>' for name, i in actors.items())
    choice = (
        '<p class="choice" id="choice" hidden><label for="actor">Actor</label>'
        f'<select id="actor"><option value="">All actors</option>{options}</select>'
        '<span role="status" id="said" class="quiet"></span></p>'
    )
    labels = ("Actor", "Date", "Position", "Confidence", "Article", "Condition", "Evidence")
    body = [
        (f' id="p{n}" data-actor="{actors[words(r["actor"])]}"', _cells(r, sentences))
        for n, r in rows
    ]
    table = card_table(labels, body, "One row for each actor in each article.")
    return f"<section><h2>All positions</h2>{choice}{table}</section>"


def _cells(row: Row, sentences: Mapping[str, str]) -> list[str]:
    article = escaped(row["title"]) or escaped(row["article_id"])
    outlet = f'<div class="quiet">{escaped(row["outlet"])}</div>' if words(row["outlet"]) else ""
    found = [sentences[words(c)] for c in row["evidence"] if words(c) in sentences]
    quotes = "".join(f"<blockquote>{escaped(text)}</blockquote>" for text in found)
    summary = f'<summary class="whole">{_counted(len(found), "sentence")}</summary>'
    evidence = f"<details>{summary}{quotes}</details>" if found else ""
    return [
        f"<strong>{escaped(row['actor'])}</strong>",
        f'<span class="whole">{escaped(row["published"]) or "no date"}</span>',
        stance_words(row["position"]),
        f'<span class="number">{share(row["confidence"])}</span>',
        f"{article}{outlet}",
        escaped(row["condition"]),
        evidence,
    ]
