"""The rules of doubt (learning) and their scores (evaluation)."""

from __future__ import annotations

import json

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
from ceasefire_stance.learning.calibration import shift_prior
from ceasefire_stance.learning.doubt import (
    NEVER,
    TEMPERATURES,
    DoubtRule,
    abstention_threshold,
    apply,
    conformal_quantiles,
    conformal_sets,
    error_bound,
    estimate_prior,
    fit_rule,
    fit_temperature,
    with_temperature,
)

SHARES = st.floats(0.01, 0.99)


@st.composite
def posteriors(draw, classes=4, least=1):
    n = draw(st.integers(least, 40))
    raw = draw(arrays(float, (n, classes), elements=st.floats(0.001, 1)))
    return raw / raw.sum(axis=1, keepdims=True)


@st.composite
def labelled(draw):
    probabilities = draw(posteriors())
    n = len(probabilities)
    right = draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
    return probabilities, np.array(right, dtype=int)


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


# Conformal sets


def test_the_quantile_is_the_rank_that_the_paper_says():
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]])
    right = np.zeros(4, dtype=int)
    # Scores 0.1 to 0.4; ⌈5 × 0.8⌉ = 4th, ⌈5 × 0.5⌉ = 3rd, ⌈5 × 0.9⌉ = 5th of four: all stay.
    assert conformal_quantiles(probabilities, right, 0.2) == pytest.approx([0.4, 0.4])
    assert conformal_quantiles(probabilities, right, 0.5) == pytest.approx([0.3, 0.3])
    assert conformal_quantiles(probabilities, right, 0.1) == pytest.approx([1.0, 1.0])


def test_class_conditional_quantiles_are_of_the_class_alone():
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]])
    right = np.array([0, 0, 1])
    assert conformal_quantiles(probabilities, right, 0.5, True) == pytest.approx([0.2, 0.7])
    assert conformal_quantiles(probabilities, right[:2] * 0, 0.5, True)[1] == 1


@given(labelled(), SHARES, st.booleans())
def test_sets_cover_their_own_calibration_sample(sample, alpha, class_conditional):
    probabilities, right = sample
    quantiles = conformal_quantiles(probabilities, right, alpha, class_conditional)
    held = conformal_sets(probabilities, quantiles)[np.arange(len(right)), right]
    parts = [right == c for c in set(right)] if class_conditional else [right >= 0]
    for part in parts:
        assert held[part].mean() >= 1 - alpha - 1e-9


@given(labelled(), SHARES, SHARES)
def test_a_stricter_alpha_never_makes_a_set_smaller(sample, one, other):
    strict, lax = sorted((one, other))
    sets = [conformal_sets(sample[0], conformal_quantiles(*sample, a)) for a in (strict, lax)]
    assert (sets[0] >= sets[1]).all()


def test_coverage_holds_on_fresh_exchangeable_data():
    rng = np.random.default_rng(3)
    right = rng.integers(0, 4, 4000)
    logits = rng.normal(size=(4000, 4)) + 1.5 * np.eye(4)[right]
    probabilities = with_temperature(logits, 1.0)
    quantiles = conformal_quantiles(probabilities[:2000], right[:2000], 0.1)
    held = conformal_sets(probabilities, quantiles)[np.arange(4000), right][2000:].mean()
    assert held == pytest.approx(0.9, abs=0.025)


# Abstention


def test_the_threshold_is_the_lowest_that_meets_the_target_in_the_sample():
    confidence = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    right = np.array([True, True, False, True, False])
    # From the top: 0/1, 0/2, 1/3, 1/4, 2/5 wrong.
    assert abstention_threshold(confidence, right, 0.25, None) == 0.6
    assert abstention_threshold(confidence, right, 0.2, None) == 0.8
    assert abstention_threshold(confidence, right, 0.4, None) == 0.5
    assert abstention_threshold(confidence[::-1], right[::-1], 0.2, None) == 0.8


