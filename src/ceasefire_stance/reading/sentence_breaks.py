"""Where a line breaks into sentences: sentencex, and what it gets wrong in news prose.

sentencex knows most abbreviations, keeps a closed quotation whole and breaks after an abbreviation
only before words such as "He" or "The". What is mended here, and nothing else:

- breaks taken back: after a title before a name ("Ms. Doe", "Sen. Will Smith"), after "No." and
  the like before a number, after a clock time before its day or zone ("5 a.m. Friday"), at an
  ellipsis inside a quotation that the line opens and does not close, inside a dateline;
- breaks added: after the answer "no." (not the "No." of "No. 5"), after a sentence in brackets,
  after two closing signs in a row;
- closing quotes and brackets that stand apart are left with the sentence they close.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import accumulate

from sentencex import get_sentence_boundaries

_BEFORE = 48
"""Characters before a break that the rules look at; keeps the work proportional to the text."""
_TITLES = (
    "Adm|Amb|Atty|Brig|Capt|Cdr|Cmdr|Col|Comdr|Cpl|Cpt|Det|Dr|Fr|Ft|Gen|Gov|Hon|Insp|Lieut|Lt|Maj|"
    "Messrs|Mlle|Mme|Mr|Mrs|Ms|Msgr|Mt|Pfc|Pres|Prof|Pvt|Rep|Reps|Rev|Sen|Sens|Sgt|Spc|Ste|Supt"
)
_TITLE = re.compile(rf"(?<![^\W_])(?:{_TITLES})\.\Z")
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_NUMBERS = r"(?:One|Two|Three|Four|Five|Six|Seven|Eight|Nine|Ten)\b"
_WEEKDAYS = "Mon|Tues?|Wed(?:nes)?|Thu(?:rs?)?|Fri|Sat(?:ur)?|Sun"
_JOINS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (_TITLE, re.compile(r"\S")),
    (
        re.compile(
            r"(?<![^\W_])(?:[Nn]os?|Arts?|[Vv]ols?|Res|[Pp]aras?|[Ff]igs?|pp?|ca?|approx)\.\Z"
        ),
        re.compile(r"\d"),
    ),
    (re.compile(r"(?<![^\W_])No\.\Z"), re.compile(_NUMBERS)),
    (
        re.compile(r"(?<![^\W_])[ap]\. ?m\.\Z"),
        re.compile(
            rf"(?:{_WEEKDAYS})(?:days?\b|\.)|(?:{_MONTHS})[a-z]*\.? \d|(?:GMT|UTC|[A-Z]{{1,3}}T)\b|"
            r"(?:[A-Z][a-z]+ )+(?:[Ss]tandard |[Dd]aylight |[Ss]ummer )?[Tt]ime\b|Eastern\b"
        ),
    ),
    (re.compile(rf"(?<![^\W_])(?:{_WEEKDAYS})\.\Z"), re.compile(rf"\d|(?:{_MONTHS})[a-z]*\.? \d")),
)
_ELLIPSIS = re.compile(r"(?:…|\.\s?\.\s?\.)\Z")
# A place in capitals; names, days, years, an agency in brackets; a dash or TASS's strokes.
_DATELINE = re.compile(
    r"\s*[A-Z][A-Z.'’/-]+(?: [A-Z][A-Z.'’/-]*){0,3}"
    r"(?:[,.]? (?:[A-Z][\w.'’]*|\d{1,2}|\d{4}|\([^()\n]{1,40}\))){0,6}"
    r"[,.]? ?(?:[—–]|--|-(?= )|/[A-Za-z-]{2,12}/\.?)\s*"
)
_ANSWER = re.compile(
    rf"(?<![^\W_])(?:no\.|No\.(?!\s+{_NUMBERS}))(?P<space>\s+)(?=[“\"‘']?[A-Z][a-z])"
)
_BRACKETED = re.compile(r"[a-z’']{3}[.!?](?:[\"”’»]?\)|[\"”’»]{2})(?P<space>\s+)(?=[“\"‘'(]?[A-Z])")
_CLOSING = re.compile(r"(?:[”»)\]]|[\"’'](?=\s|[”»)\]]|\Z))+(?:\s+|\Z)")
_SPACE = re.compile(r"\s*")


def sentence_starts(line: str) -> list[int]:
    """Where the sentences of one line start.

    Parameters
    ----------
    line : str
        A paragraph without line ends.

    Returns
    -------
    list of int
        Ascending indices, the first of them 0; each sentence runs to the start of the next. Empty
        for an empty line.
    """
    if not line:
        return []
    quotations = _Quotations(line)
    starts = {piece["start_index"] for piece in get_sentence_boundaries("en", line)}
    starts.update(
        match.end("space")
        for rule in (_ANSWER, _BRACKETED)
        for match in rule.finditer(line)
        # A closed quotation is one piece, whatever is said in it.
        if not quotations.encloses(match.start("space"))
    )
    dateline = _DATELINE.match(line)
    settled = dateline.end() if dateline else 0
    kept = [0]
    for start in sorted(starts - {0}):
        at = _behind_closing(line, start)
        if max(settled, kept[-1]) < at < len(line) and not _joined(line, at, quotations):
            kept.append(at)
    return kept


class _Quotations:
    """Which places of a line are inside a quotation; looked up, not counted again each time."""

    def __init__(self, line: str) -> None:
        marks = [m for m in re.finditer('[“”"]', line)]
        self._places = [m.start() for m in marks]
        curly = accumulate((m[0] == "“") - (m[0] == "”") for m in marks)
        straight = accumulate(int(m[0] == '"') for m in marks)
        self._open = [c > 0 or s % 2 == 1 for c, s in zip(curly, straight, strict=True)]
        self._last_closed = max((i for i, one in enumerate(self._open) if not one), default=-1)

    def opened(self, at: int) -> bool:
        """Whether a quotation that was opened before `at` is still open there."""
        before = bisect_left(self._places, at)
        return before > 0 and self._open[before - 1]

    def encloses(self, at: int) -> bool:
        """Whether `at` is inside a quotation that the line closes further on."""
        return self.opened(at) and bisect_left(self._places, at) <= self._last_closed


def _behind_closing(line: str, start: int) -> int:
    """`start` behind white space and behind closing signs that stand there alone."""
    start = _SPACE.match(line, start).end()  # type: ignore[union-attr]
    closing = _CLOSING.match(line, start)
    return closing.end() if closing else start


def _joined(line: str, at: int, quotations: _Quotations) -> bool:
    """Whether what stands before `at` goes on there."""
    before = line[max(0, at - _BEFORE) : at].rstrip()
    if any(a.search(before) and b.match(line, at) for a, b in _JOINS):
        return True
    return _ELLIPSIS.search(before) is not None and quotations.opened(at)
