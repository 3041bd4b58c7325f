from __future__ import annotations

import pytest

from ceasefire_stance.evaluation.tables import interval, markdown_table, replace_between_markers


def test_only_what_stands_between_the_markers_is_replaced():
    text = "a\n<!-- x -->\nold\n<!-- /x -->\nb\n"
    new = replace_between_markers(text, "x", "one\ntwo")
    assert new == "a\n<!-- x -->\none\ntwo\n<!-- /x -->\nb\n"
    with pytest.raises(ValueError, match="expected the markers"):
        replace_between_markers(text, "y", "z")


def test_tables_and_intervals():
    assert markdown_table(["a", "b"], [["x", "1"]]) == "| a | b |\n| --- | ---: |\n| x | 1 |"
    assert interval({"value": 0.614, "low": 0.5, "high": 0.7}) == "0.61 (0.50–0.70)"
