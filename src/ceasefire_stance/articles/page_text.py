"""The text of an article with its claims marked."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ceasefire_stance.articles.page_parts import (
    Row,
    caveats,
    escaped,
    is_unsure,
    share,
    sign,
    stance_class,
    words,
)

Span = tuple[int, int, str]
"""Start and end in a text, and the class that the characters between them get."""


@dataclass(frozen=True)
class Sentence:
    """A sentence of the text with its claims.

    Parameters
    ----------
    number : int
        Its place among the sentences with a claim; what its anchor is made of.
    start, end : int
        Offsets in the text that is shown, end exclusive.
    claims : tuple of (int, Row)
        The claims and the numbers of their notes, the most probable first: the first one gives the
        sentence its colour.
    """

    number: int
    start: int
    end: int
    claims: tuple[tuple[int, Row], ...]


def group_sentences(claims: Sequence[tuple[int, Row]], text: str) -> list[Sentence]:
    """The sentences that carry claims, in the order of the text.

    Parameters
    ----------
    claims : sequence of (int, Row)
        Claims with the numbers of their notes; those without a place in `text` are left out.
    text : str
        The text of the article.
    """
    placed = []
    for number, row in claims:
        start, end = max(int(row["start"]), 0), min(int(row["end"]), len(text))
        inside = text[start:end] if int(row["start"]) >= 0 else ""
        if inside.strip():
            # Without the white space at its edges a sentence begins and ends within a line.
            start += len(inside) - len(inside.lstrip())
            placed.append((start, start + len(inside.strip()), number, row))
    groups: list[tuple[int, int, list[tuple[int, Row]]]] = []
    for start, end, number, row in sorted(placed, key=lambda p: p[0]):
        if groups and start < groups[-1][1]:
            first, last, members = groups[-1]
            groups[-1] = (first, max(last, end), [*members, (number, row)])
        else:
            groups.append((start, end, [(number, row)]))
    return [
        Sentence(i, start, end, tuple(sorted(members, key=lambda c: -float(c[1]["probability"]))))
        for i, (start, end, members) in enumerate(groups)
    ]


def claim_spans(rows: Iterable[Row]) -> list[Span]:
    """Where the words of holders and of conditions stand in the text of the article."""
    spans = [
        (int(row[f"{part}_start"]), int(row[f"{part}_end"]), part)
        for row in rows
        for part in ("holder", "condition")
    ]
    return sorted({span for span in spans if 0 <= span[0] < span[1]})


def marked_text(
    text: str,
    bounds: tuple[int, int],
    sentences: Iterable[Sentence],
    spans: Sequence[Span],
    actors: Mapping[str, int],
) -> str:
    """A stretch of text with its claims marked.

    Parameters
    ----------
    text : str
        What all offsets count in.
    bounds : (int, int)
        The stretch to show, end exclusive.
    sentences : iterable of Sentence
        In order and disjoint.
    spans : sequence of Span
        Words to underline.
    actors : mapping
        The number of each actor that can be chosen.
    """
    at, stop = bounds
    parts = []
    for sentence in sentences:
        start, end = max(sentence.start, at), min(sentence.end, stop)
        if start >= end:
            continue
        parts.append(_underlined(text, at, start, spans))
        # A sentence over two lines is marked in both: its anchor is in the first, its notes follow
        # its end.
        anchor = f' id="s{sentence.number}"' if sentence.start >= bounds[0] else ""
        notes = _note_links(sentence) if sentence.end <= stop else ""
        parts.append(
            f"<mark{anchor} {_mark_attributes(sentence, actors)}>"
            f"{_underlined(text, start, end, spans)}{notes}</mark>"
        )
        at = end
    parts.append(_underlined(text, at, stop, spans))
    return "".join(parts)


def claim_summary(row: Row) -> str:
    """A claim in one line of plain text."""
    stance = f"{named(row)}: {words(row['stance'])} ({share(row['probability'])})"
    return ", ".join((stance, *caveats(row)))


def named(row: Row) -> str:
    """Who a claim is of: the actor, else the words of the text."""
    return words(row["actor"]) or words(row["holder"]) or "holder not named"


def _mark_attributes(sentence: Sentence, actors: Mapping[str, int]) -> str:
    first = sentence.claims[0][1]
    stance = stance_class(first["stance"])
    doubt = " unsure" if is_unsure(first) else ""
    pairs: dict[int, str] = {}
    for _, row in sentence.claims:
        if words(row["actor"]) in actors:
            told = stance_class(row["stance"]) + (":unsure" if is_unsure(row) else "")
            pairs.setdefault(actors[words(row["actor"])], told)
    listed = " ".join(f"{actor}:{s}" for actor, s in pairs.items())
    title = escaped("; ".join(claim_summary(row) for _, row in sentence.claims))
    return (
        f'class="{stance}{doubt}" data-stance="{stance}" data-actors="{listed}" tabindex="-1" '
        f'title="{title}"'
    )


def _note_links(sentence: Sentence) -> str:
    links = "".join(
        f'<a class="ref {stance_class(row["stance"])}" id="r{number}" href="#n{number}" '
        f'aria-label="Note {number}: {escaped(claim_summary(row))}">'
        f"{sign(row['stance'])}{number}{_caveat_of_note(row)}</a>"
        for number, row in sentence.claims
    )
    return f'<span class="refs">{links}</span>'


def _caveat_of_note(row: Row) -> str:
    """What must not be overlooked while reading: that a position is past, or that it is a guess."""
    told = [word for word in caveats(row) if word in ("past", "unsure")]
    return f' <span class="caveat">{", ".join(told)}</span>' if told else ""


def _underlined(text: str, start: int, end: int, spans: Sequence[Span]) -> str:
    """Part of a text with classes on the words of `spans`, which may overlap."""
    inside = [(a, b, c) for a, b, c in spans if a < end and b > start]
    cuts = sorted({start, end, *(x for a, b, _ in inside for x in (a, b) if start < x < end)})
    parts = []
    for a, b in pairwise(cuts):
        classes = " ".join(sorted({c for x, y, c in inside if x <= a and b <= y}))
        piece = html.escape(text[a:b])
        parts.append(f'<span class="{classes}">{piece}</span>' if classes else piece)
    return "".join(parts)
