"""Clauses of a sentence, the condition in its own words, and whether a position is past."""

from __future__ import annotations

import re

_BREAK = re.compile(
    "|".join(
        (
            r";\s+",
            r",\s+(?=(?:where|after which)\s)",
            r":\s+(?=[A-Z“\"])",
            r",?\s+(?=(?:while|whereas|although|though)\s)",
            r",\s+(?=(?:but|yet)\s)",
            r"\s+(?=but\s)",
            r",\s+(?=and\s+(?:the\s+)?[A-Z])",
            r"\s+[—–]\s+",
            r"(?<!such)\s+as\s+(?=[A-Z])",
        )
    )
)
# Ordered: the first kind that is found gives the condition.
_CONDITIONS = tuple(
    re.compile(r"\b(?:" + "|".join(markers) + r")\b", re.IGNORECASE)
    for markers in (
        (
            r"only\s+(?:if|after|when|once|on (?:the )?condition(?: that)?)",
            r"only\s+in (?:exchange|return) for",
            r"unless",
            r"not\s+(?:until|before)",
            r"on (?:the )?condition (?:that|of)",
            r"provided(?: that)?",
            r"providing that",
            r"(?:so|as) long as",
            r"in (?:exchange|return) for",
            r"(?:contingent|conditional|dependent) (?:up)?on",
            r"subject to",
            r"in the event(?: that| of)?",
        ),
        (r"must first", r"must be", r"until", r"(?<!asked )(?<!see )if", r"once"),
        (
            r"push(?:es|ed)? for",
            r"insist(?:s|ed|ing)? (?:on|that)",
            r"demand(?:s|ed|ing)?",
            r"want(?:s|ed)?",
            r"seek(?:s|ing)?",
            r"sought",
            r"need(?:s|ed)?",
            r"await(?:s|ed|ing)?",
            r"require(?:s|d)?",
            r"ask(?:s|ed|ing)? for",
        ),
        (r"before", r"without"),
    )
)
_END = re.compile(
    r"[;”\"]|,\s+(?=(?:he|she|it|they|said|says|the|according|adding|while|but|and\s+[A-Z])\b)|"
    # ", Eva Lund said", ", its envoy told reporters": who says it is no part of the condition.
    r",\s+(?=(?:[\w’'.-]+\s+){1,5}(?:said|says|told)\b)|"
    r",?\s+(?=(?:said|says|told|according to|adding that|while)\b)|"
    r"(?<![A-Z])(?<!\bMr)(?<!\bMrs)(?<!\bDr)(?<!\bGen)[.!?](?:\s|$)"
)
_PAST = re.compile(
    r"\b(?:(?:has|have)\s+(?:repeatedly|previously|often|twice|three times)\b|"
    r"(?:repeatedly|previously|earlier|initially|originally|formerly|once)\s+\w+ed\b|"
    r"(?:earlier|last|previous)\s+(?:this\s+)?(?:week|month|year|spring|summer|autumn|winter)\b|"
    r"(?:days|weeks|months|years)\s+(?:ago|earlier|before)|in the past\b|back in\b)",
    re.IGNORECASE,
)

_OTHERS = r"(?:they|he|she|it|the (?:\w+ )?\w+|(?:[A-Z][\w’'-]+ ?){1,3})"
_THREAT = re.compile(
    rf"\b(?:[Ii]f|[Ss]hould) {_OTHERS} ?(?:says? no|refuses?|rejects?|turns? (?:it|this|that) down|"
    r"(?:does|do|did) not (?:accept|agree|sign|say yes)|fails? to (?:accept|agree|sign))\b"
)
_HAD = re.compile(r"\bhad\s+(?!to\b)(?:\w+\s+)?\w+(?:ed|en|own|aid|old|ought)\b", re.IGNORECASE)
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_THEN = re.compile(rf"^\s*(?:back\s+)?in\s+(?:{_MONTHS}|(?:19|20)\d\d)\b", re.IGNORECASE)
_SAID = re.compile(r"\b(?:said|says|told|added|announced|confirmed|reported)\b", re.IGNORECASE)


def clause_spans(text: str) -> list[tuple[int, int]]:
    """The (start, end) offsets of the main clauses of a sentence, quotes kept whole."""
    quotes = [m.span() for m in re.finditer(r"“[^”]*”|\"[^\"]*\"", text)]
    cuts = [
        m.span()
        for m in _BREAK.finditer(text)
        if not any(a < m.start() < b for a, b in quotes)
    ]  # fmt: skip
    spans = []
    start = 0
    for low, high in [*cuts, (len(text), len(text))]:
        if text[start:low].strip():
            spans.append((start, low))
        start = high
    return spans


def condition_span(text: str, start: int = 0, end: int | None = None) -> tuple[int, int] | None:
    """The words of the condition in ``text[start:end]``, marker included, or None.

    The clause after *unless / only if / until / in exchange for / wants …*; where there are several
    markers, the one that can be nothing else comes first.
    """
    stop = len(text) if end is None else end
    for pattern in _CONDITIONS:
        match = pattern.search(text, start, stop)
        if match:
            after = _END.search(text, match.end() + 1, stop)
            last = after.start() if after else stop
            words = text[match.start() : last].rstrip(' .,;:”"')
            if len(words) > match.end() - match.start() + 2:
                return match.start(), match.start() + len(words)
    return None


def is_threat(text: str) -> bool:
    """Whether a sentence says what will follow if others refuse: that urges them (rule 1)."""
    return _THREAT.search(text) is not None


def is_past(text: str, start: int = 0, end: int | None = None) -> bool:
    """Whether a clause tells a position of earlier days ("has repeatedly rejected")."""
    clause = text[start:end]
    if _PAST.search(clause) or _THEN.search(clause):
        return True
    had = _HAD.search(clause)
    # "said it had accepted": reported speech puts a present position one tense back.
    return had is not None and _SAID.search(clause, 0, had.start()) is None
