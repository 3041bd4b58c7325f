"""When a model should not answer, and which answers it cannot rule out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.sentences import require_columns
from ceasefire_stance.corpus.stances import PROBABILITY_COLUMNS, STANCES
from ceasefire_stance.learning.thresholds import (
    NEVER,
    abstention_threshold,
    conformal_quantiles,
    conformal_sets,
)

ERROR_TARGET = 0.05
"""The share of wrong answers that a shipped model is held to, on text like the corpus: one in
twenty. One in ten the tuned network reaches on such text without ever abstaining."""


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
    error_target: float = ERROR_TARGET,
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

    `stance` stays the answer, abstained or not. `stance_set` joins by commas, in class
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
