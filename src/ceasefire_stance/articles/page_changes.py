"""Where sentences stand against each other: changes of a position, and reports that differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ceasefire_stance.articles.page_parts import (
    Row,
    caveat_words,
    escaped,
    stance_class,
    stance_words,
    words,
)

_NOTHING = '<p class="nothing quiet" hidden>Nothing of this actor.</p>'


@dataclass(frozen=True)
class Sources:
    """What stands behind a position.

    Parameters
    ----------
    positions : mapping
        Article and actor → the number of the row in the table of all positions, and the row.
    claims : mapping
        Claim id → claim.
    """

    positions: Mapping[tuple[str, str], tuple[int, Row]]
    claims: Mapping[str, Row]

    def evidence(self, position: Row) -> list[Row]:
        """The claims that a position names, the best first."""
        named = (words(c) for c in position.get("evidence", ()))
        return [self.claims[c] for c in named if c in self.claims]


def sources_of(rows: Iterable[tuple[int, Row]], claims: Iterable[Row]) -> Sources:
    """The sources of numbered positions."""
    return Sources(
        {(words(r["article_id"]), words(r["actor"])): (n, r) for n, r in rows},
        {words(r["claim_id"]): r for r in claims},
    )


def quoted(claim: Row, text: str = "") -> str:
    """The sentence of a claim (or `text` in its place) and what makes it count for less."""
    told = caveat_words(claim)
    return (
        f'<blockquote class="{stance_class(claim.get("stance"))}">'
        f"{escaped(text or claim.get('text'))}</blockquote>"
        + (f'<div class="quiet">{told}</div>' if told else "")
    )


def changes_section(rows: Sequence[Row], sources: Sources, actors: Mapping[str, int]) -> str:
    """Each change of position with the two sentences.

    Parameters
    ----------
    rows : sequence of Row
        As from `position_changes`.
    sources : Sources
        What stands behind the positions.
    actors : mapping
        The number of each actor that can be chosen.
    """
    if not rows:
        return _section("changes", "Changes", "<p>No change of position was found.</p>")
    items = "".join(
        _item(
            row,
            actors,
            "",
            [
                _side(sources, row, row[which], row[f"article_{which}"], row[f"date_{which}"],
                      words(row[f"text_{which}"]))
                for which in ("before", "after")
            ],
        )
        for row in rows
    )  # fmt: skip
    listed = f'<ul class="changes">{items}</ul>{_NOTHING}'
    return _section("changes", f"Changes ({len(rows)})", listed)


def differences_section(rows: Sequence[Row], sources: Sources, actors: Mapping[str, int]) -> str:
    """Where articles of one day give an actor different positions, each with its best sentence.

    Parameters
    ----------
    rows : sequence of Row
        As from `outlet_disagreements`.
    sources, actors
        As for `changes_section`.
    """
    title = "Where reports of one day differ"
    if not rows:
        return _section(
            "differences", title, "<p>No two reports of a day were found to differ.</p>"
        )
    items = "".join(
        _item(
            row,
            actors,
            f" · {escaped(row['published'])}",
            [
                _side(sources, row, position, article_id)
                for position, article_id in zip(row["positions"], row["articles"], strict=True)
            ],
        )
        for row in rows
    )
    listed = f'<ul class="changes">{items}</ul>{_NOTHING}'
    return _section("differences", f"{title} ({len(rows)})", listed)


def _section(name: str, title: str, content: str) -> str:
    return f'<section id="{name}"><h2>{title}</h2>{content}</section>'


def _item(row: Row, actors: Mapping[str, int], more: str, sides: Sequence[str]) -> str:
    return (
        f'<li data-actor="{actors[words(row["actor"])]}"><h3>{escaped(row["actor"])}{more}</h3>'
        f'<div class="pair">{"".join(sides)}</div></li>'
    )


def _side(
    sources: Sources, row: Row, stance: object, article: object, day: object = "", text: str = ""
) -> str:
    """One article of a change or a difference: where it stood, the position, the sentence."""
    number, position = sources.positions.get((words(article), words(row["actor"])), (0, {}))
    title = escaped(position.get("title")) or escaped(article)
    linked = f'<a href="#p{number}">{title}</a>' if number else title
    told = " · ".join(x for x in (escaped(day), escaped(position.get("outlet")), linked) if x)
    best = next(iter(sources.evidence(position)), {})
    claim = best if not text or words(best.get("text")) == text else {}
    return (
        f'<div><p class="quiet">{told}</p>{stance_words(stance)}'
        f"{quoted({**claim, 'stance': stance}, text)}</div>"
    )
