"""What a fitted linear model attends to."""

from __future__ import annotations

import numpy as np
from sklearn.pipeline import Pipeline

TOP = 15


def strongest_features(pipeline: Pipeline, top: int = TOP) -> dict[str, list[dict[str, object]]]:
    """The features with the largest weights for each class of a linear model.

    Returns
    -------
    dict
        class → list of ``{"feature", "weight"}``, largest first; weights are coefficients of the
        class's linear score for a feature as the vectoriser scales it. Empty for models without
        linear coefficients.
    """
    classifier = pipeline.named_steps["classifier"]
    inner = getattr(classifier, "estimator_", None)
    weights = getattr(inner, "coef_", None)
    if inner is None or weights is None or "features" not in pipeline.named_steps:
        return {}
    names = pipeline.named_steps["features"].get_feature_names_out()
    out = {}
    for stance, row in zip(inner.classes_, weights, strict=True):
        best = np.argsort(-row, kind="stable")[:top]
        out[str(stance)] = [
            {"feature": str(names[i]).replace("__", ": ", 1), "weight": round(float(row[i]), 4)}
            for i in best
        ]
    return out
