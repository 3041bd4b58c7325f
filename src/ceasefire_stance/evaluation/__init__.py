"""How good are predictions, and how sure are we: gold and predictions in, scores out.

- ``align``: gold sentences with their predictions.
- ``evaluate``: every metric with its interval.
- ``compare``, ``paired_difference``, ``mcnemar``: two models on the same sentences.
- ``score_slices``: parts of a set.
- ``annotator_agreement``: two annotators on the same sentences.
- ``find_drift``: published numbers against fresh ones.

Figures are in ``evaluation.figures``; the reports are written by ``pages`` (one recipe),
``front_page``, ``leaderboard`` (real news) and ``corpus_page``.
"""

from ceasefire_stance.evaluation.agreement import annotator_agreement
from ceasefire_stance.evaluation.drift import find_drift
from ceasefire_stance.evaluation.intervals import (
    compare,
    evaluate,
    mcnemar,
    paired_difference,
    score_aligned,
)
from ceasefire_stance.evaluation.metrics import align
from ceasefire_stance.evaluation.slices import score_slices

__all__ = [
    "align",
    "annotator_agreement",
    "compare",
    "evaluate",
    "find_drift",
    "mcnemar",
    "paired_difference",
    "score_aligned",
    "score_slices",
]
