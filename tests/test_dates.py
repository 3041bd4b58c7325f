"""Dates as tables write them."""

from __future__ import annotations

import datetime

import pytest

from ceasefire_stance.corpus import DataError
from ceasefire_stance.reading.dates import iso_date


@pytest.mark.parametrize(
    ("value", "day"),
    [
        (None, ""),
        (float("nan"), ""),
        (" ", ""),
        ("2020-3-4", "2020-03-04"),
        ("2020/03/04 10:00", "2020-03-04"),
        ("20200304", "2020-03-04"),
        ("4 March 2020", "2020-03-04"),
        ("4th Mar. 2020", "2020-03-04"),
        ("March 4, 2020", "2020-03-04"),
        ("Wed, 04 Mar 2020 10:00:00 GMT", "2020-03-04"),
        ("Wednesday, March 4th, 2020", "2020-03-04"),
        (datetime.date(2020, 3, 4), "2020-03-04"),
        (datetime.datetime(2020, 3, 4, 23, 59), "2020-03-04"),
    ],
)
def test_dates_become_iso_dates(value, day):
    assert iso_date(value, "x") == day


@pytest.mark.parametrize(
    "value",
    ["03/04/2020", "2020-13-01", "2020-02-30", "1583193600000", "yesterday", "March 2020",
     "4 Marvember 2020", "Updated 3 March 2020", "12020-03-04"],
)  # fmt: skip
def test_dates_that_cannot_be_told_are_refused(value):
    with pytest.raises(DataError, match=r"^x: found .*expected YYYY-MM-DD\. Rewrite"):
        iso_date(value, "x")
