"""What a fitted model was mistaken in: the mix of classes it meets, and how sure it may be."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.learning.calibration import shift_prior

TEMPERATURES = (0.05, 20.0)
"""The smallest and the largest temperature that is tried."""
_SMALLEST = 1e-12


def estimate_prior(
    probabilities: np.ndarray,
    training_prior: np.ndarray,
    *,
    iterations: int = 5000,
    tolerance: float = 1e-9,
) -> np.ndarray:
    """The class prior of unlabelled sentences that makes their predictions most likely, by EM.

    It rests on calibrated probabilities, and on sentences that look the same within a class as
    in training: only the mix may differ. Give the answer to `shift_prior` to use it.

    Parameters
    ----------
    probabilities : ndarray of shape (n, k)
        Posteriors under `training_prior`; for a `PriorAdjustedClassifier` that is its `prior_`.
        A `TopicPriorPipeline` has one for each topic: estimate them apart.
    training_prior : ndarray of shape (k,)
        All positive; in the order of the columns.
    iterations, tolerance
        EM ends after so many steps, or when no share moves by more than `tolerance`.

    Returns
    -------
    ndarray of shape (k,)
        Not negative, sum 1.

    Raises
    ------
    DataError
        If there are no rows, or a share of `training_prior` is not positive.

    References
    ----------
    Saerens, M., Latinne, P., Decaestecker, C. (2002). Adjusting the outputs of a classifier to
    new a priori probabilities. Neural Computation 14(1), 21-41.
    """
    old = np.asarray(training_prior, dtype=float)
    if not len(probabilities) or not (old > 0).all():
        raise DataError(
            f"prior: {len(probabilities)} predictions and the training prior {old.tolist()}; "
            "expected at least one prediction and positive shares. Leave out what was not trained."
        )
    prior = old = old / old.sum()
    for _ in range(iterations):
        before, prior = prior, shift_prior(probabilities, old, prior).mean(axis=0)
        if np.abs(prior - before).max() <= tolerance:
            break
    return np.asarray(prior / prior.sum())


def fit_temperature(logits_or_probs: np.ndarray, right: np.ndarray) -> float:
    """The temperature that makes the true classes most likely.

    Parameters
    ----------
    logits_or_probs : ndarray of shape (n, k)
        Rows that are probabilities (not negative, sum 1) are used as such.
    right : ndarray of int, shape (n,)
        Column of the true class.

    Returns
    -------
    float
        Above 1 where the model was too sure, below where not sure enough; within `TEMPERATURES`.

    References
    ----------
    Guo, C., Pleiss, G., Sun, Y., Weinberger, K. (2017). On calibration of modern neural networks.
    ICML.
    """
    logits = _logits(logits_or_probs)
    own = np.arange(len(right))

    def loss(log_temperature: float) -> float:
        return float(-log_softmax(logits / np.exp(log_temperature), axis=1)[own, right].mean())

    bounds = np.log(TEMPERATURES)
    best = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-7})
    return float(np.exp(best.x))


def with_temperature(logits_or_probs: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities of shape (n, k) at a temperature; the order of the classes stays."""
    return np.asarray(np.exp(log_softmax(_logits(logits_or_probs) / temperature, axis=1)))


def _logits(given: np.ndarray) -> np.ndarray:
    values = np.asarray(given, dtype=float)
    if (values >= 0).all() and np.allclose(values.sum(axis=1), 1, atol=1e-4):
        return np.asarray(np.log(np.clip(values, _SMALLEST, 1)))
    return values
