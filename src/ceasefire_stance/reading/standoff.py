"""Labels that stand off from their text: fingerprints instead of sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ceasefire_stance.corpus.fingerprints import ANCHOR_LENGTHS, Fingerprint, fingerprint
from ceasefire_stance.reading.segmentation import sentence_spans

KEPT = ("sentence_id", "part", "article_id", "conflict", "outlet", "date", "position", "stance",
        "actor", "first", "second")  # fmt: skip
SOURCE = ("dataset", "path", "url")


def stand_off(
    claims: pd.DataFrame, sources: Mapping[str, Mapping[str, str]]
) -> list[dict[str, Any]]:
    """Rows without text for rows with text.

    Parameters
    ----------
    claims : DataFrame
        The real-news set, one row per claim.
    sources : mapping
        article_id → `dataset`, `path`, `url` of a public copy, where known.

    Returns
    -------
    list of dict
        The labels and, for the sentence and the holder, `…_letters`, `…_sha`, `…_anchor`,
        `…_lead`, `…_trail` (see `Fingerprint`); for the context lists of the same; and
        `holder_start`, how many letters of the sentence stand before the holder. `first` and
        `second` are "" where a sentence has one label only.
    """
    rows = []
    for claim in claims.fillna("").to_dict("records"):
        source = sources.get(str(claim["article_id"]), {})
        row: dict[str, Any] = {str(k): claim.get(k, "") for k in KEPT}
        row["position"] = int(claim["position"])
        row.update({k: str(source.get(k, "")) for k in SOURCE})
        row.update(_columns("sentence", fingerprint(str(claim["text"]))))
        row.update(_columns("holder", fingerprint(str(claim["holder"]))))
        row["holder_start"] = _letters_before(str(claim["text"]), str(claim["holder"]))
        pieces = [fingerprint(piece) for piece in _pieces(str(claim["context"]))]
        for name in ("letters", "sha", "anchor", "lead", "trail"):
            row[f"context_{name}"] = [getattr(p, name) for p in pieces]
        rows.append(row)
    return rows


def _columns(prefix: str, one: Fingerprint) -> dict[str, Any]:
    return {
        f"{prefix}_{name}": getattr(one, name)
        for name in ("letters", "sha", "anchor", "lead", "trail")
    }


def _pieces(context: str) -> Sequence[str]:
    """The sentences of a context, if they can be joined to it again; otherwise the whole."""
    pieces: list[str] = []
    for start, end in sentence_spans(context):
        # A number or an exclamation is too short to be looked for alone.
        if pieces and min(_letters(pieces[-1]), _letters(context[start:end])) < ANCHOR_LENGTHS[0]:
            pieces[-1] += " " + context[start:end]
        else:
            pieces.append(context[start:end])
    return pieces if " ".join(pieces) == context else [context]


def _letters(text: str) -> int:
    return fingerprint(text).letters


def _letters_before(text: str, part: str) -> int:
    return _letters(text[: max(0, text.find(part))])
