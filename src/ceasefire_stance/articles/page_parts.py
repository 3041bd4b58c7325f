"""What the pages are put together from: escaped words, signs, tables and the page around them."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

import pandas as pd

Row = Mapping[str, Any]

STANCE_MEANINGS = {
    "accepts": "agrees to, keeps, brokers or calls for a ceasefire",
    "conditional": "makes its yes depend on something, or withholds it",
    "rejects": "refuses, opposes or ends a ceasefire",
    "mixed": "says yes in one place and no in another",
}
BEFORE = {
    "accepts": "accepted before",
    "conditional": "set conditions before",
    "rejects": "rejected before",
}
_CODES = (
    ("iso3", "ISO3", "ISO 3166-1 alpha-3"),
    ("cow", "COW", "Correlates of War"),
    ("gwno", "GW", "Gleditsch and Ward"),
)
UNSURE_SIGN = '<span class="doubt">unsure</span>'
UNSURE_MEANING = (
    "so improbable that the model would rather not answer; readings like this are often wrong, so "
    "check them first"
)
# The shapes are those of the project's plots (circle, square, triangle); what is drawn on them
# tells them apart at the size of a letter.
_SYMBOLS = {
    "accepts": '<circle class="shape" r="7"/><path class="drawn" d="M-3.4 .2-.9 2.8 3.6-2.6"/>',
    "conditional": (
        '<rect class="shape" x="-6.6" y="-6.6" width="13.2" height="13.2" rx="1.5"/>'
        '<path class="drawn" d="M-3.6 0h.01M0 0h.01M3.6 0h.01"/>'
    ),
    "rejects": (
        '<path class="shape" d="M0-7.4 7.6 6.6H-7.6Z"/>'
        '<path class="drawn" d="M-2.2-.4 2.2 4M2.2-.4-2.2 4"/>'
    ),
    "mixed": (
        '<path class="shape" d="M0-7.8 7.8 0 0 7.8-7.8 0Z"/><path class="drawn" d="M0-4.5V4.5"/>'
    ),
    "none": '<circle class="shape" r="4"/>',
}


def words(value: object) -> str:
    """A cell as text; nothing for a missing value."""
    return "" if value is None or value is pd.NA or value != value else str(value)


def escaped(value: object) -> str:
    """A cell as text that is safe in HTML, in and outside of attributes."""
    return html.escape(words(value))


def share(value: object) -> str:
    """A probability with two decimals, a dash if there is none."""
    return f"{float(words(value)):.2f}" if words(value) else "–"


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame by the names of its columns."""
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def stance_class(value: object) -> str:
    """The CSS class of a stance; ``none`` for anything else, so that it cannot break a tag."""
    return words(value) if words(value) in STANCE_MEANINGS else "none"


def sign(stance: object) -> str:
    """The sign of a stance, silent to screen readers: a word always stands beside it."""
    name = stance_class(stance)
    return f'<svg class="sign {name}" aria-hidden="true"><use href="#i-{name}"></use></svg>'


def stance_words(stance: object) -> str:
    """A stance as sign and word."""
    name = stance_class(stance)
    return f'<span class="stance {name}">{sign(stance)} {escaped(stance)}</span>'


def is_unsure(claim: Row) -> bool:
    """Whether the model would rather not have given a claim its stance."""
    return words(claim.get("abstained")) == "True"


def all_unsure(position: Row) -> bool:
    """Whether every claim behind a position is one of which the model is unsure."""
    return 0 < whole(position.get("n_claims")) <= whole(position.get("n_unsure"))


def whole(value: object) -> int:
    """A count; 0 for a missing one."""
    return int(float(words(value) or 0))


def caveats(claim: Row) -> list[str]:
    """What a reader should know of a claim before relying on it, in words."""
    told = (
        ("past", words(claim.get("when")) == "past"),
        ("reported by others", words(claim.get("source")) == "others"),
        ("unsure", is_unsure(claim)),
    )
    return [word for word, is_so in told if is_so]


def caveat_words(claim: Row) -> str:
    """The same as HTML, the doubt in its frame."""
    return " · ".join(UNSURE_SIGN if w == "unsure" else w for w in caveats(claim))


def of_all(n: int, total: int, told: str) -> str:
    """How many of an actor's claims something is true of, given as HTML; "" if of none."""
    if n == 0:
        return ""
    return told if n == total else f"{n} of {total} {told}"


