"""Fingerprints of text: enough to find a sentence again, not enough to write it down.

A fingerprint is made over letters and digits only, after Unicode decomposition and case folding,
so that spacing, tokenisation, quotes, dashes, HTML and line breaks in another copy do not matter.
"""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

ANCHOR_LENGTHS = (32, 16)
"""Letters that the rolling hash covers: the longer where the text has so many. Texts with fewer
than the shorter are looked for only right after another."""
_BASE = 0x9E3779B97F4A7C15 | 1
_MIX = 0xD6E8FEB86659FD93
_MASK = (1 << 64) - 1
_SEVERAL = 0xFFFFFFFF  # no code point: marks characters that fold to several letters
_TAG = re.compile(r"<!--.*?-->|</?[A-Za-z][^<>]{0,1000}>", re.DOTALL)


@dataclass(frozen=True)
class Fingerprint:
    """What is kept of a text.

    Parameters
    ----------
    letters : int
        Its number of letters and digits.
    sha : str
        SHA-256 of them in UTF-8, the first 128 bits in hexadecimal.
    anchor : int
        32 bits of a polynomial hash of the first 32 (or 16) of them; -1 for shorter texts.
    lead, trail : int
        Signs other than spaces before the first and after the last letter.
    """

    letters: int
    sha: str
    anchor: int
    lead: int
    trail: int

    @property
    def anchor_length(self) -> int:
        """How many letters `anchor` covers; 0 if there is no anchor."""
        return next((n for n in ANCHOR_LENGTHS if self.letters >= n), 0)


@lru_cache(maxsize=70_000)
def _fold(character: str) -> str:
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    return "".join(c for c in folded if c.isalnum())


def plain_text(raw: str) -> str:
    """`raw` without HTML tags and with entities resolved, however often they were escaped."""
    text = raw
    if "&" in text:
        text = html.unescape(html.unescape(text))
    return _TAG.sub("", text) if "<" in text else text


def letters_of(text: str) -> tuple[np.ndarray, np.ndarray]:
    """The letters and digits of a text, folded.

    Returns
    -------
    codes : ndarray of uint32
        Code points of the folded letters.
    where : ndarray of int64
        For each the index in `text` of the character it comes from.
    """
    # Lone surrogates cannot be encoded; they are no letters.
    raw = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    tables = _tables()
    if not text.isascii():
        tables.learn(raw)
    mapped = tables.single[raw]
    where = np.flatnonzero(mapped)
    codes = mapped[where]
    several = np.flatnonzero(codes == _SEVERAL)
    if len(several):
        folds = [_fold(text[i]) for i in where[several].tolist()]
        repeats = np.ones(len(codes), dtype=np.int64)
        repeats[several] = [len(f) for f in folds]
        first = (np.cumsum(repeats) - repeats)[several].tolist()
        codes, where = np.repeat(codes, repeats), np.repeat(where, repeats)
        for at, folded in zip(first, folds, strict=True):
            codes[at : at + len(folded)] = [ord(c) for c in folded]
    return codes, where


class _Tables:
    """Code point → folded letter, filled in as characters are met."""

    def __init__(self) -> None:
        self.single = np.zeros(0x110000, dtype=np.uint32)
        self.known = np.zeros(0x110000, dtype=bool)
        self.learn(np.arange(128, dtype=np.uint32))

    def learn(self, raw: np.ndarray) -> None:
        for code in np.unique(raw[~self.known[raw]]).tolist():
            folded = _fold(chr(code))
            self.single[code] = _SEVERAL if len(folded) > 1 else ord(folded) if folded else 0
            self.known[code] = True


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    return _Tables()


def fingerprint(text: str) -> Fingerprint:
    """The fingerprint of `text`, HTML removed."""
    plain = plain_text(text)
    codes, where = letters_of(plain)
    if not len(codes):
        return Fingerprint(0, digest(codes), -1, 0, 0)
    length = next((n for n in ANCHOR_LENGTHS if len(codes) >= n), 0)
    anchor = int(rolling_hashes(codes[:length], length)[0]) if length else -1
    return Fingerprint(
        letters=len(codes),
        sha=digest(codes),
        anchor=anchor,
        lead=_signs(plain[: where[0]]),
        trail=_signs(plain[where[-1] + 1 :]),
    )


def digest(codes: np.ndarray) -> str:
    """128 bits of SHA-256 over folded letters, in hexadecimal."""
    text = codes.astype("<u4").tobytes().decode("utf-32-le")
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


def rolling_hashes(codes: np.ndarray, length: int) -> np.ndarray:
    """32-bit hashes of every window of `length` letters.

    The polynomial sum of c[i] * B**i modulo 2**64 is kept as running totals; a window is the
    difference of two, divided by B**start, B being odd and so invertible. Work and memory are
    proportional to the letters, whatever the length (Karp and Rabin, 1987).

    Returns
    -------
    ndarray of uint32, shape (len(codes) - length + 1,)
        Empty if the text is shorter.
    """
    n = len(codes)
    if n < length:
        return np.empty(0, dtype=np.uint32)
    powers, inverse = _powers(n)
    with np.errstate(over="ignore"):
        spread = (codes.astype(np.uint64) + np.uint64(1)) * np.uint64(_MIX)
        total = np.empty(n + 1, dtype=np.uint64)
        total[0] = 0
        np.cumsum(spread * powers[:n], out=total[1:])
        windows = (total[length:] - total[:-length]) * inverse[: n - length + 1]
        windows ^= windows >> np.uint64(29)
        windows *= np.uint64(_MIX)
    return (windows >> np.uint64(32)).astype(np.uint32)


_POWERS: list[tuple[np.ndarray, np.ndarray]] = []


def _powers(n: int) -> tuple[np.ndarray, np.ndarray]:
    """B**0 … B**(n-1) and their inverses modulo 2**64, kept and grown by doubling."""
    if not _POWERS or len(_POWERS[0][0]) < n:
        size = max(1024, 1 << (n - 1).bit_length())
        rows = []
        for base in (_BASE, pow(_BASE, -1, 1 << 64)):
            factors = np.full(size, base & _MASK, dtype=np.uint64)
            factors[0] = 1
            with np.errstate(over="ignore"):
                rows.append(np.cumprod(factors))
        _POWERS[:] = [(rows[0], rows[1])]
    return _POWERS[0]


def _signs(text: str) -> int:
    return sum(not c.isspace() for c in text)
