"""Who speaks in a sentence, and where it quotes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ceasefire_stance.articles.mentions import Mention, lexicon

_QUOTE = re.compile('[“”"]')


def speaker_of(text: str, mentions: Sequence[Mention]) -> int | None:
    """The number of the mention beside a verb of speech and outside of quotes, or None."""
    speech = lexicon()["speech"]
    quotes = quoted_spans(text)
    for i, mention in enumerate(mentions):
        if begins_inside(mention, quotes):
            continue
        # "The envoy, Eva Lund, said": the second comma belongs to the name.
        aside = ",?" if "," in mention.text else "(?:,[^,]{0,80},)?"
        after = re.match(rf"{aside}\s*(?:has |had |also |later )?(\w+)", text[mention.end :])
        before = re.search(r"(\w+)\s+$", text[: mention.start])
        lead = text[: mention.start]
        inverted = before and re.search(r"[”\",]\s*\w+\s+$", lead)
        if (after and after.group(1).lower() in speech) or (
            before and inverted and before.group(1).lower() in speech
        ):
            return i
    return None


def begins_inside(mention: Mention, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether a mention begins in one of the spans, of which the ends are exclusive."""
    return any(start <= mention.start < end for start, end in spans)


def quoted_spans(text: str) -> list[tuple[int, int]]:
    """Where a text stands in double quotation marks, from mark to mark, end exclusive.

    A mark that closes what was not opened here ends a quote of the sentence before.
    """
    out: list[tuple[int, int]] = []
    opened: int | None = None
    for found in _QUOTE.finditer(text):
        at = found.start()
        behind = text[at + 1 : at + 2]
        opens = found.group() == "“" or (
            found.group() == '"' and (at == 0 or text[at - 1] in " (—–[") and behind.strip() != ""
        )
        if opens:
            opened = at if opened is None else opened
        else:
            out.append((opened or 0, at + 1))
            opened = None
    return out if opened is None else [*out, (opened, len(text))]
