from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ceasefire_stance.learning.thresholds import (
    NEVER,
    abstention_threshold,
    conformal_quantiles,
    conformal_sets,
    error_bound,
)

from .posteriors import SHARES, labelled

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
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
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
