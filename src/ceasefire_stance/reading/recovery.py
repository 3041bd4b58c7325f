"""Find the sentences of the real-news benchmark again in copies of the articles."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ceasefire_stance.corpus.fingerprints import (
    ANCHOR_LENGTHS,
    Fingerprint,
    digest,
    letters_of,
    plain_text,
    rolling_hashes,
)

CHUNK = 1_000_000
"""Characters looked at at once; what bounds the memory."""
OVERLAP = 6_000
"""Characters that neighbouring chunks share: longer than any fingerprinted text."""
_BITMAP_BITS = 22
_BREAKS = re.compile(r"\s*[\n\r\t]\s*")


@dataclass
class Searcher:
    """Looks for fingerprints in any number of texts.

    Parameters
    ----------
    wanted : iterable of Fingerprint
        Those to look for.

    Attributes
    ----------
    found : dict
        SHA → the text as it stands in the copy first seen, line breaks made spaces.
    characters : int
        How many characters have been looked at.
    """

    wanted: Iterable[Fingerprint]
    found: dict[str, str] = field(default_factory=dict)
    characters: int = 0

    def __post_init__(self) -> None:
        by_anchor: dict[int, dict[int, dict[str, Fingerprint]]] = {
            n: defaultdict(dict) for n in ANCHOR_LENGTHS
        }
        self._short: dict[int, dict[str, Fingerprint]] = defaultdict(dict)
        for one in self.wanted:
            if one.anchor_length:
                by_anchor[one.anchor_length][one.anchor][one.sha] = one
            elif one.letters:
                self._short[one.letters][one.sha] = one
        self._by_anchor = by_anchor
        self._lacking: set[str] = set()
        self._anchors = {
            n: np.array(sorted(table), dtype=np.uint32) for n, table in by_anchor.items()
        }
        self._bitmaps = {n: _bitmap(values) for n, values in self._anchors.items()}

    def search(self, raw: str) -> None:
        """Look through one text."""
        self.characters += len(raw)
        text = plain_text(raw)
        for start in range(0, max(1, len(text)), CHUNK):
            self._search_chunk(text[start : start + CHUNK + OVERLAP])

    def _search_chunk(self, text: str) -> None:
        codes, where = letters_of(text)
        for length in ANCHOR_LENGTHS:
            if not len(self._anchors[length]):
                continue
            hashes = rolling_hashes(codes, length)
            likely = np.flatnonzero(self._bitmaps[length][hashes >> np.uint32(32 - _BITMAP_BITS)])
            hits = likely[np.isin(hashes[likely], self._anchors[length])]
            for start in hits.tolist():
                for one in self._by_anchor[length][int(hashes[start])].values():
                    self._confirm(one, text, codes, where, start)

    def _confirm(
        self, one: Fingerprint, text: str, codes: np.ndarray, where: np.ndarray, start: int
    ) -> None:
        end = start + one.letters
        if end > len(codes) or digest(codes[start:end]) != one.sha:
            return
        self._keep(one, text, int(where[start]), int(where[end - 1]) + 1)
        # Texts too short to be looked for everywhere are looked for right behind this one.
        for letters, table in self._short.items():
            if end + letters <= len(codes):
                sha = digest(codes[end : end + letters])
                if sha in table:
                    last = int(where[end + letters - 1]) + 1
                    self._keep(table[sha], text, int(where[end]), last)

    def _keep(self, one: Fingerprint, text: str, start: int, end: int) -> None:
        """Note a text found; a copy with all its signs around it replaces one without."""
        if one.sha in self.found and one.sha not in self._lacking:
            return
        self.found[one.sha], whole = _cut(text, start, end, one)
        if whole:
            self._lacking.discard(one.sha)
        else:
            self._lacking.add(one.sha)


def find_span(text: str, wanted: Fingerprint, start: int) -> str:
    """The part of a sentence that has the fingerprint `wanted`, "" if it is not there.

    Parameters
    ----------
    start : int
        How many letters of the sentence stand before it.
    """
    plain = plain_text(text)
    codes, where = letters_of(plain)
    end = start + wanted.letters
    if digest(codes[start:end]) != wanted.sha:
        return ""
    return _cut(plain, int(where[start]), int(where[end - 1]) + 1, wanted)[0]


def recover_rows(
    labels: list[Mapping[str, object]], found: Mapping[str, str]
) -> tuple[list[dict[str, object]], list[str]]:
    """Stand-off labels and found texts joined to rows in the form of the real-news set.

    Returns
    -------
    rows : list of dict
        One per claim whose sentence was found. Context sentences not found are left out.
    missing : list of str
        Sentence ids whose sentence was not found.
    """
    rows: list[dict[str, object]] = []
    missing: dict[str, None] = {}
    for label in labels:
        text = found.get(str(label["sentence_sha"]))
        if text is None:
            missing[str(label["sentence_id"])] = None
            continue
        row = {k: v for k, v in label.items() if not k.startswith(("sentence_", "context_"))}
        row = {k: v for k, v in row.items() if not k.startswith("holder_")}
        holder = holder_fingerprint(label)
        pieces = [found[sha] for sha in _list(label["context_sha"]) if sha in found]
        rows.append(
            {
                "sentence_id": label["sentence_id"],
                **row,
                "text": text,
                "context": " ".join(pieces),
                "holder": find_span(text, holder, int(str(label["holder_start"])))
                if holder
                else "",
            }
        )
    return rows, list(missing)


def sentence_fingerprints(label: Mapping[str, object]) -> list[Fingerprint]:
    """The fingerprints of a row's sentence and of its context sentences."""
    columns = ("letters", "sha", "anchor", "lead", "trail")
    own = Fingerprint(*[label[f"sentence_{c}"] for c in columns])  # type: ignore[arg-type]
    context = zip(*[_list(label[f"context_{c}"]) for c in columns], strict=True)
    return [own, *[Fingerprint(*values) for values in context]]


def holder_fingerprint(label: Mapping[str, object]) -> Fingerprint | None:
    """The fingerprint of a row's holder, None if it has none."""
    if not label["holder_letters"]:
        return None
    columns = ("letters", "sha", "anchor", "lead", "trail")
    return Fingerprint(*[label[f"holder_{c}"] for c in columns])  # type: ignore[arg-type]


def _list(value: object) -> list:
    return list(value) if isinstance(value, (list, tuple)) else []


def _bitmap(values: np.ndarray) -> np.ndarray:
    bitmap = np.zeros(1 << _BITMAP_BITS, dtype=bool)
    bitmap[values >> np.uint32(32 - _BITMAP_BITS)] = True
    return bitmap


def _cut(text: str, start: int, end: int, one: Fingerprint) -> tuple[str, bool]:
    """`text[start:end]` with the signs around it that the original had, and whether with all."""
    start, before = _extend(text, start, one.lead, -1)
    end, after = _extend(text, end, one.trail, 1)
    return _BREAKS.sub(" ", text[start:end]).strip(), not (before or after)


def _extend(text: str, at: int, signs: int, step: int) -> tuple[int, int]:
    """Move `at` over signs that are neither letters nor spaces; (where, how many are lacking)."""
    best = at
    while signs:
        index = at if step > 0 else at - 1
        if not 0 <= index < len(text) or text[index].isalnum():
            break
        at += step
        if not text[index].isspace():
            signs -= 1
            best = at
    return best, signs
