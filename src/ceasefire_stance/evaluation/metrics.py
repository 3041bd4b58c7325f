"""Scores from gold labels and predictions, for the sample and for any reweighting of it.

Every metric here takes a matrix of article weights, so that the point estimate (all ones) and a
thousand bootstrap resamples (how often each article was drawn) are one computation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.sentences import single_stance
from ceasefire_stance.corpus.stances import POSITIONS, PROBABILITY_COLUMNS, STANCES, Stance

CALIBRATION_BINS = 10
_EPSILON = np.finfo(float).eps


@dataclass(frozen=True)
class Task:
    """Gold and predictions of one task, aligned.

    Parameters
    ----------
    classes : tuple of str
        In the order of the columns of `probabilities`.
    gold, predicted : ndarray of int, shape (n,)
        Indices into `classes`.
    probabilities : ndarray of shape (n, k)
        Rows sum to 1.
    groups : ndarray of int, shape (n,)
        The article of each sentence, as an index from 0.
    has_probabilities : bool
        Whether `probabilities` were given; otherwise they only repeat the labels.
    """

    classes: tuple[str, ...]
    gold: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray
    groups: np.ndarray
    has_probabilities: bool = True

    @property
    def n_groups(self) -> int:
        """How many articles there are."""
        return int(self.groups.max()) + 1 if len(self.groups) else 0


def align(gold: pd.DataFrame, predictions: pd.DataFrame) -> pd.DataFrame:
    """Gold sentences with their predictions, by `sentence_id`; only those with one stance.

    Parameters
    ----------
    gold : DataFrame
        Sentences frame with `stance` (and `several`, if known).
    predictions : DataFrame
        `sentence_id` and `stance`; probabilities where there are any (otherwise the predicted
        class gets all of it).

    Returns
    -------
    DataFrame
        The columns of `gold` and `predicted`, `p_accepts`, … beside them.

    Raises
    ------
    DataError
        If a gold sentence has no prediction or a probability is not in [0, 1].
    """
    wanted = single_stance(gold)
    if wanted.empty:
        raise DataError(
            "gold: no sentence with a single stance to score; expected at least one. Check the "
            "split and the column several."
        )
    repeated = predictions["sentence_id"].duplicated()
    if repeated.any():
        raise DataError(
            f"predictions: {predictions.loc[repeated, 'sentence_id'].iloc[0]!r} stands twice; "
            "expected one row for each sentence. Remove the repeat."
        )
    right = predictions.rename(columns={"stance": "predicted"})
    given = [c for c in PROBABILITY_COLUMNS if c in right.columns]
    if given and len(given) < len(PROBABILITY_COLUMNS):
        raise DataError(
            f"predictions: found {', '.join(given)}; expected all of "
            f"{', '.join(PROBABILITY_COLUMNS)} or none. Add the missing ones or leave them out."
        )
    if not given:
        for stance, column in zip(STANCES, PROBABILITY_COLUMNS, strict=True):
            right[column] = (right["predicted"] == stance).astype(float)
    right = right[["sentence_id", "predicted", *PROBABILITY_COLUMNS]].copy()
    right["has_probabilities"] = bool(given)
    merged = wanted.merge(right, on="sentence_id", how="left", validate="one_to_one")
    missing = merged["predicted"].isna()
    if missing.any():
        first = merged.loc[missing, "sentence_id"].iloc[0]
        raise DataError(
            f"predictions: {int(missing.sum())} of {len(merged)} gold sentences have none, first "
            f"{first!r}; expected one row for each. Predict all of them, or name the part that "
            "you scored."
        )
    unknown = sorted(set(merged["predicted"]) - set(STANCES))
    if unknown:
        raise DataError(
            f"predictions: stance is {unknown[0]!r}; expected one of {', '.join(STANCES)}. "
            "Correct it."
        )
    values = merged[list(PROBABILITY_COLUMNS)].to_numpy(dtype=float)
    valid = np.isfinite(values).all() and (values >= 0).all() and (values <= 1 + 1e-6).all()
    if not (valid and (np.abs(values.sum(axis=1) - 1) < 1e-3).all()):
        raise DataError(
            "predictions: a probability is missing, outside [0, 1] or the four do not sum to 1; "
            "expected four that do. Correct the p_ columns or leave them out."
        )
    return merged


def four_way(aligned: pd.DataFrame) -> Task:
    """All sentences, all four stances."""
    return _task(aligned, STANCES, aligned["predicted"])


def three_way(aligned: pd.DataFrame) -> Task:
    """The sentences that carry a claim; the predicted position is the answer.

    A prediction of ``none`` is answered by the most probable of the positions, so that this task
    measures telling positions apart and not finding them. It needs probabilities.
    """
    claims = aligned[aligned["stance"] != Stance.NONE]
    columns = [f"p_{p}" for p in POSITIONS]
    best = claims[columns].to_numpy(dtype=float).argmax(axis=1)
    answer = np.where(
        claims["predicted"] != Stance.NONE,
        claims["predicted"],
        np.array(POSITIONS, dtype=object)[best],
    )
    return _task(claims, POSITIONS, pd.Series(answer, index=claims.index))


def detection(aligned: pd.DataFrame) -> Task:
    """All sentences: does one carry a claim or not."""
    claim = aligned["stance"] != Stance.NONE
    p_none = aligned["p_none"].to_numpy(dtype=float)
    groups = pd.factorize(aligned["article_id"])[0]
    return Task(
        classes=("claim", "none"),
        gold=np.where(claim, 0, 1),
        predicted=np.where(aligned["predicted"] != Stance.NONE, 0, 1),
        probabilities=np.column_stack([1 - p_none, p_none]),
        groups=groups,
        has_probabilities=bool(aligned["has_probabilities"].all()),
    )


def _task(aligned: pd.DataFrame, classes: tuple[str, ...], predicted: pd.Series) -> Task:
    index = {c: i for i, c in enumerate(classes)}
    raw = aligned[[f"p_{c}" for c in classes]].to_numpy(dtype=float)
    total = raw.sum(axis=1, keepdims=True)
    uniform = np.full_like(raw, 1 / len(classes))
    return Task(
        classes=classes,
        gold=aligned["stance"].map(index).to_numpy(dtype=int),
        predicted=predicted.map(index).to_numpy(dtype=int),
        probabilities=np.divide(raw, total, out=uniform, where=total > 0),
        groups=pd.factorize(aligned["article_id"])[0],
        has_probabilities=bool(aligned["has_probabilities"].all()),
    )


def confusion(task: Task, weights: np.ndarray | None = None) -> np.ndarray:
    """Confusion matrices, rows gold, columns predicted.

    Parameters
    ----------
    weights : ndarray of shape (b, n_groups), optional
        How often each article counts in each of `b` resamples; all once if left out.

    Returns
    -------
    ndarray of shape (b, k, k)
    """
    k = len(task.classes)
    cell = task.gold * k + task.predicted
    table = np.zeros((task.n_groups, k * k))
    np.add.at(table, (task.groups, cell), 1.0)
    if weights is None:
        weights = np.ones((1, task.n_groups))
    return np.asarray((weights @ table).reshape(len(weights), k, k))


def count_metrics(task: Task, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Metrics of labels: name → array of shape (b,).

    ``macro_f1`` is the mean over all classes of the task; a class that a sample does not hold
    and that is never predicted counts 0, as in scikit-learn with `labels` given.
    ``positions_macro_f1`` is the mean over accepts, conditional and rejects alone, as SemEval's
    stance tasks report it.
    """
    tables = confusion(task, weights)
    hit = np.diagonal(tables, axis1=1, axis2=2)
    precision = _ratio(hit, tables.sum(axis=1))
    recall = _ratio(hit, tables.sum(axis=2))
    f1 = _ratio(2 * hit, tables.sum(axis=1) + tables.sum(axis=2))
    out = {
        "macro_f1": f1.mean(axis=1),
        "accuracy": _ratio(hit.sum(axis=1), tables.sum(axis=(1, 2))),
    }
    if set(POSITIONS) < set(task.classes):
        out["positions_macro_f1"] = f1[:, [task.classes.index(p) for p in POSITIONS]].mean(axis=1)
    for i, name in enumerate(task.classes):
        out[f"{name}/precision"] = precision[:, i]
        out[f"{name}/recall"] = recall[:, i]
        out[f"{name}/f1"] = f1[:, i]
    return out


