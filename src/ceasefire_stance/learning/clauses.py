"""Clauses of a sentence by light rules: who a clause is about, and what its verb is about.

No parser is used. Punctuation, conjunctions, relatives and reporting verbs end a clause; the
first noun-like word of a clause says what kind of subject it has; the object of a verb is the
first thing named after it. Every step is linear in the length of the sentence.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

OPENERS = (
    "main",
    "that",
    "whether",
    "relative",
    "condition",
    "time",
    "contrast",
    "reason",
    "speech",
)
"""How a clause is introduced."""
SUBJECTS = ("name", "role", "pronoun", "we", "outsider", "impersonal", "nobody", "truce", "unsaid")
"""Whom a clause is about; `unsaid` when neither it nor the clause before says."""

_WORDS = {
    "that": "that",
    "whether": "whether",
    "which": "relative",
    "who": "relative",
    "whose": "relative",
    "whom": "relative",
    "where": "relative",
    "but": "contrast",
    "while": "contrast",
    "although": "contrast",
    "though": "contrast",
    "whereas": "contrast",
    "despite": "contrast",
    "if": "condition",
    "unless": "condition",
    "until": "condition",
    "till": "condition",
    "once": "condition",
    "provided": "condition",
    "providing": "condition",
    "as long as": "condition",
    "so long as": "condition",
    "without": "condition",
    "before": "condition",
    "in exchange": "condition",
    "in return": "condition",
    "on condition": "condition",
    "on the condition": "condition",
    "after": "time",
    "when": "time",
    "since": "time",
    "as": "time",
    "because": "reason",
    "so that": "reason",
}
MARKERS = (
    *(w for w, opener in _WORDS.items() if opener == "condition"),
    "only if",
    "only when",
    "only after",
    "only once",
    "should",
)
"""The words that open a clause of condition; `should` stands for an inversion."""

_BREAK = re.compile(
    r"[,;:!?()\[\]\"]|\.(?=\s|$)|(?<=\s)[-–—]+(?=\s)|—"
    r"|\b(?:only (?:if|when|after|once)|" + "|".join(sorted(_WORDS, key=len, reverse=True)) + r")\b"
    r"|\band (?=(?:then |now |also )?(?:he|she|they|it|we|i|would|will|had|has|have|was|were|is|"
    r"are|did|does|said|says|told|called|urged|asked|rejected|accepted|refused|vowed|warned|that)\b)"
    r"|\b(?:said|says|say|saying|told|tells|added|adding|insisted|insists|insisting|argued|argues|"
    r"arguing|stressed|replied|warned|warning|declared|wrote|explained|maintained|claimed|"
    r"believes?|thinks?)\b"
)
_INVERSION = re.compile(r"\s*(?:should|were|had) (?:the |a |an |any )?\w+ ")
_FOLD = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "«": '"', "»": '"'})

_IMPERSONAL = re.compile(
    r"\W*(?:and |but )?"
    r"(?:there (?:is|was|were|are|has|had|have|would|will|could|can|may|might"
    r"|remain(?:s|ed)?|seem(?:s|ed)?|appear(?:s|ed)?)\b"
    r"|it (?:remain(?:s|ed)?|seem(?:s|ed)?|appear(?:s|ed)?"
    r"|(?:is|was|has been|had been|would be|may be)"
    r"(?: also| not| still| now| far from| by no means)? "
    r"(?:un)?(?:clear|likely|certain|known|sure|said|reported|believed|thought|expected|hoped"
    r"|understood|possible|hard|difficult|too|the first|a|an|agreed|announced))\b)"
)
_SUBJECT = re.compile(
    r"(?P<nobody>\b(?:nobody|no one|none|neither|nothing|few|no (?:side|party|agreement|deal"
    r"|decision|date|word))\b)"
    r"|(?P<outsider>\b(?:analysts?|observers?|experts?|commentators?|historians?|professors?|scholars?"
    r"|researchers?|critics|columnists?|sceptics|skeptics|editorials?|newspapers?|residents?"
    r"|economists?|academics?|lecturer|think-?tanks?|many|some|reports?)\b)"
    r"|(?P<truce>\b(?:cease-?\s?fires?|truces?|armistices?|cessation|pauses?|lulls?|calm)\b)"
    r"|(?P<we>\b(?:we|our|ours|i)\b)"
    r"|(?P<pronoun>\b(?:he|she|they|both|each|his|her|their|its|it)\b)"
    r"|(?P<role>\b(?:officials?|spokes\w+|sources?|ministers?|ministry|presidents?|premier|leaders?"
    r"|leadership|commanders?|generals?|ambassadors?|rebels?|guerrillas?|insurgents?|militias?"
    r"|militants?|separatists?|fighters|government|cabinet|army|military|group|movement|party|council"
    r"|assembly|junta|regime|palace|protesters|demonstrators|lawmakers|senators?|deputies|envoys?"
    r"|mediators?|negotiators?|delegates|delegation|diplomats?|secretary|chief|bishops?|pope|king"
    r"|opposition|coalition|alliance|union|administration|kremlin|parliament|congress|sides?|parties"
    r"|governments|countries|powers"
    r"|families|relatives|aides?|foe|faction|wing"
    r"|office|patriarch|archbishop|bloc|league|commission|committee|court|troops|forces|prime|foreign"
    r"|embassy|chancellor|speaker|delegate|captain|colonel|major|lieutenant|governor|mayor|member|members|supporters"
    r"|bench\w*|hawks|hard-?liners|factions|tribes|clans|gangs?|front|brigade|militiamen)\b)"
)
_NAME = re.compile(r"\b[A-Z][\w'-]+")
_NO_NAMES = (
    "the a an in on at by for from of to and but or if as after before when while although though "
    "since until unless once with without under over during despite that this these those there it "
    "he she they we i you his her its their our my both each all no not only even still yet then "
    "now also so asked what who which where why how monday tuesday wednesday thursday friday "
    "saturday sunday january february march april may june july august september october november "
    "december mr mrs"
)
_FUNCTION_WORDS = frozenset(_NO_NAMES.split())


@dataclass(frozen=True)
class Clause:
    """A stretch of a sentence.

    Parameters
    ----------
    start, end : int
        Where it stands, in characters.
    opener : str
        One of `OPENERS`.
    marker : str
        One of `MARKERS` for a clause of condition, else "".
    quoted : bool
        Whether it stands in quotation marks.
    subject : str
        One of `SUBJECTS`.
    """

    start: int
    end: int
    opener: str
    marker: str
    quoted: bool
    subject: str


@dataclass
class _Open:
    start: int
    opener: str = "main"
    marker: str = ""
    quoted: bool = False


def fold(text: str) -> str:
    """Lower case and straight quotation marks; every character keeps its place."""
    # Wire copy of the 1980s opens a quote with two grave accents and closes it with two acutes.
    low = text.translate(_FOLD).replace("``", ' "').replace("''", '" ')
    folded = low.lower()
    if len(folded) == len(low):
        return folded
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in low)


def split_clauses(text: str, low: str, verbs: Sequence[int] = ()) -> list[Clause]:
    """The clauses of `text`, in order.

    Parameters
    ----------
    text, low : str
        The sentence, and ``fold(text)``.
    verbs : sequence of int
        Where verbs are known to stand, ascending. A subject is looked for before them.
    """
    capitals = not text.isupper()
    clauses: list[Clause] = []
    now = _Open(0)
    quoted = False
    subject = "unsaid"
    for match in _BREAK.finditer(low):
        subject = _close(clauses, now, match.start(), text, low, verbs, subject, capitals)
        sign = match.group()
        if sign == '"':
            quoted = not quoted
        now = _opened(now, match, sign, quoted)
    _close(clauses, now, len(low), text, low, verbs, subject, capitals)
    return clauses


def _opened(before: _Open, match: re.Match[str], sign: str, quoted: bool) -> _Open:
    end = match.end()
    if not sign[0].isalpha():
        # A comma does not end the reach of "if": "if, as he said, …" stays a condition.
        empty = match.start() - before.start < 3
        if empty and before.opener != "main":
            return _Open(end, before.opener, before.marker, quoted)
        return _Open(end, "main", "", quoted)
    if sign in _WORDS:
        opener = _WORDS[sign]
        return _Open(end, opener, sign if opener == "condition" else "", quoted)
    if sign.startswith("only "):
        return _Open(end, "condition", sign, quoted)
    if sign.startswith("and "):
        return _Open(
            end, "that" if before.opener in ("speech", "condition") else before.opener, "", quoted
        )
    return _Open(end, "speech", "", quoted)


def _close(
    done: list[Clause],
    now: _Open,
    end: int,
    text: str,
    low: str,
    verbs: Sequence[int],
    before: str,
    capitals: bool,
) -> str:
    """Append the clause that ends at `end`, unless it is empty; return its subject."""
    if not low[now.start : end].strip():
        return before
    opener, marker = now.opener, now.marker
    if opener == "main" and _INVERSION.match(low, now.start, end):
        opener, marker = "condition", "should"
    first = bisect_left(verbs, now.start)
    stop = min(end, verbs[first]) if first < len(verbs) else end
    own = "impersonal" if _IMPERSONAL.match(low, now.start, end) else ""
    own = own or _subject(text, low, now.start, stop, capitals)
    subject = own or before
    done.append(Clause(now.start, end, opener, marker, now.quoted, subject))
    return subject


def _subject(text: str, low: str, start: int, end: int, capitals: bool) -> str:
    # Only the beginning of a clause holds its subject.
    end = min(end, start + 60)
    found = _SUBJECT.search(low, start, end)
    at, kind = (found.start(), found.lastgroup or "") if found else (end, "")
    if capitals:
        for name in _NAME.finditer(text, start, min(at, end)):
            if low[name.start() : name.end()] not in _FUNCTION_WORDS:
                return "name"
    return kind


def clause_at(starts: Sequence[int], position: int) -> int:
    """The number of the clause that holds `position`; `starts` are the clauses' starts."""
    return max(0, bisect_right(starts, position) - 1)
