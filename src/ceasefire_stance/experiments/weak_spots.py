"""What a model makes of sentences written to try its weak spots, for its card."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from ceasefire_stance.corpus.sentences import complete
from ceasefire_stance.corpus.stances import PROBABILITY_COLUMNS, STANCES
from ceasefire_stance.learning.predicting import predict_with

FILE = "weak_spots.toml"


@lru_cache(maxsize=1)
def weak_spots() -> pd.DataFrame:
    """The sentences, with `context`, the `stance` that the codebook gives them, and `why`."""
    text = resources.files(__package__).joinpath(FILE).read_text(encoding="utf-8")
    rows = pd.DataFrame(tomllib.loads(text)["sentence"])
    return complete(rows.assign(context=rows["context"].fillna("")), source=FILE)


def weak_spot_answers(pipeline: Pipeline) -> list[dict[str, Any]]:
    """One mapping a sentence: `text`, `context`, `right`, `why`, `given`, its `probability`."""
    rows = weak_spots()
    found = predict_with(rows, pipeline)
    values = found[list(PROBABILITY_COLUMNS)].to_numpy()
    own = values[np.arange(len(found)), [STANCES.index(str(s)) for s in found["stance"]]]
    return [
        {
            "text": row["text"],
            "context": row["context"],
            "right": row["stance"],
            "why": row["why"],
            "given": str(given),
            "probability": round(float(probability), 2),
        }
        for row, given, probability in zip(
            rows.to_dict("records"), found["stance"], own, strict=True
        )
    ]
