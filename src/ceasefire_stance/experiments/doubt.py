"""The rule by which the shipped recipe abstains, and what it does on every set."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from ceasefire_stance.corpus.sentences import single_stance
from ceasefire_stance.evaluation.doubt import score_doubt
from ceasefire_stance.evaluation.metrics import align
from ceasefire_stance.experiments.running import Inputs
from ceasefire_stance.learning.doubt import apply, fit_rule

SETS = ("real_news_all", "real_news_window", "test")


def measure_doubt(inputs: Inputs, predictions: pd.DataFrame, recipe: str) -> dict[str, Any]:
    """Choose the rule on the validation split and score it elsewhere.

    Parameters
    ----------
    inputs : Inputs
        The sets, ``validation`` among them.
    predictions : DataFrame
        Published predictions of `recipe`: `set`, `sentence_id`, `stance`, probabilities.
    recipe : str
        Its name.
    """
    parts = {str(name): part for name, part in predictions.groupby("set")}
    held_back = align(single_stance(inputs.sets["validation"]), parts["validation"])
    answers = held_back.assign(stance=held_back["predicted"])
    rule = fit_rule(answers, held_back["stance"].tolist())
    scores = {
        name: score_doubt(inputs.sets[name], apply(parts[name].reset_index(drop=True), rule))
        for name in SETS
        if name in inputs.sets
    }
    plain: dict[str, Any] = json.loads(
        json.dumps(
            {
                "corpus": inputs.fingerprint,
                "recipe": recipe,
                "rule": rule.as_dict(),
                "sets": scores,
            }
        )
    )
    return plain
