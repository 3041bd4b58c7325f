"""A fitted model and sentences become a predictions frame."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from ceasefire_stance.corpus.sentences import complete
from ceasefire_stance.corpus.stances import PROBABILITY_COLUMNS, STANCES
from ceasefire_stance.learning.doubt import DoubtRule, apply
from ceasefire_stance.learning.store import Model, load_model


def predict_sentences(frame: pd.DataFrame, model: Model | None = None) -> pd.DataFrame:
    """Predict the stance of each sentence.

    Parameters
    ----------
    frame : DataFrame
        Column `text`; `context` (up to three sentences before), `sentence_id`, `article_id` and
        `position` are made where they are missing.
    model : Model, optional
        The shipped ``default`` if left out.

    Returns
    -------
    DataFrame
        One row per row of `frame`, in its order: `sentence_id`, `stance` (the answer: the most
        probable one, or a rarer one instead, see `calibration.decide`),
        `p_accepts`, `p_conditional`, `p_none`, `p_rejects` (in [0, 1], sum 1); `abstained` (whether
        the model would rather not answer, by the rule saved with it) and, if it has such a rule,
        `stance_set` (the stances that it cannot rule out, joined by commas).

    Raises
    ------
    DataError
        If the frame is empty or lacks `text`, or an id stands twice.
    ModelError
        If no model is given and the shipped one cannot be used.
    """
    sentences = complete(frame, source="the sentences given")
    chosen = model or load_model()
    predictions = predict_with(sentences, chosen.pipeline)
    rule = chosen.info.get("doubt")
    return apply(predictions, DoubtRule.from_dict(rule)) if rule else predictions


def predict_with(sentences: pd.DataFrame, pipeline: Pipeline) -> pd.DataFrame:
    """Like `predict_sentences` for a valid sentences frame and a bare fitted pipeline."""
    given = [str(c) for c in pipeline.classes_]
    # An article without sentences is none that scikit-learn would take.
    empty = np.zeros((0, len(given)))
    raw = pipeline.predict_proba(sentences[["text", "context"]]) if len(sentences) else empty
    probabilities = np.zeros((len(sentences), len(STANCES)))
    for i, stance in enumerate(STANCES):
        # A model trained on fewer than four classes gives the others no probability.
        if stance in given:
            probabilities[:, i] = raw[:, given.index(stance)]
    out = pd.DataFrame(probabilities, columns=list(PROBABILITY_COLUMNS))
    out.insert(0, "sentence_id", sentences["sentence_id"].to_numpy())
    if hasattr(pipeline, "decide") and len(sentences):
        answers = pipeline.decide(raw).astype(object)
    else:
        answers = np.array(STANCES, dtype=object)[probabilities.argmax(axis=1)]
    out.insert(1, "stance", answers)
    out["abstained"] = False
    return out
