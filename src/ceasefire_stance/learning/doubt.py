"""When a model should not answer, which answers it cannot rule out, and what it was mistaken in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import betaincinv, log_softmax

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.sentences import require_columns
from ceasefire_stance.corpus.stances import PROBABILITY_COLUMNS, STANCES
from ceasefire_stance.learning.calibration import shift_prior

NEVER = 2.0
"""The threshold of a stance that is never given: no probability reaches it."""
TRIALS = 10
"""How many thresholds are tried."""
TEMPERATURES = (0.05, 20.0)
"""The smallest and the largest temperature that is tried."""
_SMALLEST = 1e-12
_ROUNDING = 1e-9


@dataclass(frozen=True)
class DoubtRule:
    """When to abstain and which stances to keep possible; chosen on sentences not trained on.

    Parameters
    ----------
    error_target : float
        The share of wrong answers among those given that is aimed at.
    delta : float or None
        The chance that the target is missed in spite of the choice, if sentences were
        exchangeable; None if the threshold meets the target in the sample alone.
    per_stance : bool
        Whether the target is one for the answers of each stance or one for all answers.
    thresholds : mapping
        Stance → the smallest probability with which it is answered; `NEVER` if none is enough.
    alpha : float
        The share of sentences whose true stance may be missing from the set.
    class_conditional : bool
        Whether `alpha` is one for the sentences of each true stance or one for all.
    quantiles : mapping
        Stance → the largest score (1 less its probability) with which it stays in the set.
    n_calibration : int
        How many sentences all this was chosen on.
    """

    error_target: float
    delta: float | None
    per_stance: bool
    thresholds: Mapping[str, float]
    alpha: float
    class_conditional: bool
    quantiles: Mapping[str, float]
    n_calibration: int

    def as_dict(self) -> dict[str, Any]:
        """The rule as plain data, as it is saved beside a model."""
        return asdict(self)

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> DoubtRule:
        """The rule that `as_dict` gave.

        Raises
        ------
        DataError
            If a field or a stance is missing, unknown or not a number.
        """
        wanted = set(cls.__dataclass_fields__)
        if set(saved) != wanted:
            odd = sorted(set(saved) ^ wanted)[0]
            raise DataError(
                f"doubt rule: the field {odd!r} is {'unknown' if odd in saved else 'missing'}; "
                f"expected {', '.join(sorted(wanted))}. Choose the rule again with fit_rule."
            )
        for field in ("thresholds", "quantiles"):
            values = saved[field]
            if not isinstance(values, Mapping) or set(values) != set(STANCES):
                raise DataError(
                    f"doubt rule: {field} is {values!r}; expected a number for each of "
                    f"{', '.join(STANCES)}. Choose the rule again with fit_rule."
                )
            if not all(isinstance(v, int | float) and 0 <= v <= NEVER for v in values.values()):
                raise DataError(
                    f"doubt rule: {field} is {dict(values)!r}; expected numbers between 0 and "
                    f"{NEVER:g}. Choose the rule again with fit_rule."
                )
        return cls(**{**saved, "thresholds": dict(saved["thresholds"]),
                      "quantiles": dict(saved["quantiles"])})  # fmt: skip


def fit_rule(
    predictions: pd.DataFrame,
    gold: Sequence[str],
    *,
    error_target: float = 0.1,
    delta: float | None = 0.1,
    per_stance: bool = False,
    alpha: float = 0.1,
    class_conditional: bool = False,
) -> DoubtRule:
    """Choose thresholds on sentences that the model was not trained on.

    Parameters
    ----------
    predictions : DataFrame
        `stance` and the four probabilities.
    gold : sequence of str
        The true stance of each row of `predictions`.
    error_target, delta, per_stance, alpha, class_conditional
        See `DoubtRule`.

    Raises
    ------
    DataError
        If there are no rows, a column or stance is missing, or a share is not between 0 and 1.
    """
    _require_share("error_target", error_target)
    _require_share("alpha", alpha)
    if delta is not None:
        _require_share("delta", delta)
    probabilities = _probabilities(predictions)
    right = np.array([STANCES.index(g) if g in STANCES else -1 for g in gold], dtype=int)
    if not len(right) or len(right) != len(predictions) or (right < 0).any():
        raise DataError(
            f"doubt rule: {len(predictions)} predictions and {len(right)} labels, "
            f"{int((right < 0).sum())} of them unknown; expected one of {', '.join(STANCES)} for "
            "each prediction. Align them first."
        )
    answer = _answers(predictions)
    confidence = probabilities[np.arange(len(answer)), answer]
    thresholds = {}
    for i, stance in enumerate(STANCES):
        rows = answer == i if per_stance else np.full(len(answer), True)
        thresholds[stance] = abstention_threshold(
            confidence[rows], (answer == right)[rows], error_target, delta
        )
    quantiles = conformal_quantiles(probabilities, right, alpha, class_conditional)
    return DoubtRule(
        error_target=error_target,
        delta=delta,
        per_stance=per_stance,
        thresholds=thresholds,
        alpha=alpha,
        class_conditional=class_conditional,
        quantiles={s: float(q) for s, q in zip(STANCES, quantiles, strict=True)},
        n_calibration=len(right),
    )


def apply(predictions: pd.DataFrame, rule: DoubtRule) -> pd.DataFrame:
    """A copy of `predictions` with `abstained` set and `stance_set` added.

    `stance` stays what is most probable, abstained or not. `stance_set` joins by commas, in class
    order, the stances that the rule keeps possible; the answer itself is always among them, which
    never lowers the share of sets that hold the true stance.

    Raises
    ------
    DataError
        If `stance` or a probability is missing.
    """
    probabilities = _probabilities(predictions)
    answer = _answers(predictions)
    own = np.arange(len(answer))
    thresholds = np.array([rule.thresholds[s] for s in STANCES])
    quantiles = np.array([rule.quantiles[s] for s in STANCES])
    possible = conformal_sets(probabilities, quantiles)
    possible[own, answer] = True
    out = predictions.copy()
    out["abstained"] = probabilities[own, answer] < thresholds[answer]
    out["stance_set"] = [
        ",".join(s for s, inside in zip(STANCES, row, strict=True) if inside) for row in possible
    ]
    return out


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


def _quantile(scores: np.ndarray, alpha: float) -> float:
    rank = ceil((len(scores) + 1) * (1 - alpha) - _ROUNDING)
    return float(np.sort(scores)[rank - 1]) if rank <= len(scores) else 1.0


def _probabilities(predictions: pd.DataFrame) -> np.ndarray:
    require_columns(predictions, ["stance", *PROBABILITY_COLUMNS], "predictions")
    return predictions[list(PROBABILITY_COLUMNS)].to_numpy(dtype=float)


def _answers(predictions: pd.DataFrame) -> np.ndarray:
    index = {s: i for i, s in enumerate(STANCES)}
    odd = sorted({str(s) for s in predictions["stance"]} - set(STANCES))
    if odd:
        raise DataError(
            f"predictions: stance is {odd[0]!r}; expected one of {', '.join(STANCES)}. Correct it."
        )
    return np.array([index[s] for s in predictions["stance"]], dtype=int)


def _require_share(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise DataError(
            f"{name} is {value}; expected a share between 0 and 1, such as 0.1. Correct it."
        )
