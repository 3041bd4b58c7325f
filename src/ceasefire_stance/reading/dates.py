"""Dates as tables write them."""

from __future__ import annotations

import datetime
import re

from ceasefire_stance.corpus.errors import DataError

_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september",
           "october", "november", "december")  # fmt: skip
_DAY_NAME = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? )?"
_YEAR = r"(?P<y>\d{4})(?!\d)"
_DATES = (
    re.compile(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)"),
    re.compile(r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?!\d)"),
    re.compile(
        rf"{_DAY_NAME}(?P<d>\d{{1,2}})(?:st|nd|rd|th)? (?P<m>[A-Za-z]{{3,9}})\.?,? {_YEAR}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_DAY_NAME}(?P<m>[A-Za-z]{{3,9}})\.? (?P<d>\d{{1,2}})(?:st|nd|rd|th)?,? {_YEAR}",
        re.IGNORECASE,
    ),
)


def iso_date(value: object, source: str) -> str:
    """A date of a table as YYYY-MM-DD, "" for a missing one.

    Understood are ISO dates and times, year-month-day with other signs, "3 March 2020" and
    "March 3, 2020", with or without a weekday and a time behind them.

    Raises
    ------
    DataError
        For everything else: which number of 03/04/2020 is the month cannot be told.
    """
    if isinstance(value, datetime.date):
        return (value.date() if isinstance(value, datetime.datetime) else value).isoformat()
    stated = "" if value is None or value != value else str(value).strip()
    for pattern in _DATES:
        match = pattern.match(stated)
        if match:
            try:
                return datetime.date(
                    int(match["y"]), _month(match["m"]), int(match["d"])
                ).isoformat()
            except ValueError:
                break
    if stated:
        raise DataError(
            f"{source}: found {stated[:40]!r} as the date; expected YYYY-MM-DD. Rewrite the "
            "column or name another with --date-column (in Python date_column)."
        )
    return ""


def _month(name: str) -> int:
    """The number of a month given as such or by three letters of its name or more."""
    if name.isdigit():
        return int(name)
    return 1 + [month.startswith(name.lower()) for month in _MONTHS].index(True)