def test_equal_confidences_are_answered_together():
    confidence, right = np.array([0.9, 0.5, 0.5]), np.array([True, True, False])
    assert abstention_threshold(confidence, right, 0.3, None) == 0.9


def test_no_threshold_where_none_is_good():
    wrong = np.array([False, False])
    for delta in (None, 0.1):
        assert abstention_threshold(np.array([0.9, 0.8]), wrong, 0.1, delta) == NEVER
        assert abstention_threshold(np.array([]), wrong[:0], 0.1, delta) == NEVER


def test_the_bound_is_that_of_clopper_and_pearson():
    # No error in n: (1 − bound)ⁿ = δ.
    assert error_bound(0, 10, 0.1) == pytest.approx(1 - 0.1**0.1)
    # One in two: bound² = 1 − δ, the chance of two errors.
    assert error_bound(1, 2, 0.1) == pytest.approx(np.sqrt(0.9))
    assert error_bound(3, 3, 0.1) == 1


@pytest.mark.parametrize(("n", "threshold"), [(44, 0.1), (43, NEVER)])
def test_few_sentences_cannot_show_a_small_error(n, threshold):
    # (1 − 0.1)ⁿ is 0.0097 for 44 and 0.0108 for 43; a hundredth is what each of ten trials has.
    confidence = np.linspace(0.1, 0.9, n)
    assert abstention_threshold(confidence, np.full(n, True), 0.1, 0.1) == threshold


def test_a_bound_tries_tenths_of_the_sample():
    # The surest 100 of 200 are right and the others wrong: half is answered, not a tenth more.
    confidence = np.linspace(0, 1, 200)
    right = confidence > 0.5
    at = abstention_threshold(confidence, right, 0.1, 0.1)
    assert (confidence >= at).sum() == 100


def test_a_bound_answers_less_than_the_sample_alone_allows():
    rng = np.random.default_rng(0)
    confidence = rng.uniform(size=400)
    right = rng.uniform(size=400) < confidence
    sample, bound = (abstention_threshold(confidence, right, 0.2, d) for d in (None, 0.1))
    assert sample < bound < NEVER
    answered = confidence >= bound
    assert error_bound(int((~right[answered]).sum()), int(answered.sum()), 0.1) <= 0.2


@pytest.mark.slow
def test_the_target_is_missed_no_more_often_than_stated():
    rng = np.random.default_rng(1)
    missed = 0
    for _ in range(300):
        confidence = rng.uniform(size=300)
        right = rng.uniform(size=300) < confidence
        at = abstention_threshold(confidence, right, 0.2, 0.1)
        # The error above a threshold t is the mean of 1 − c over c from t to 1.
        missed += at <= 1 and (1 - at) / 2 > 0.2
    assert missed / 300 <= 0.1


@given(arrays(float, 20, elements=st.floats(0, 1)), arrays(bool, 20), SHARES)
def test_answers_above_the_threshold_meet_the_target_in_the_sample(confidence, right, target):
    at = abstention_threshold(confidence, right, target, None)
    answered = confidence >= at
    assert not answered.any() or (~right[answered]).mean() <= target + 1e-9


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


# Prior estimation


def test_the_prior_is_the_one_that_is_found_by_hand():
    # Likelihood ∝ (0.2 + 0.6 π)(0.7 − 0.4 π), whose derivative 0.34 − 0.48 π is 0 at 17/24.
    found = estimate_prior(np.array([[0.8, 0.2], [0.3, 0.7]]), np.array([0.5, 0.5]))
    assert found == pytest.approx([17 / 24, 7 / 24], abs=1e-6)


def test_certain_predictions_give_their_own_shares():
    found = estimate_prior(np.eye(3)[[0, 0, 0, 1]], np.array([0.2, 0.3, 0.5]))
    assert found == pytest.approx([0.75, 0.25, 0])


