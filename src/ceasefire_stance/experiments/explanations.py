"""What explanations of a model are worth, and what moves its decisions."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.stances import PROBABILITY_COLUMNS, Stance
from ceasefire_stance.corpus.statistics import CEASEFIRE, names_ceasefire
from ceasefire_stance.evaluation.faithfulness import deletion_curve
from ceasefire_stance.experiments.running import Inputs
from ceasefire_stance.learning.contributions import (
    TOP,
    global_importances,
    linear_part,
    tfidf_word_weights,
)
from ceasefire_stance.learning.explaining import WordWeight, weigh_words, without
from ceasefire_stance.learning.predicting import predict_with
from ceasefire_stance.learning.store import Model

SETS = ("real_news_window", "test")
WRITTEN = "test"
"""The one set whose words are published: those of real news belong to its publishers."""
NEAREST = "from the ceasefire word outwards"
TFIDF = "by TF-IDF contributions"
ORDERS = 3
"""Random orders a sentence: the mean is over hundreds of sentences, more would change little."""

Words = tuple[WordWeight, ...]


def measure_explanations(
    model: Model,
    inputs: Inputs,
    recipe: str,
    predictions: pd.DataFrame | None = None,
    *,
    most: int | None = None,
    top: int = TOP,
    seed: int = 0,
) -> dict[str, Any]:
    """Measure how well word weights tell what a model does, and sum up what moves it.

    Words are weighed by leaving them out, so that any model will do. It takes some hundred
    predictions a sentence; for a slow model, take fewer with `most`.

    Parameters
    ----------
    model : Model
        Its fitted pipeline takes a frame with `text` and `context`; `info` is not looked at.
    inputs : Inputs
        The sets; of `SETS`, those that it holds are measured.
    recipe : str
        The model's name.
    predictions : DataFrame, optional
        Published predictions of the model (`set`, `sentence_id`, `stance`), so that the sets need
        not be read again.
    most : int, optional
        So many of the sentences predicted to hold a claim are taken of each set, drawn by article;
        all if left out. As many predicted to hold none are taken beside them.
    top : int
        How many features and words of each stance to list.
    seed : int
        Of the draws and of the random orders.

    Returns
    -------
    dict
        `corpus`, `recipe`; ``sets``, name → `deletion_curve` with `predicted_claims` (in the whole
        set), `claims` (drawn) and `named` (share of drawn sentences that name a ceasefire); and
        ``importances`` of the written test split alone: ``features`` (block → stance → list, as
        `global_importances`; of the linear part of an average, empty where there is none) and
        ``words`` (as `telling_words`, of the drawn sentences). A set in which no claim is
        predicted is left out.

    Raises
    ------
    DataError
        If `predictions` lack a sentence.
    """
    sets: dict[str, Any] = {}
    words: dict[str, Any] = {}
    for name in (s for s in SETS if s in inputs.sets):
        decided = _decisions(model.pipeline, name, inputs.sets[name], predictions)
        rows = draw_sentences(inputs.sets[name].assign(decision=decided), most, seed)
        if rows.empty:
            continue
        columns = [rows[c].astype(str) for c in ("text", "context", "decision")]
        weights = [weigh_words(model.pipeline, *row)[0] for row in zip(*columns, strict=True)]
        sets[name] = {
            "predicted_claims": sum(stance != Stance.NONE for stance in decided),
            "claims": int((rows["decision"] != Stance.NONE).sum()),
            "named": round(float(names_ceasefire(rows["text"]).mean()), 6),
            **_curve(model.pipeline, rows, weights, seed),
        }
        if name == WRITTEN:
            words = telling_words(weights, rows["decision"].tolist(), top)
    written = inputs.sets[WRITTEN]
    measured = {
        "corpus": inputs.fingerprint,
        "recipe": recipe,
        "sets": sets,
        "importances": {
            "n_sentences": len(written),
            "features": _features(model.pipeline, written, top),
            "words": words,
        },
    }
    plain: dict[str, Any] = json.loads(json.dumps(measured))
    return plain


def draw_sentences(sentences: pd.DataFrame, most: int | None, seed: int) -> pd.DataFrame:
    """Sentences decided to hold a claim, and as many decided to hold none, by article.

    Articles, in random order, give one sentence each in turn, until there are enough: the sentences
    of one article are alike, and few of many articles tell more than many of few.

    Parameters
    ----------
    sentences : DataFrame
        `article_id`, `decision` (a stance).
    most : int or None
        How many with a claim; None for all.

    Returns
    -------
    DataFrame
        In the order of `sentences`; fewer without a claim where there are not as many.
    """
    rng = np.random.default_rng(seed)
    articles = rng.permutation(np.sort(sentences["article_id"].unique()))
    place = {article: i for i, article in enumerate(articles)}
    shuffled = sentences.iloc[rng.permutation(len(sentences))]
    none = shuffled["decision"] == Stance.NONE
    turn = shuffled.groupby([shuffled["article_id"], none]).cumcount()
    order = np.lexsort([shuffled["article_id"].map(place), turn])
    shuffled, none = shuffled.iloc[order], none.iloc[order]
    claims = shuffled[~none].head(len(shuffled) if most is None else most)
    drawn = pd.concat([claims, shuffled[none].head(len(claims))])
    return sentences.loc[drawn.index.sort_values()].reset_index(drop=True)


def nearest_first(text: str, words: Words) -> Words:
    """The same words, weighed by how near they stand to a word for a ceasefire.

    Where none is named, from the first word to the last.
    """
    named = [m.span() for m in CEASEFIRE.finditer(text)]
    at = [i for i, w in enumerate(words) if any(w.start < b and a < w.end for a, b in named)]
    return tuple(
        w._replace(weight=-float(min((abs(i - j) for j in at), default=i)))
        for i, w in enumerate(words)
    )


def telling_words(
    weights: Sequence[Words], decisions: Sequence[str], top: int = TOP
) -> dict[str, list[dict[str, object]]]:
    """The words that moved the decisions for each stance most, for it or against it.

    Returns
    -------
    dict
        Stance decided → list of `feature` (the word in lower case), `n` (its occurrences in those
        sentences) and `weight` (its weights summed over them, log-odds), largest absolute sum
        first.
    """
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for words, decision in zip(weights, decisions, strict=True):
        for word in words:
            found[decision][word.word.lower()].append(word.weight)
    out = {}
    for decision in sorted(found):
        sums = {word: round(float(sum(w)), 4) for word, w in found[decision].items()}
        best = sorted(sums, key=lambda word: (-abs(sums[word]), word))[:top]
        out[decision] = [
            {"feature": w, "n": len(found[decision][w]), "weight": sums[w]} for w in best
        ]
    return out


def _decisions(
    pipeline: Pipeline, name: str, sentences: pd.DataFrame, predictions: pd.DataFrame | None
) -> list[str]:
    """The stance that each sentence is given."""
    if predictions is None:
        return [str(s) for s in predict_with(sentences, pipeline)["stance"]]
    part = predictions[predictions["set"] == name]
    given = dict(zip(part["sentence_id"], part["stance"], strict=True))
    missing = [i for i in sentences["sentence_id"] if i not in given]
    if missing:
        raise DataError(
            f"predictions, {name}: {missing[0]!r} has none; expected one for each sentence of the "
            "set. Publish the recipe again, or leave the predictions out."
        )
    return [str(given[i]) for i in sentences["sentence_id"]]


def _features(
    pipeline: Pipeline, sentences: pd.DataFrame, top: int
) -> dict[str, dict[str, list[dict[str, object]]]]:
    """The importances of the linear part by block: cues weigh more, and would hide the words."""
    out: dict[str, dict[str, list[dict[str, object]]]] = {}
    everything = global_importances(linear_part(pipeline), sys.maxsize, sentences)
    for stance, rows in everything.items():
        for row in rows:
            listed = out.setdefault(str(row["block"]), {}).setdefault(stance, [])
            if len(listed) < top:
                listed.append({"feature": row["feature"], "weight": row["weight"]})
    return out


def _curve(
    pipeline: Pipeline, rows: pd.DataFrame, weights: Sequence[Words], seed: int
) -> dict[str, Any]:
    """The deletion curve of `weights` beside those of simpler orders of the same words."""
    texts = rows["text"].tolist()
    rivals = {NEAREST: [nearest_first(t, w) for t, w in zip(texts, weights, strict=True)]}
    spans = [[(w.start, w.end) for w in words] for words in weights]
    linear = tfidf_word_weights(pipeline, texts, rows["decision"].tolist(), spans)
    if linear is not None:
        rivals[TFIDF] = [
            tuple(w._replace(weight=value) for w, value in zip(words, values, strict=True))
            for words, values in zip(weights, linear, strict=True)
        ]
    predict = _remembering(pipeline)
    return deletion_curve(
        predict,
        rows,
        weights,
        without,
        decisions=rows["decision"].tolist(),
        rivals=rivals,
        orders=ORDERS,
        seed=seed,
    )


def _remembering(pipeline: Pipeline) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Predictions that read no text twice: few words left are often the same few."""
    known: dict[tuple[str, str], np.ndarray] = {}
    columns = list(PROBABILITY_COLUMNS)

    def predict(frame: pd.DataFrame) -> pd.DataFrame:
        keys = list(zip(frame["text"], frame["context"], strict=True))
        new = list(dict.fromkeys(key for key in keys if key not in known))
        if new:
            asked = pd.DataFrame(new, columns=["text", "context"])
            given = predict_with(asked.assign(sentence_id=asked.index), pipeline)
            known.update(zip(new, given[columns].to_numpy(), strict=True))
        return pd.DataFrame([known[key] for key in keys], columns=columns)

    return predict
