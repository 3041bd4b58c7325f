"""From which probability a model may answer, and down to which a stance stays possible."""

from __future__ import annotations

from math import ceil

import numpy as np
from scipy.special import betaincinv

NEVER = 2.0
"""The threshold of a stance that is never given: no probability reaches it."""
TRIALS = 10
"""How many thresholds are tried."""
_ROUNDING = 1e-9


def abstention_threshold(
    confidence: np.ndarray, right: np.ndarray, error_target: float, delta: float | None = 0.1
) -> float:
    """The smallest confidence found at which answers may be given.

    With `delta`, thresholds that answer a tenth, two tenths, … of the sample are tried, and one is
    good if the upper binomial bound of the error among the answers above it, at confidence
    1 − `delta` / 10, is at most `error_target` (Bonferroni: all ten bounds hold together). Few
    sentences cannot show a small error: with none wrong, it takes 44
    to show that it is at most a tenth, at `delta` 0.1.
    Without `delta`, one is good if the error in the sample is at most `error_target`.

    Parameters
    ----------
    confidence : ndarray of shape (n,)
        Probability of the answer.
    right : ndarray of bool, shape (n,)
        Whether the answer is right.
    error_target : float
        Share of wrong answers among those given.
    delta : float or None
        The chance of missing the target that is accepted.

    Returns
    -------
    float
        `NEVER` if no threshold is good.

    References
    ----------
    Geifman, Y., El-Yaniv, R. (2017). Selective classification for deep neural networks. NeurIPS.
    Angelopoulos, A., et al. (2021). Learn then test: calibrating predictive algorithms to achieve
    risk control. arXiv:2110.01052.
    Clopper, C., Pearson, E. (1934). The use of confidence or fiducial limits. Biometrika 26(4).
    """
    candidates = np.unique(confidence)
    wrong = ~np.asarray(right, dtype=bool)
    order = np.sort(confidence)
    errors_above = np.append(np.cumsum(wrong[np.argsort(confidence, kind="stable")][::-1])[::-1], 0)
    first = np.searchsorted(order, candidates, side="left")
    answered, errors = len(order) - first, errors_above[first]
    if delta is None:
        good = np.flatnonzero(errors <= error_target * answered + _ROUNDING)
        return float(candidates[good[0]]) if len(good) else NEVER
    shares = len(order) * np.arange(TRIALS, 0, -1) / TRIALS
    # The largest share first; of equal confidences all are answered, which may be a few more.
    for i in np.searchsorted(-answered, -shares, side="right") - 1 if len(order) else ():
        if error_bound(int(errors[i]), int(answered[i]), delta / TRIALS) <= error_target:
            return float(candidates[i])
    return NEVER


def error_bound(errors: int, n: int, delta: float) -> float:
    """The upper bound of an error rate at confidence 1 − `delta`, after Clopper and Pearson."""
    return 1.0 if errors >= n else float(betaincinv(errors + 1, n - errors, 1 - delta))


def conformal_quantiles(
    probabilities: np.ndarray, right: np.ndarray, alpha: float, class_conditional: bool = False
) -> np.ndarray:
    """Per class, the largest score with which it stays in a set: split conformal prediction.

    The score is 1 less the probability of the true class (the least ambiguous set-valued
    classifier). The quantile is the ⌈(n + 1)(1 − α)⌉-th smallest of n scores, or 1 (which keeps
    every class) if n is too small.

    Parameters
    ----------
    probabilities : ndarray of shape (n, k)
    right : ndarray of int, shape (n,)
        Column of the true class.
    alpha : float
        The share of true classes that may be missing.
    class_conditional : bool
        Whether each class has a quantile of its own scores, so that its coverage is its own.

    Returns
    -------
    ndarray of shape (k,)

    References
    ----------
    Papadopoulos, H., et al. (2002). Inductive confidence machines for regression. ECML.
    Sadinle, M., Lei, J., Wasserman, L. (2019). Least ambiguous set-valued classifiers with bounded
    error levels. Journal of the American Statistical Association 114(525).
    Vovk, V. (2012). Conditional validity of inductive conformal predictors. ACML.
    """
    scores = 1 - probabilities[np.arange(len(right)), right]
    k = probabilities.shape[1]
    if class_conditional:
        return np.array([_quantile(scores[right == c], alpha) for c in range(k)])
    return np.full(k, _quantile(scores, alpha))


def conformal_sets(probabilities: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """Which classes stay possible: bool, shape (n, k); a row may be all false."""
    return np.asarray(1 - probabilities <= quantiles)


def _quantile(scores: np.ndarray, alpha: float) -> float:
    rank = ceil((len(scores) + 1) * (1 - alpha) - _ROUNDING)
    return float(np.sort(scores)[rank - 1]) if rank <= len(scores) else 1.0
