"""The rules of doubt (learning) and their scores (evaluation)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.figure import Figure

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.stances import PROBABILITY_COLUMNS, STANCES
from ceasefire_stance.evaluation.doubt import (
    COVERAGES,
    draw_risk_coverage,
    draw_set_coverage,
    risk_coverage,
    score_doubt,
)
from ceasefire_stance.evaluation.doubt_page import DOUBT_FILE, write_doubt_page
from ceasefire_stance.learning.doubt import DoubtRule, apply, fit_rule
from ceasefire_stance.learning.thresholds import NEVER

from .posteriors import SHARES, labelled, posteriors


def predictions_of(probabilities, **columns) -> pd.DataFrame:
    values = np.asarray(probabilities, dtype=float)
    frame = pd.DataFrame(values, columns=list(PROBABILITY_COLUMNS))
    frame.insert(0, "sentence_id", [f"s{i}" for i in range(len(values))])
    frame.insert(1, "stance", np.array(STANCES, dtype=object)[values.argmax(axis=1)])
    return frame.assign(abstained=False, **columns)


def rule(**changes) -> DoubtRule:
    fields = {
        "error_target": 0.1,
        "delta": None,
        "per_stance": False,
        "thresholds": dict.fromkeys(STANCES, 0.7),
        "alpha": 0.1,
        "class_conditional": False,
        "quantiles": dict.fromkeys(STANCES, 0.6),
        "n_calibration": 10,
    }
    return DoubtRule(**{**fields, **changes})


# The rule


def test_a_rule_marks_what_is_unsure_and_names_what_is_possible():
    frame = predictions_of(
        [[0.75, 0.15, 0.05, 0.05], [0.05, 0.45, 0.42, 0.08], [0.28, 0.3, 0.2, 0.22]]
    )
    out = apply(frame, rule())
    assert out["abstained"].tolist() == [False, True, True]
    # In the third no stance reaches 0.4: the answer stands alone.
    assert out["stance_set"].tolist() == ["accepts", "conditional,none", "conditional"]
    assert out["stance"].tolist() == frame["stance"].tolist()
    assert "stance_set" not in frame
    assert not frame["abstained"].any()


def test_a_rule_may_have_a_threshold_for_each_stance():
    frame = predictions_of([[0.75, 0.1, 0.1, 0.05], [0.05, 0.1, 0.1, 0.75]])
    out = apply(frame, rule(thresholds=dict.fromkeys(STANCES, 0.7) | {"rejects": NEVER}))
    assert out["abstained"].tolist() == [False, True]


@given(posteriors(), st.floats(0, 1), st.floats(0, 1))
def test_the_answer_is_in_its_set(probabilities, threshold, quantile):
    frame = predictions_of(probabilities)
    out = apply(
        frame,
        rule(
            thresholds=dict.fromkeys(STANCES, threshold),
            quantiles=dict.fromkeys(STANCES, quantile) | {"none": 0.0},
        ),
    )
    sets = [s.split(",") for s in out["stance_set"]]
    assert all(stance in s for stance, s in zip(out["stance"], sets, strict=True))
    assert all(s == sorted(set(s)) and set(s) <= set(STANCES) for s in sets)


def test_fitting_uses_answers_and_gold():
    probabilities = [[0.9, 0.1, 0, 0], [0.8, 0.1, 0.1, 0], [0.1, 0.1, 0.1, 0.7], [0, 0.3, 0.1, 0.6]]
    gold = ["accepts", "accepts", "none", "rejects"]
    chosen = fit_rule(predictions_of(probabilities), gold, error_target=0.3, delta=None, alpha=0.5)
    assert chosen.thresholds == dict.fromkeys(STANCES, 0.6)
    # Scores 0.1, 0.2, 0.9, 0.4: the third of four.
    assert list(chosen.quantiles.values()) == pytest.approx([0.4] * 4)
    assert chosen.n_calibration == 4
    each = fit_rule(
        predictions_of(probabilities), gold, error_target=0.3, delta=None, per_stance=True,
        alpha=0.5, class_conditional=True,
    )  # fmt: skip
    # Of the two answers rejects, the surer is wrong; conditional and none were never given.
    assert each.thresholds == {
        "accepts": 0.8, "conditional": NEVER, "none": NEVER, "rejects": NEVER
    }  # fmt: skip
    assert each.quantiles["conditional"] == 1
    assert each.quantiles["none"] == pytest.approx(0.9)


@given(labelled(), SHARES, SHARES, st.booleans(), st.sampled_from([None, 0.1]))
def test_a_rule_survives_being_saved(sample, target, alpha, each, delta):
    probabilities, right = sample
    chosen = fit_rule(
        predictions_of(probabilities), [STANCES[i] for i in right], error_target=target,
        delta=delta, per_stance=each, alpha=alpha, class_conditional=each,
    )  # fmt: skip
    again = DoubtRule.from_dict(json.loads(json.dumps(chosen.as_dict())))
    assert again == chosen


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alpha": ...}, "'alpha' is missing"),
        ({"more": 1}, "'more' is unknown"),
        ({"thresholds": {"accepts": 0.5}}, "a number for each of"),
        ({"quantiles": None}, "a number for each of"),
        ({"quantiles": dict.fromkeys(STANCES, float("nan"))}, "between 0 and 2"),
        ({"thresholds": dict.fromkeys(STANCES, "0.5")}, "between 0 and 2"),
    ],
)
def test_a_spoilt_rule_is_refused(change, message):
    saved = {k: v for k, v in (rule().as_dict() | change).items() if v is not ...}
    with pytest.raises(DataError, match=message):
        DoubtRule.from_dict(saved)


def test_fitting_refuses_what_it_cannot_use():
    frame = predictions_of([[0.7, 0.1, 0.1, 0.1]])
    with pytest.raises(DataError, match="1 predictions and 2 labels"):
        fit_rule(frame, ["none", "none"])
    with pytest.raises(DataError, match="1 of them unknown"):
        fit_rule(frame, ["maybe"])
    with pytest.raises(DataError, match="0 predictions"):
        fit_rule(frame.iloc[:0], [])
    with pytest.raises(DataError, match="alpha is 1"):
        fit_rule(frame, ["none"], alpha=1)
    with pytest.raises(DataError, match="'p_none' is missing"):
        apply(frame.drop(columns="p_none"), rule())
    with pytest.raises(DataError, match="stance is 'maybe'"):
        apply(frame.assign(stance="maybe"), rule())


# Scores of doubt


def ones(n: int) -> np.ndarray:
    return np.ones((2, n))


def test_the_area_is_the_one_that_is_found_by_hand():
    confidence, wrong = np.array([0.7, 0.9, 0.6, 0.8]), np.array([False, False, False, True])
    scores = risk_coverage(confidence, wrong, ones(4))
    # Risks from the surest: 0, 1/2, 1/3, 1/4. The perfect order has 0, 0, 0, 1/4.
    assert scores["aurc"]["value"] == pytest.approx((1 / 2 + 1 / 3 + 1 / 4) / 4, abs=1e-6)
    assert scores["e_aurc"]["value"] == pytest.approx((1 / 2 + 1 / 3) / 4, abs=1e-6)
    assert scores["error"]["value"] == 0.25
    risk = {p["coverage"]: p["risk"]["value"] for p in scores["curve"]}
    assert (risk[0.25], risk[0.5], risk[0.75], risk[1.0]) == pytest.approx(
        (0, 1 / 2, 1 / 3, 1 / 4), abs=1e-6
    )


def test_equal_confidences_have_one_risk():
    scores = risk_coverage(np.full(4, 0.5), np.array([True, False, False, False]), ones(4))
    assert scores["aurc"]["value"] == 0.25
    assert {p["risk"]["value"] for p in scores["curve"]} == {0.25}


def test_a_sentence_drawn_twice_counts_as_two_of_one_confidence():
    confidence, wrong = np.array([0.9, 0.8, 0.7]), np.array([False, True, False])
    weights = np.array([[1.0, 2.0, 0.0], [1.0, 2.0, 0.0]])
    repeated = risk_coverage(np.array([0.9, 0.8, 0.8]), np.array([False, True, True]), ones(3))
    assert risk_coverage(confidence, wrong, weights) == repeated


@given(arrays(float, 30, elements=st.floats(0, 1)), arrays(bool, 30))
def test_the_excess_is_never_negative_and_a_perfect_order_has_none(confidence, wrong):
    scores = risk_coverage(confidence, wrong, ones(30))
    assert scores["e_aurc"]["value"] >= -1e-6
    perfect = risk_coverage(np.linspace(1, 0, 30), np.sort(wrong), ones(30))
    assert perfect["e_aurc"]["value"] == pytest.approx(0, abs=1e-6)
    assert scores["curve"][-1]["risk"]["value"] == pytest.approx(wrong.mean(), abs=1e-6)


@pytest.fixture
def scored():
    probabilities = [
        [0.8, 0.1, 0.05, 0.05],
        [0.1, 0.5, 0.3, 0.1],
        [0.05, 0.05, 0.85, 0.05],
        [0.1, 0.1, 0.45, 0.35],
    ]
    gold = pd.DataFrame(
        {
            "sentence_id": ["s0", "s1", "s2", "s3"],
            "article_id": ["a", "a", "b", "b"],
            "stance": ["accepts", "none", "none", "rejects"],
        }
    )
    return gold, apply(predictions_of(probabilities), rule(quantiles=dict.fromkeys(STANCES, 0.66)))


def test_abstention_and_sets_are_counted(scored):
    gold, predictions = scored
    # Sets: accepts; conditional (0.3 is not enough for none); none; none and rejects.
    scores = score_doubt(gold, predictions, resamples=50)
    assert (scores["n_sentences"], scores["n_articles"]) == (4, 2)
    assert scores["abstention"]["coverage"]["value"] == 0.5
    assert scores["abstention"]["risk"]["value"] == 0
    none = scores["abstention"]["per_stance"]["none"]
    assert (none["support"], none["coverage"]["value"], none["risk"]["value"]) == (2, 0.5, 0)
    # Every answer conditional was abstained from, so that it has no risk.
    assert "risk" not in scores["abstention"]["per_stance"]["conditional"]
    sets = scores["sets"]
    assert sets["coverage"]["value"] == 0.75
    assert sets["size"]["value"] == 1.25
    assert sets["sizes"] == {"0": 0, "1": 3, "2": 1, "3": 0, "4": 0}
    assert sets["per_class"]["none"]["coverage"]["value"] == 0.5
    assert sets["per_class"]["rejects"]["size"]["value"] == 2
    assert "conditional" not in sets["per_class"]
    json.dumps(scores)


def test_intervals_are_by_article():
    gold = pd.DataFrame(
        {
            "sentence_id": [f"s{i}" for i in range(40)],
            "article_id": ["a"] * 20 + ["b"] * 20,
            "stance": ["accepts"] * 20 + ["rejects"] * 20,
        }
    )
    scores = score_doubt(gold, predictions_of([[0.7, 0.1, 0.1, 0.1]] * 40), resamples=200)
    # One article is all right and one all wrong: nothing narrower can be said.
    error = scores["risk_coverage"]["error"]
    assert (error["value"], error["low"], error["high"]) == (0.5, 0, 1)


def test_without_a_rule_only_the_order_is_scored(scored):
    gold, predictions = scored
    scores = score_doubt(gold, predictions.drop(columns=["abstained", "stance_set"]), resamples=20)
    assert set(scores) == {"n_sentences", "n_articles", "risk_coverage"}


def test_tables_read_as_text_are_scored_alike(scored):
    gold, predictions = scored
    as_text = predictions.assign(abstained=predictions["abstained"].map(str))
    assert score_doubt(gold, as_text, 20) == score_doubt(gold, predictions, 20)


def test_predictions_may_stand_in_another_order(scored):
    gold, predictions = scored
    assert score_doubt(gold, predictions.iloc[::-1], 20) == score_doubt(gold, predictions, 20)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("abstained", "perhaps", "expected true or false"),
        ("stance_set", "accepts, none", "stance_set holds ' none'"),
    ],
)
def test_odd_values_are_refused(scored, column, value, message):
    gold, predictions = scored
    with pytest.raises(DataError, match=message):
        score_doubt(gold, predictions.assign(**{column: value}), 20)


def test_labels_alone_have_no_confidence(scored):
    gold, predictions = scored
    with pytest.raises(DataError, match="is missing"):
        score_doubt(gold, predictions[["sentence_id", "stance"]], 20)


@settings(max_examples=25)
@given(labelled())
def test_any_rule_can_be_scored(sample):
    probabilities, right = sample
    assume(len(right) > 1)
    gold = pd.DataFrame(
        {
            "sentence_id": [f"s{i}" for i in range(len(right))],
            "article_id": [f"a{i % 3}" for i in range(len(right))],
            "stance": [STANCES[i] for i in right],
        }
    )
    frame = predictions_of(probabilities)
    applied = apply(frame, fit_rule(frame, gold["stance"].tolist(), delta=None))
    scores = score_doubt(gold, applied, resamples=5)
    assert scores["sets"]["coverage"]["value"] >= 0.9 - 1e-6
    assert sum(scores["sets"]["sizes"].values()) == len(right)


def test_curves_and_coverage_are_drawn(scored):
    scores = score_doubt(*scored, resamples=20)
    ax = draw_risk_coverage({"test": scores["risk_coverage"]}, "Risk")
    assert list(ax.lines[0].get_xdata()) == list(COVERAGES)
    assert ax.get_title() == "Risk"
    sets = draw_set_coverage(scores["sets"], 0.1, "Sets")
    assert [t.get_text().split()[0] for t in sets.get_yticklabels()] == [
        "accepts", "none", "rejects"
    ]  # fmt: skip
    for one in (ax, sets):
        figure = one.get_figure()
        assert isinstance(figure, Figure)
        figure.canvas.draw()


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (0.01, 0.04, "it keeps to it"),
        (0.03, 0.07, "the interval reaches beyond it"),
        (0.06, 0.09, "it does not keep to it"),
    ],
)
def test_the_page_says_whether_the_target_is_met_on_real_news(tmp_path, low, high, told):
    published = Path(__file__).parents[1] / "reports" / "doubt" / DOUBT_FILE
    metrics = json.loads(published.read_text(encoding="utf-8"))
    assert metrics["rule"]["error_target"] == 0.05
    risk = {"value": 0.05, "low": low, "high": high}
    metrics["sets"]["real_news_all"]["abstention"]["risk"] = risk
    write_doubt_page(tmp_path, metrics)
    assert f"as measured, {told} (0.05" in (tmp_path / "README.md").read_text(encoding="utf-8")
