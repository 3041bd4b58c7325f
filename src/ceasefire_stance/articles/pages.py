"""Pages for reading: an article with its claims marked, and positions over time.

Each page is one HTML file that needs nothing else: no network, no other file. The pages show what
they are given and compute nothing beyond counts and places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from ceasefire_stance.articles.page_actors import actor_section, summary_section
from ceasefire_stance.articles.page_parts import (
    FOOT,
    UNSURE_MEANING,
    UNSURE_SIGN,
    Row,
    codes_meaning,
    document,
    escaped,
    is_unsure,
    legend,
    rows_of,
    share,
    stance_words,
    words,
)
from ceasefire_stance.articles.page_text import (
    Sentence,
    claim_spans,
    group_sentences,
    marked_text,
    named,
)
from ceasefire_stance.articles.page_timeline import timeline_page
from ceasefire_stance.corpus.stances import POSITIONS
from ceasefire_stance.reading.article import Article

__all__ = ["article_page", "timeline_page"]

_SOURCES = {"self": "in its own words", "others": "reported by others"}
_TIMES = {"now": "present position", "past": "past position"}


def article_page(article: Article, claims: pd.DataFrame, positions: pd.DataFrame) -> str:
    """An article with its claims marked, as an HTML page.

    Parameters
    ----------
    article : Article
        The text that the offsets of the claims count in.
    claims : DataFrame
        One row a claim; those of other articles are left out. A claim with `start` -1 is of the
        headline. Where several claims share a sentence, the most probable one colours it.
    positions : DataFrame
        One row an actor of an article, in the order to show; those of other articles are left out.

    Returns
    -------
    str
        The page; write it in UTF-8.
    """
    here = claims[claims["article_id"] == article.article_id]
    ordered = here.sort_values("position", kind="stable")
    numbered = list(enumerate(rows_of(ordered), start=1))
    places = rows_of(positions[positions["article_id"] == article.article_id])
    names = [words(r["actor"]) for r in places] + [words(r["actor"]) for _, r in numbered]
    actors = {name: i for i, name in enumerate(dict.fromkeys(n for n in names if n))}
    heading, body, sentences = _headline_and_text(article, numbered, actors)
    placed = {number for sentence in sentences for number, _ in sentence.claims}
    aside = ""
    if numbered:
        rows = [row for _, row in numbered]
        aside = (
            f'<div class="aside">{actor_section(places, numbered, actors, placed)}'
            f"{summary_section(article, places, rows)}{_article_legend(rows)}</div>"
        )
    return document(
        article.title or article.article_id,
        f"<header><h1>{heading}</h1>{_dateline(article)}</header>"
        f'<main id="main" class="article">{aside}'
        f'<section class="text" aria-label="The article">{body}</section>'
        f'<div class="after">{_notes(numbered, placed)}</div></main>'
        f"{FOOT}{_BAR if numbered else ''}",
        "article_page.js",
    )


def _dateline(article: Article) -> str:
    published = escaped(article.published)
    when = f'<time datetime="{published}">{published}</time>' if published else "date unknown"
    outlet = escaped(getattr(article, "outlet", "")) or "outlet unknown"
    return f'<p class="quiet">{outlet} · {when} · {escaped(article.article_id)}</p>'


def _headline_and_text(
    article: Article, numbered: Sequence[tuple[int, Row]], actors: Mapping[str, int]
) -> tuple[str, str, list[Sentence]]:
    """Headline and paragraphs as HTML, and all sentences with claims."""
    text, lines, at = article.text, [], 0
    for line in text.split("\n"):
        if line.strip():
            lines.append((at, at + len(line)))
        at += len(line) + 1
    in_text = group_sentences(numbered, text)
    spans = claim_spans(row for _, row in numbered)
    above = _headline_sentence(article.title, numbered, len(in_text))
    if lines and article.title.strip() in ("", text[slice(*lines[0])].strip()) and not above:
        # The text begins with its own headline, which must not be shown twice.
        if article.title.strip():
            heading = marked_text(text, lines.pop(0), in_text, spans, actors)
        else:
            heading = escaped(article.article_id)
    else:
        own = [(s, e, part) for s, e, part in _headline_spans(article.title, above)]
        heading = marked_text(article.title, (0, len(article.title)), above, own, actors)
    paragraphs = "".join(
        f'<p dir="auto">{marked_text(text, line, in_text, spans, actors)}</p>' for line in lines
    )
    if not numbered:
        plain = "No claim about a ceasefire was found in this article."
        paragraphs = f'<p class="plain">{plain}</p>{paragraphs}'
    return heading, paragraphs, [*above, *in_text]


def _headline_sentence(
    title: str, numbered: Sequence[tuple[int, Row]], number: int
) -> list[Sentence]:
    members = [c for c in numbered if int(c[1]["start"]) < 0]
    if not members or not title:
        return []
    best_first = sorted(members, key=lambda c: -float(c[1]["probability"]))
    return [Sentence(number, 0, len(title), tuple(best_first))]


def _headline_spans(title: str, above: Sequence[Sentence]) -> list[tuple[int, int, str]]:
    """Holders and conditions of the headline, which have no offsets, by their words."""
    found = [
        (title.find(words(row[part])), len(words(row[part])), part)
        for sentence in above
        for _, row in sentence.claims
        for part in ("holder", "condition")
        if words(row[part])
    ]
    return [(at, at + length, part) for at, length, part in found if at >= 0]


def _article_legend(claims: Sequence[Row]) -> str:
    """What the marks of this article mean: doubt and codes only where there are any."""
    past = any(words(row["when"]) == "past" for row in claims)
    doubt = f'<span class="tint framed">dashed frame</span> {UNSURE_SIGN} {UNSURE_MEANING}'
    return legend(
        POSITIONS,
        (
            *([doubt] if any(map(is_unsure, claims)) else []),
            '<span class="holder">underlined</span> who holds the position',
            '<span class="condition">dotted</span> the condition, in the words of the article',
            "A number leads to the note with the probability.",
            *(["“past”: a position of earlier days"] if past else []),
            *codes_meaning(claims),
        ),
    )


def _notes(numbered: Sequence[tuple[int, Row]], placed: set[int]) -> str:
    """Every claim with all that is known of it."""
    if not numbered:
        return ""
    items = []
    for number, row in numbered:
        facts = [
            f'probability <span class="number">{share(row["probability"])}</span>',
            escaped(_SOURCES.get(words(row["source"]), row["source"])),
            escaped(_TIMES.get(words(row["when"]), row["when"])),
        ]
        if is_unsure(row):
            facts.insert(1, f"{UNSURE_SIGN} too improbable for an answer")
        if words(row["holder"]):
            facts.append(f"holder: <i>{escaped(row['holder'])}</i>")
        if words(row["condition"]):
            facts.append(f"condition: <i>{escaped(row['condition'])}</i>")
        if number in placed:
            facts.append(f'<a class="whole" href="#r{number}">to the sentence</a>')
        items.append(
            f'<li id="n{number}"><p><strong>{escaped(named(row))}</strong> '
            f"{stance_words(row['stance'])}</p><blockquote>{escaped(row['text'])}</blockquote>"
            f'<p class="quiet">{" · ".join(facts)}</p></li>'
        )
    return f'<section><h2>Notes: every claim</h2><ol class="notes">{"".join(items)}</ol></section>'


_BAR = (
    '<div class="bar" id="bar" role="region" aria-label="Follow the sentences" hidden>'
    '<p role="status"><span id="said"></span><span class="unseen" id="sentence"></span></p>'
    '<div class="steps"><button type="button" id="previous">Previous <kbd>p</kbd></button>'
    '<button type="button" id="next">Next <kbd>n</kbd></button>'
    '<button type="button" id="clear">Clear <kbd>Esc</kbd></button>'
    '<a href="#actors">Actors</a></div>'
    '<label class="keys"><input type="checkbox" id="keys" checked> keys n and p</label></div>'
)