def probability_metrics(task: Task, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Metrics of probabilities: name → array of shape (b,).

    ``log_loss`` (natural logarithm) and ``brier`` (sum of squares over classes, in [0, 2]) are
    means over sentences; ``ece`` is the expected calibration error of the most probable class in
    ten bins of equal width; ``pr_auc`` is average precision, macro over classes.
    """
    n = len(task.gold)
    own = task.probabilities[np.arange(n), task.gold]
    onehot = np.eye(len(task.classes))[task.gold]
    sums = np.zeros((task.n_groups, 3))
    np.add.at(
        sums,
        task.groups,
        np.column_stack(
            [
                -np.log(np.clip(own, _EPSILON, 1)),
                ((task.probabilities - onehot) ** 2).sum(axis=1),
                np.ones(n),
            ]
        ),
    )
    means = weights @ sums
    out = {
        "log_loss": _ratio(means[:, 0], means[:, 2]),
        "brier": _ratio(means[:, 1], means[:, 2]),
        "ece": _calibration_error(task, weights),
    }
    sentence_weights = weights[:, task.groups]
    parts = []
    for i, name in enumerate(task.classes):
        value = average_precision(task.gold == i, task.probabilities[:, i], sentence_weights)
        out[f"{name}/pr_auc"] = value
        parts.append(value)
    out["pr_auc"] = np.mean(parts, axis=0)
    return out


def average_precision(positive: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted average precision for each row of `weights` (b, n): shape (b,).

    Ties are one threshold, as in `sklearn.metrics.average_precision_score`; 0 without positives.
    """
    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    w = weights[:, order]
    hits = np.cumsum(w * positive[order], axis=1)[:, last]
    taken = np.cumsum(w, axis=1)[:, last]
    precision = _ratio(hits, taken)
    recall = _ratio(hits, hits[:, -1:])
    steps = np.diff(recall, axis=1, prepend=0.0)
    return np.asarray((precision * steps).sum(axis=1))


def reliability(task: Task) -> list[dict[str, float]]:
    """Per bin of the top probability: `confidence` (mean), `accuracy` (share right), `n`."""
    top, right, bins = _top(task)
    rows = []
    for b in range(CALIBRATION_BINS):
        inside = bins == b
        if inside.any():
            rows.append(
                {
                    "confidence": float(top[inside].mean()),
                    "accuracy": float(right[inside].mean()),
                    "n": int(inside.sum()),
                }
            )
    return rows


def _top(task: Task) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    top = task.probabilities.max(axis=1)
    right = (task.probabilities.argmax(axis=1) == task.gold).astype(float)
    bins = np.minimum((top * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    return top, right, bins


def _calibration_error(task: Task, weights: np.ndarray) -> np.ndarray:
    top, right, bins = _top(task)
    gap = np.zeros((task.n_groups, CALIBRATION_BINS))
    np.add.at(gap, (task.groups, bins), top - right)
    sizes = np.bincount(task.groups, minlength=task.n_groups)
    return _ratio(np.abs(weights @ gap).sum(axis=1), weights @ sizes)


def _ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """`top / bottom`, 0 where `bottom` is 0."""
    top, bottom = np.broadcast_arrays(np.asarray(top, dtype=float), np.asarray(bottom, dtype=float))
    return np.divide(top, bottom, out=np.zeros(top.shape), where=bottom > 0)


TASKS: Mapping[str, Callable[[pd.DataFrame], Task]] = {
    "four_way": four_way,
    "three_way": three_way,
    "detection": detection,
}
"""The tasks that are always reported, by name."""


def support(task: Task) -> dict[str, int]:
    """Sentences per gold class."""
    counts = np.bincount(task.gold, minlength=len(task.classes))
    return {name: int(n) for name, n in zip(task.classes, counts, strict=True)}


def metric_names(names: Sequence[str]) -> list[str]:
    """The names that belong to the whole task and not to one class."""
    return [n for n in names if "/" not in n]