def test_a_shifted_mix_is_found_again():
    rng = np.random.default_rng(5)
    old, new = np.array([0.5, 0.5]), np.array([0.9, 0.1])
    x = rng.normal(loc=np.where(rng.uniform(size=20_000) < new[1], 1.0, -1.0))
    # Normal classes at ±1 with variance 1: the log-odds of the second are 2x under equal priors.
    p = 1 / (1 + np.exp(-2 * x))
    assert estimate_prior(np.column_stack([1 - p, p]), old) == pytest.approx(new, abs=0.01)


@given(posteriors(), arrays(float, 4, elements=st.floats(0.05, 1)))
def test_an_estimated_prior_is_one_and_at_least_as_likely(probabilities, raw):
    old = raw / raw.sum()
    new = estimate_prior(probabilities, old)
    assert (new >= 0).all()
    assert new.sum() == pytest.approx(1)
    likelihood = np.log(probabilities @ (new / old)).sum()
    assert likelihood >= np.log(probabilities.sum(axis=1)).sum() - 1e-9


@given(posteriors())
def test_predictions_that_already_fit_their_prior_leave_it(probabilities):
    old = probabilities.mean(axis=0)
    assert estimate_prior(probabilities, old) == pytest.approx(old, abs=1e-6)


@given(posteriors(), st.permutations(range(4)))
def test_the_order_of_the_classes_does_not_matter(probabilities, order):
    old = np.array([0.1, 0.2, 0.3, 0.4])
    found = estimate_prior(probabilities, old)
    assert estimate_prior(probabilities[:, order], old[order]) == pytest.approx(found[order])


def test_an_estimated_prior_is_that_of_the_shifted_predictions():
    probabilities, old = np.array([[0.8, 0.2], [0.3, 0.7]]), np.array([0.5, 0.5])
    new = estimate_prior(probabilities, old)
    assert shift_prior(probabilities, old, new).mean(axis=0) == pytest.approx(new, abs=1e-6)


def test_a_prior_needs_predictions_and_positive_shares():
    with pytest.raises(DataError, match="0 predictions"):
        estimate_prior(np.zeros((0, 2)), np.array([0.5, 0.5]))
    with pytest.raises(DataError, match="positive shares"):
        estimate_prior(np.array([[0.5, 0.5]]), np.array([1.0, 0.0]))


# Temperature


def test_the_temperature_is_the_one_that_is_found_by_hand():
    # Log-odds of 4, right three times in four: 4 / T = ln 3.
    logits, right = np.tile([4.0, 0.0], (4, 1)), np.array([0, 0, 0, 1])
    assert fit_temperature(logits, right) == pytest.approx(4 / np.log(3), rel=1e-4)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert fit_temperature(probabilities, right) == pytest.approx(4 / np.log(3), rel=1e-4)


def test_a_model_that_is_always_right_gets_the_smallest_temperature():
    found = fit_temperature(np.tile([2.0, 0.0], (5, 1)), np.zeros(5, dtype=int))
    assert TEMPERATURES[0] <= found < 2 * TEMPERATURES[0]


@given(labelled())
def test_a_fitted_temperature_is_never_worse_than_one(sample):
    probabilities, right = sample
    own = np.arange(len(right))
    losses = [
        -np.log(with_temperature(probabilities, t)[own, right]).mean()
        for t in (fit_temperature(probabilities, right), 1.0)
    ]
    assert losses[0] <= losses[1] + 1e-6


@given(posteriors(), st.floats(0.1, 10))
def test_a_temperature_keeps_the_order_and_one_keeps_all(probabilities, temperature):
    out = with_temperature(probabilities, temperature)
    assert out.sum(axis=1) == pytest.approx(np.ones(len(out)))
    best = probabilities.argmax(axis=1)
    assert (out[np.arange(len(out)), best] >= out.max(axis=1) - 1e-9).all()
    assert with_temperature(probabilities, 1.0) == pytest.approx(probabilities)


def test_a_higher_temperature_is_less_sure():
    sure = np.array([[0.9, 0.05, 0.05]])
    assert with_temperature(sure, 2.0)[0, 0] < 0.9 < with_temperature(sure, 0.5)[0, 0]


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
