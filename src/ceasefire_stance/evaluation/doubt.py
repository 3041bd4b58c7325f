"""How good is a model's doubt: risk against coverage, and sets of stances that stay possible.

Thresholds and sets carry a promise (an error target, a coverage) that holds if the sentences they
were chosen on and those they meet are exchangeable. Here they are not: the rules are chosen on
written text and meet real news, whose wording and mix of stances are others, and the sentences of
an article are alike. On real news the error target is therefore not guaranteed, and neither is the
coverage; what is measured there is what holds there. Intervals are by a bootstrap over articles.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.special import digamma

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.sentences import require_columns
from ceasefire_stance.corpus.stances import PROBABILITY_COLUMNS, STANCES
from ceasefire_stance.evaluation.figures import COLOURS, LABELS, MARKERS, new_axes
from ceasefire_stance.evaluation.intervals import RESAMPLES, article_weights, percentile_interval
from ceasefire_stance.evaluation.marks import SERIES_COLOURS, SERIES_MARKERS, draw_band, spread
from ceasefire_stance.evaluation.metrics import align

COVERAGES = tuple(round(0.05 * i, 2) for i in range(1, 21))
"""The shares of answered sentences at which the risk is reported."""


def score_doubt(
    gold: pd.DataFrame, predictions: pd.DataFrame, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, Any]:
    """Score confidence, abstention and sets, with 95 % intervals by a bootstrap over articles.

    On real news the promises of a doubt rule are not guaranteed: exchangeability with the sentences
    it was chosen on does not hold. See the module.

    Parameters
    ----------
    gold : DataFrame
        Sentences frame with `sentence_id`, `article_id`, `stance`; rows whose `several` is true are
        left out.
    predictions : DataFrame
        `sentence_id`, `stance`, the four probabilities and, where a rule was applied, `abstained`
        and `stance_set` (stances joined by commas).

    Returns
    -------
    dict
        `n_sentences`, `n_articles`; ``risk_coverage`` (as `risk_coverage`); ``abstention`` with
        the `coverage` (share answered) and the `risk` (share wrong among the answered), over all
        and `per_stance` of the answer, if `abstained` is given; ``sets`` with `coverage` (share of
        sets that hold the true stance), mean `size`, and `per_class` (the true stance) the same
        with `support`, if `stance_set` is given. What a sample holds none of is left out.

    Raises
    ------
    DataError
        If a gold sentence has no prediction, a probability is missing, or a value is invalid.
    """
    require_columns(predictions, ["sentence_id", "stance", *PROBABILITY_COLUMNS], "predictions")
    aligned = align(gold, predictions)
    extra = [c for c in ("abstained", "stance_set") if c in predictions.columns]
    rows = aligned.drop(columns=extra, errors="ignore").merge(
        predictions[["sentence_id", *extra]], on="sentence_id", how="left", validate="one_to_one"
    )
    groups = pd.factorize(rows["article_id"])[0]
    weights = article_weights(int(groups.max()) + 1, resamples, seed)[:, groups]
    wrong = (rows["predicted"] != rows["stance"]).to_numpy()
    answer = rows["predicted"].map(STANCES.index).to_numpy(dtype=int)
    values = rows[list(PROBABILITY_COLUMNS)].to_numpy(dtype=float)
    out: dict[str, Any] = {
        "n_sentences": len(rows),
        "n_articles": int(groups.max()) + 1,
        "risk_coverage": risk_coverage(values[np.arange(len(rows)), answer], wrong, weights),
    }
    if "abstained" in extra:
        out["abstention"] = _abstention(rows, wrong, weights)
    if "stance_set" in extra:
        out["sets"] = _sets(rows, weights)
    return out


def risk_coverage(confidence: np.ndarray, wrong: np.ndarray, weights: np.ndarray) -> dict[str, Any]:
    """The risk–coverage curve and the area under it.

    Parameters
    ----------
    confidence : ndarray of shape (n,)
        Those with the most are answered first; equal ones together.
    wrong : ndarray of bool, shape (n,)
    weights : ndarray of shape (b, n)
        How often each sentence counts: first the sample (ones), then the resamples.

    Returns
    -------
    dict
        ``aurc``, the mean over sentences of the share of wrong answers down to their confidence;
        ``e_aurc``, what of it is left after taking off the area of a perfect order of the same
        answers; ``error``, the risk when all is answered; ``curve``, a list of `coverage` and
        `risk`. All risks in [0, 1] with intervals.

    References
    ----------
    Geifman, Y., Uziel, G., El-Yaniv, R. (2019). Bias-reduced uncertainty estimation for deep neural
    classifiers. ICLR.
    """
    order = np.argsort(-confidence, kind="stable")
    ranked = confidence[order]
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    taken = np.cumsum(weights[:, order], axis=1)[:, last]
    errors = np.cumsum(weights[:, order] * wrong[order], axis=1)[:, last]
    risk = np.divide(errors, taken, out=np.zeros_like(taken), where=taken > 0)
    size, missed = taken[:, -1], errors[:, -1]
    area = (np.diff(taken, axis=1, prepend=0.0) * risk).sum(axis=1) / size
    at = np.array([[np.searchsorted(row, c * row[-1] - 1e-9) for c in COVERAGES] for row in taken])
    points = np.take_along_axis(risk, at, axis=1)
    return {
        "aurc": percentile_interval(area),
        "e_aurc": percentile_interval(area - _least_area(size, missed)),
        "error": percentile_interval(missed / size),
        "curve": [
            {"coverage": c, "risk": percentile_interval(points[:, i])}
            for i, c in enumerate(COVERAGES)
        ],
    }


def _least_area(size: np.ndarray, missed: np.ndarray) -> np.ndarray:
    """The area if all right answers came before all wrong ones: Σ j / (right + j) over j, by n."""
    right = size - missed
    return np.asarray((missed - right * (digamma(size + 1) - digamma(right + 1))) / size)


def _abstention(rows: pd.DataFrame, wrong: np.ndarray, weights: np.ndarray) -> dict[str, Any]:
    answered = ~_truths(rows["abstained"])
    out: dict[str, Any] = {
        "coverage": _mean(answered, np.ones(len(rows)), weights),
        "risk": _mean(wrong, answered, weights),
    }
    per_stance = {}
    for stance in STANCES:
        given = (rows["predicted"] == stance).to_numpy()
        if given.any():
            per_stance[stance] = {
                "support": int(given.sum()),
                "coverage": _mean(answered, given, weights),
                "risk": _mean(wrong, given & answered, weights),
            }
    out["per_stance"] = {s: _without_nothing(cells) for s, cells in per_stance.items()}
    return _without_nothing(out)


def _sets(rows: pd.DataFrame, weights: np.ndarray) -> dict[str, Any]:
    sets = [set(filter(None, str(s).split(","))) for s in rows["stance_set"].fillna("")]
    odd = sorted(set().union(*sets) - set(STANCES))
    if odd:
        raise DataError(
            f"predictions: stance_set holds {odd[0]!r}; expected some of {', '.join(STANCES)}, "
            "joined by commas without spaces. Correct it."
        )
    size = np.array([len(s) for s in sets], dtype=float)
    held = np.array([g in s for g, s in zip(rows["stance"], sets, strict=True)])
    everything = np.ones(len(rows))
    per_class = {}
    for stance in STANCES:
        own = (rows["stance"] == stance).to_numpy()
        if own.any():
            per_class[stance] = {
                "support": int(own.sum()),
                "coverage": _mean(held, own, weights),
                "size": _mean(size, own, weights),
            }
    counts = np.bincount(size.astype(int), minlength=len(STANCES) + 1)
    return {
        "coverage": _mean(held, everything, weights),
        "size": _mean(size, everything, weights),
        "sizes": {str(n): int(count) for n, count in enumerate(counts)},
        "per_class": per_class,
    }


def _truths(values: pd.Series) -> np.ndarray:
    """Booleans, also from a table that was read as text."""
    known = {"true": True, "false": False}
    folded = [str(v).casefold() for v in values]
    odd = [f for f in folded if f not in known]
    if odd:
        raise DataError(
            f"predictions: abstained is {odd[0]!r}; expected true or false. Correct it."
        )
    return np.array([known[f] for f in folded], dtype=bool)


def _mean(values: np.ndarray, among: np.ndarray, weights: np.ndarray) -> dict[str, float] | None:
    """Mean with interval of `values` over the rows `among`; None where the sample has none."""
    total = weights @ among.astype(float)
    if total[0] == 0:
        return None
    # A resample without any such row says nothing of their mean.
    has = total > 0
    means = (weights[has] @ (values * among).astype(float)) / total[has]
    return percentile_interval(means)


def _without_nothing(cells: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in cells.items() if value is not None}


def draw_risk_coverage(
    per_set: Mapping[str, Mapping[str, Any]], title: str, ax: Axes | None = None
) -> Axes:
    """Share of wrong answers against share answered, one line a set, with its interval.

    Parameters
    ----------
    per_set : mapping
        Name of a set → its `risk_coverage`.
    """
    ax = ax or new_axes(5.4, 4.2)
    for i, (name, scores) in enumerate(per_set.items()):
        x = [point["coverage"] for point in scores["curve"]]
        risks = [point["risk"] for point in scores["curve"]]
        draw_band(
            ax, x, risks, SERIES_COLOURS[i % 4],
            marker=SERIES_MARKERS[i % 4], markevery=4, markersize=5,
            label=f"{LABELS.get(name, name)} (AURC {scores['aurc']['value']:.3f})",
        )  # fmt: skip
    ax.set_xlim(0, 1)
    ax.set_ylim(bottom=0)
    ax.set_xlabel("share of sentences answered, surest first")
    ax.set_ylabel("share wrong among them")
    ax.set_title(title)
    ax.legend(frameon=False, loc="upper left")
    return ax


def draw_set_coverage(
    sets: Mapping[str, Any], alpha: float, title: str, ax: Axes | None = None
) -> Axes:
    """Share of sets that hold the true stance, per stance, against the stated 1 − `alpha`."""
    ax = ax or new_axes(5.4, 3.2)
    rows = list(sets["per_class"].items())
    at = np.arange(len(rows))[::-1]
    for y, (stance, cells) in zip(at, rows, strict=True):
        cell = cells["coverage"]
        ax.errorbar(
            [cell["value"]], [y], xerr=spread([cell]), fmt=MARKERS[stance], color=COLOURS[stance],
            capsize=3,
        )  # fmt: skip
    ax.axvline(1 - alpha, color="#999999", linewidth=1, linestyle="--")
    ax.set_yticks(at, [f"{s} ({c['support']}, size {c['size']['value']:.1f})" for s, c in rows])
    ax.set_xlim(0, 1.02)
    ax.set_xlabel(f"share of sets with the true stance\n(dashed: stated, {1 - alpha:.0%})")
    ax.set_title(title)
    return ax
