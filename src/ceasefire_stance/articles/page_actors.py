"""Beside the text of an article: who stands where, what to check first, and a summary to copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ceasefire_stance.articles.page_parts import (
    BEFORE,
    UNSURE_SIGN,
    Row,
    all_unsure,
    card_table,
    caveats,
    condition_cell,
    escaped,
    is_unsure,
    kind_and_codes,
    of_all,
    position_cell,
    share,
    words,
)
from ceasefire_stance.reading.article import Article

_BY_PROGRAM = "Read by a program: check each sentence before you rely on it."


def actor_section(
    places: Sequence[Row],
    numbered: Sequence[tuple[int, Row]],
    actors: Mapping[str, int],
    placed: set[int],
) -> str:
    """The table of actors; actors with claims but without a position come last.

    Parameters
    ----------
    places : sequence of Row
        The positions of the article.
    numbered : sequence of (int, Row)
        Its claims with the numbers of their notes.
    actors : mapping
        The number of each actor that can be chosen.
    placed : set of int
        Numbers of the notes whose sentence is marked in the text.
    """
    of_actor: dict[str, list[tuple[int, Row]]] = {}
    for number, row in numbered:
        of_actor.setdefault(words(row["actor"]), []).append((number, row))
    known = {words(row["actor"]): row for row in places}
    body = []
    for actor, index in actors.items():
        own = of_actor.get(actor, [])
        row = known.get(actor, {})
        button = (
            f'<button type="button" data-actor="{index}" aria-pressed="false">'
            f"{escaped(actor)}</button>"
        )
        body.append(
            (
                "",
                [
                    button + kind_and_codes(row or (own[0][1] if own else {})),
                    position_cell(row) if row else "no position given",
                    _sentence_links(row, own, placed),
                    condition_cell(row),
                ],
            )
        )
    labels = ("Actor", "Position", "Sentences", "Condition")
    caption = "Choose an actor to follow it through the text. Links lead to the sentences."
    table = card_table(labels, body, caption) if body else "<p>No actor was recognised.</p>"
    return (
        f'<section id="actors"><h2>Who stands where</h2>{_check_first(numbered, placed)}'
        f"{table}</section>"
    )


def _check_first(numbered: Sequence[tuple[int, Row]], placed: set[int]) -> str:
    """Links to the claims of which the model is unsure."""
    unsure = [(n, row) for n, row in numbered if is_unsure(row)]
    if not unsure:
        return ""
    claims = "claim" if len(numbered) == 1 else "claims"
    return (
        f'<p class="first"><span class="doubt">Check first</span> The model is unsure of '
        f'{len(unsure)} of {len(numbered)} {claims}: <span class="links number">'
        f"{_links(unsure, placed)}</span></p>"
    )


def _sentence_links(row: Row, own: Sequence[tuple[int, Row]], placed: set[int]) -> str:
    """How many sentences an actor has, links to them, the best evidence first, and whose words."""
    order = {words(c): i for i, c in enumerate(row.get("evidence", ()))}
    best = sorted(own, key=lambda c: order.get(words(c[1]["claim_id"]), len(order)))
    n_sentences = len({words(r["sentence_id"]) for _, r in own})
    found = [word for _, claim in own for word in caveats(claim)]
    told = [
        of_all(found.count(word), len(own), UNSURE_SIGN if word == "unsure" else word)
        or ("own words" if own and word == "reported by others" else "")
        for word in ("reported by others", "past", "unsure")
    ]
    lines = "".join(f'<div class="quiet">{line}</div>' for line in told if line)
    return (
        f'<strong>{n_sentences}</strong> <div class="links number">{_links(best, placed)}</div>'
        f"{lines}"
    )


def _links(claims: Sequence[tuple[int, Row]], placed: set[int]) -> str:
    return "".join(
        f'<a href="#r{n}" aria-label="Sentence of note {n}">{n}</a>'
        if n in placed
        else f'<a href="#n{n}" aria-label="Note {n}">{n}</a>'
        for n, _ in claims
    )


def summary_section(article: Article, places: Sequence[Row], claims: Sequence[Row]) -> str:
    """The positions as plain text, to copy into a message or a script."""
    if not places:
        return ""
    return (
        '<section id="summary"><details><summary>Summary to copy</summary>'
        f'<pre tabindex="0" aria-label="Summary to copy">'
        f"{escaped(summary_text(article, places, claims))}</pre></details></section>"
    )


def summary_text(article: Article, places: Sequence[Row], claims: Sequence[Row]) -> str:
    """Who stands where, on what terms and with which sentence, as plain text.

    Parameters
    ----------
    article : Article
        For the headline, the outlet and the date.
    places : sequence of Row
        The positions of the article, in order.
    claims : sequence of Row
        Its claims; of each actor the best evidence is quoted.
    """
    by_id = {words(row["claim_id"]): row for row in claims}
    title = article.title or article.article_id
    head = " · ".join(part for part in (title, article.outlet, article.published) if part)
    lines = [head, _BY_PROGRAM]
    for row in places:
        notes = [f"confidence {share(row['confidence'])}"]
        notes += [BEFORE[b] for b in [words(row.get("past_position"))] if b in BEFORE]
        notes += ["unsure"] if all_unsure(row) else []
        lines += ["", f"{words(row['actor'])}: {words(row['position'])} ({', '.join(notes)})"]
        if words(row.get("condition")):
            lines.append(f"  Condition: {words(row['condition'])}")
        for claim in [by_id[words(c)] for c in row["evidence"] if words(c) in by_id][:1]:
            told = f" ({', '.join(caveats(claim))})" if caveats(claim) else ""
            lines.append(f"  – {words(claim['text'])}{told}")
    return "\n".join(lines)
