from __future__ import annotations

from ceasefire_stance.evaluation import find_drift


def test_equal_results_do_not_drift_and_floats_have_a_tolerance():
    published = {"a": 0.5, "b": [1, 2.0], "c": "x", "d": {"n": 3}}
    now = {"a": 0.50005, "b": [1, 2.0], "c": "x", "d": {"n": 3}}
    assert list(find_drift(published, now)) == []


def test_every_kind_of_difference_is_named_by_its_path():
    published = {"a": 0.5, "b": [1, 2], "c": "x", "d": {"n": 3}, "gone": 1}
    now = {"a": 0.6, "b": [1, 3], "c": "y", "d": {"n": 4}, "new": 2}
    assert [d.where for d in find_drift(published, now)] == ["a", "b[1]", "c", "d.n", "gone", "new"]


def test_a_number_that_is_missing_or_not_finite_drifts():
    assert len(list(find_drift({"a": 0.5}, {"a": float("nan")}))) == 1
    assert len(list(find_drift({"a": [1.0]}, {"a": [1.0, 2.0]}))) == 1