def kind_and_codes(actor: Row) -> str:
    """What kind of actor it is and its codes, in a quiet line."""
    parts = [escaped(actor.get("actor_kind"))] + [
        f'<span class="whole"><abbr title="{meaning}">{label}</abbr> {escaped(actor[key])}</span>'
        for key, label, meaning in _CODES
        if words(actor.get(key))
    ]
    told = " · ".join(part for part in parts if part)
    return f'<div class="quiet codes">{told}</div>' if told else ""


def codes_meaning(actors: Iterable[Row]) -> tuple[str, ...]:
    """A line of the legend on codes, if any actor has one."""
    if not any(words(actor.get(key)) for actor in actors for key, _, _ in _CODES):
        return ()
    listed = ", ".join(f"{label} ({meaning})" for _, label, meaning in _CODES)
    return (f"Codes of states: {listed}.",)


def position_cell(row: Row) -> str:
    """A position with its confidence, what was before it and whether it is sure at all."""
    before = words(row.get("past_position"))
    lines = [
        f'<span class="whole">confidence <span class="number">{share(row.get("confidence"))}'
        "</span></span>"
    ]
    if before in BEFORE:
        lines.append(f"{sign(before)} {BEFORE[before]}")
    if 0 < whole(row.get("n_claims")) <= whole(row.get("n_past")):
        lines.append("past only")
    if all_unsure(row):
        lines.append(UNSURE_SIGN)
    quiet = "".join(f'<div class="quiet">{line}</div>' for line in lines)
    return f"{stance_words(row['position'])}{quiet}"


def condition_cell(row: Row) -> str:
    """The condition in the words of the article."""
    if words(row.get("condition")):
        return f"“{escaped(row['condition'])}”"
    sought = words(row.get("position")) == "conditional"
    return '<span class="quiet">no words found for it</span>' if sought else ""


def legend(stances: Iterable[str], more: Sequence[str] = ()) -> str:
    """What the signs mean.

    Parameters
    ----------
    stances : iterable of str
        Those to explain, in order.
    more : sequence of str
        Further lines, as HTML.
    """
    lines = [
        f'<span class="tint {s}">{stance_words(s)}</span> {escaped(STANCE_MEANINGS[s])}'
        for s in stances
    ]
    items = "".join(f"<li>{line}</li>" for line in (*lines, *more))
    return f'<section class="legend"><h2>Signs</h2><ul>{items}</ul></section>'


def card_table(
    labels: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]], caption: str
) -> str:
    """A table that a narrow screen shows as cards.

    Parameters
    ----------
    labels : sequence of str
        Heads of the columns; the first column heads its row.
    rows : iterable of (str, sequence of str)
        Attributes of each row and its cells, both as HTML.
    caption : str
        What the table holds, as text.
    """
    # The roles say again what the elements are: shown as blocks, browsers forget it.
    head = "".join(f'<th scope="col" role="columnheader">{escaped(x)}</th>' for x in labels)
    empty = ' class="empty"'
    body = []
    for attributes, (first, *rest) in rows:
        cells = "".join(
            f'<td role="cell" data-label="{escaped(label)}"{"" if cell else empty}>'
            f"<div>{cell}</div></td>"
            for label, cell in zip(labels[1:], rest, strict=True)
        )
        body.append(
            f'<tr role="row"{attributes}><th scope="row" role="rowheader">{first}</th>{cells}</tr>'
        )
    return (
        f'<table class="cards" role="table"><caption>{escaped(caption)}</caption>'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead>'
        f'<tbody role="rowgroup">{"".join(body)}</tbody></table>'
    )


@lru_cache(maxsize=8)
def _packaged(name: str) -> str:
    return files("ceasefire_stance.articles").joinpath(name).read_text(encoding="utf-8")


def _digest(source: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()


def document(title: str, body: str, script_file: str) -> str:
    """A whole HTML page that needs nothing but itself.

    Parameters
    ----------
    title : str
        As text.
    body : str
        As HTML.
    script_file : str
        The packaged script. Its digest and that of the style sheet are all that the page's policy
        lets run; nothing can be loaded.
    """
    style, script = _packaged("page.css"), _packaged(script_file)
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    symbols = "".join(
        f'<symbol id="i-{name}" class="{name}" viewBox="-8 -8 16 16">{drawn}</symbol>'
        for name, drawn in _SYMBOLS.items()
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escaped(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#main">Skip to the content</a>\n'
        f'<svg class="symbols" aria-hidden="true">{symbols}</svg>\n{body}\n'
        f"<script>{script}</script>\n</body>\n</html>\n"
    )


FOOT = (
    "<footer><p>A machine-made reading: every stance, actor and condition here was guessed by a "
    "program, and its numbers are probabilities, not facts. Check the sentence before you rely on "
    "it.</p></footer>"
)
