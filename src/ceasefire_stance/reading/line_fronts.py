"""What stands before a sentence and is none: list bullets and the times of live reports."""

from __future__ import annotations

import re

_BULLET = re.compile(r"\s*(?:[-*](?=\s|\Z)|[•‣▪●◦·])\s*")
_ZONE = (
    r"(?:\(?(?:GMT|UTC|BST|IST|MSK|TRT|WEST|WET|CEST|CET|EEST|EET|IDT|PKT|JST|AEST|AEDT|[ECMP][SD]?T)"
    r"(?:[+-]\d{1,2}(?::\d\d)?)?\b\)?)"
)
_HOUR = r"(?:[01]?\d|2[0-3])"
_HALF = r"(?:[AaPp]\.?[Mm]\b\.?)"
# A clock time with colon, or with full stop and am, pm or a zone ("3.15" alone is a number).
_TIME = (
    rf"{_HOUR}:[0-5]\d(?::[0-5]\d)?(?:\s?{_HALF})?(?:\s?{_ZONE})?"
    rf"|{_HOUR}\.[0-5]\d\s?(?:{_HALF}(?:\s?{_ZONE})?|{_ZONE})"
    r"|\d{1,3}\s?(?:s|m|mins?|h|hrs?|d)\s+ago\b"
)
# Written out it may be prose: "2 hours ago Kyiv was quiet".
_PROSE_LIKE = r"\d{1,3}\s(?:seconds?|minutes?|hours?|days?)\s+ago\b"
_STAMP = re.compile(
    rf"\s*[\[(]?(?:{_TIME}|(?P<prose>{_PROSE_LIKE}))[\])]?"
    r"(?P<sign>\s*(?:[—–|·•:]|-+(?=\s)))?(?P<space>\s*)(?P<next>\S?)"
)


def front_length(line: str) -> tuple[int, bool]:
    """How many characters at the front of `line` belong to no sentence.

    A time of a live report is cut off if it stands alone, before a sign such as "—", or before
    something that is not a small letter: "9:30 was the hour" is prose.

    Returns
    -------
    length : int
        Characters of the bullet and the time, with the white space behind them.
    is_item : bool
        Whether the line is an item of a list.
    """
    bullet = _BULLET.match(line)
    length = bullet.end() if bullet else 0
    stamp = _STAMP.match(line, length)
    if stamp and _is_stamp(stamp):
        length = stamp.start("next")
    return length, bullet is not None


def _is_stamp(match: re.Match[str]) -> bool:
    following = match["next"]
    if match["sign"] or not following:
        return True
    if match["prose"] or not match["space"] or following.islower() or following.isdigit():
        return False
    return following.isalnum() or following in "“\"‘'("
