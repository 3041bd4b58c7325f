from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.learning.calibration import shift_prior
from ceasefire_stance.learning.recalibration import (
    TEMPERATURES,
    estimate_prior,
    fit_temperature,
    with_temperature,
)

from .posteriors import labelled, posteriors

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
