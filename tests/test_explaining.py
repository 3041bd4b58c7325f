from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.manifest import load_corpus
from ceasefire_stance.corpus.sentences import single_stance
from ceasefire_stance.corpus.stances import STANCES
from ceasefire_stance.learning import (
    Model,
    PriorAdjustedClassifier,
    Recipe,
    make_pipeline,
)
from ceasefire_stance.learning.contributions import global_importances
from ceasefire_stance.learning.explaining import explain_sentence, weigh_words, without

SENTENCE = "The rebels of Osk rejected any truce and vowed to fight on."


class CountedWords(ClassifierMixin, BaseEstimator):
    """Log-odds of rejects are what a rule gives; the other classes share the rest."""

    def __init__(self, rule=None):
        self.rule = rule

    def fit(self, X, y):
        self.classes_ = np.array(STANCES)
        return self

    def predict_proba(self, X):
        p = 1 / (1 + np.exp(-np.array([self.rule(text) for text in X["text"]])))
        return np.column_stack([(1 - p) / 3] * 3 + [p])


def counted(rule) -> Model:
    pipeline = Pipeline([("classifier", CountedWords(rule))])
    return Model(pipeline.fit(pd.DataFrame({"text": ["x"], "context": ""}), ["none"]), {})


@pytest.fixture(scope="module")
def training(corpus):
    return single_stance(load_corpus(corpus))


def fitted(training, classifier="logreg", context=True, features=("cues", "words"), prior=None):
    recipe = Recipe("x", "", classifier, features, context, prior=prior or {"none": 0.6})
    return Model(make_pipeline(recipe).fit(training[["text", "context"]], training["stance"]), {})


@pytest.fixture(scope="module")
def model(training):
    return fitted(training)


@pytest.mark.parametrize("top", [1, 5, 1000])
@pytest.mark.parametrize("context", ["", "The mayor proposed a truce in Osk."])
def test_contributions_add_up_to_the_centred_log_probabilities(model, top, context):
    e = explain_sentence(model, SENTENCE, context, top)
    logs = {s: np.log(p) for s, p in e.probabilities.items()}
    centre = np.mean(list(logs.values()))
    for stance in STANCES:
        listed = sum(c.log_odds for c in e.contributions[stance])
        assert e.base[stance] + e.rest[stance] + listed == pytest.approx(logs[stance] - centre)


def test_two_classes_add_up_too(training):
    two = training[training["stance"].isin(["accepts", "rejects"])]
    e = explain_sentence(fitted(two, prior={"accepts": 0.3}), SENTENCE)
    listed = {
        s: e.base[s] + e.rest[s] + sum(c.log_odds for c in rows)
        for s, rows in e.contributions.items()
    }
    assert set(listed) == {"accepts", "rejects"}
    odds = np.log(e.probabilities["rejects"] / e.probabilities["accepts"])
    assert listed["rejects"] - listed["accepts"] == pytest.approx(odds)


def test_contributions_are_coefficient_times_value_less_the_mean(model):
    features, classifier = model.pipeline[0], model.pipeline[1]
    row = features.transform(pd.DataFrame({"text": [SENTENCE], "context": [""]})).toarray()[0]
    names = list(features.get_feature_names_out())
    at = names.index("words__rejected")
    coefficients = classifier.estimator_.coef_[:, at]
    expected = (coefficients - coefficients.mean()) * row[at]
    e = explain_sentence(model, SENTENCE, top=1000)
    for stance, value in zip(STANCES, expected, strict=True):
        found = [c for c in e.contributions[stance] if c[:2] == ("rejected", "word")]
        assert found[0].log_odds == pytest.approx(value)


def test_contributions_are_sorted_and_name_their_block(model):
    e = explain_sentence(model, SENTENCE, "The mayor proposed a truce in Osk.", 1000)
    for rows in e.contributions.values():
        sizes = [abs(c.log_odds) for c in rows]
        assert sizes == sorted(sizes, reverse=True)
    blocks = {(c.block, c.feature) for c in e.contributions["rejects"]}
    assert {b for b, _ in blocks} == {"cue", "word", "context"}
    assert ("context", "mayor") in blocks
    assert any(b == "context" and f.startswith("before: ") for b, f in blocks)
    assert ("cue", "rejected") in blocks


def test_without_context_nothing_is_of_the_context(model):
    e = explain_sentence(model, SENTENCE, "", 1000)
    assert {c.block for c in e.contributions["rejects"]} == {"cue", "word"}


def test_words_are_found_in_their_place_and_the_telling_one_weighs_most(model):
    e = explain_sentence(model, SENTENCE)
    assert e.stance == "rejects"
    assert all(e.text[w.start : w.end] == w.word for w in e.word_weights)
    assert [w.word for w in e.word_weights] == SENTENCE.rstrip(".").split()
    weights = {w.word: w.weight for w in e.word_weights}
    assert weights["rejected"] > max(weights["Osk"], weights["of"], 0)


def test_weights_of_single_words_are_the_fall_of_the_log_odds():
    e = explain_sentence(counted(lambda t: 1 + 2 * ("no" in t) - 0.4 * ("yes" in t)), "no, yes it")
    assert [w.weight for w in e.word_weights] == pytest.approx([2, -0.4, 0])
    assert e.phrases == ()


def test_words_that_only_work_together_share_their_effect():
    e = explain_sentence(counted(lambda t: 1 + 3 * ("only if" in t)), "It would only if asked.")
    weights = {w.word: w.weight for w in e.word_weights}
    assert weights == pytest.approx({"It": 0, "would": 0, "only": 1.5, "if": 1.5, "asked": 0})
    assert [p.word for p in e.phrases] == ["only if"]
    assert e.phrases[0].weight == pytest.approx(3)


def test_words_that_stand_for_each_other_share_their_effect():
    e = explain_sentence(counted(lambda t: 1 + 3 * ("truce" in t)), "A truce truce is near.")
    assert [w.weight for w in e.word_weights] == pytest.approx([0, 1.5, 1.5, 0, 0])


def test_the_words_of_a_phrase_add_up_to_its_fall(model):
    e = explain_sentence(model, "The mayor would accept a truce only if 4 prisoners were freed.")
    assert e.phrases
    for phrase in e.phrases:
        inside = [w for w in e.word_weights if phrase.start <= w.start < phrase.end]
        assert 2 <= len(inside) <= 4
        assert sum(w.weight for w in inside) == pytest.approx(phrase.weight)
    assert all(a.end <= b.start for a, b in pairwise(e.phrases))


@pytest.mark.parametrize("classifier", ["rules", "nb", "svm", "majority"])
def test_other_classifiers_are_explained_by_occlusion_only(training, classifier):
    if classifier == "svm":
        training = pd.concat([training] * 2, ignore_index=True)
    e = explain_sentence(fitted(training, classifier), SENTENCE)
    assert (e.contributions, e.base, e.rest) == ({}, {}, {})
    assert len(e.word_weights) == 12
    heaviest = max(e.word_weights, key=lambda w: w.weight)
    if classifier == "majority":
        assert heaviest.weight == 0
    else:
        assert heaviest.weight > 0


def test_a_model_that_is_all_but_certain_still_says_which_words_matter():
    e = explain_sentence(counted(lambda t: 20 + 2 * ("no" in t)), "Oh no.")
    assert e.probabilities["rejects"] == pytest.approx(1, abs=1e-8)
    assert [w.weight for w in e.word_weights] == pytest.approx([0, 2], abs=1e-3)


def test_a_model_with_hard_answers_has_finite_weights(training):
    e = explain_sentence(fitted(training, "rules"), SENTENCE)
    assert np.isfinite([w.weight for w in e.word_weights]).all()


def test_columns_without_names_are_one_contribution(training):
    blocks = [
        ("words", TfidfVectorizer(), "text"),
        ("vectors", HashingVectorizer(n_features=16), "text"),
    ]
    classifier = PriorAdjustedClassifier(LogisticRegression())
    pipeline = Pipeline([("features", ColumnTransformer(blocks)), ("classifier", classifier)])
    pipeline.fit(training[["text", "context"]], training["stance"])
    e = explain_sentence(Model(pipeline, {}), SENTENCE, top=1000)
    assert [c.feature for c in e.contributions["none"] if c.block == "vectors"] == ["vectors"]
    row = ColumnTransformer(blocks[1:]).fit_transform(pd.DataFrame({"text": [SENTENCE]}))
    coefficients = pipeline[1].estimator_.coef_[:, -16:]
    shares = (coefficients - coefficients.mean(axis=0)) @ np.asarray(row)[0]
    found = [c.log_odds for c in e.contributions["none"] if c.block == "vectors"]
    assert found == pytest.approx([shares[STANCES.index("none")]])
    rows = global_importances(pipeline, 1000)["none"]
    assert {r["block"] for r in rows} == {"word"}


@pytest.mark.parametrize("text", ["…", "5", "Kyiv’s «no» – naïve café?", "x" * 500])
def test_unusual_sentences_are_explained(model, text):
    e = explain_sentence(model, text)
    assert all(text[w.start : w.end] == w.word for w in e.word_weights)


def test_words_can_be_weighed_toward_any_stance(model):
    e = explain_sentence(model, SENTENCE)
    assert weigh_words(model.pipeline, SENTENCE, "", "rejects") == (e.word_weights, e.phrases)
    other = {w.word: w.weight for w in weigh_words(model.pipeline, SENTENCE, "", "none")[0]}
    assert other["rejected"] < 0


def test_an_empty_sentence_is_refused(model):
    with pytest.raises(DataError, match="text is empty"):
        explain_sentence(model, " ")


def test_an_explanation_is_plain_data(model):
    e = explain_sentence(model, SENTENCE, top=2)
    plain = json.loads(json.dumps(e.as_dict()))
    assert plain["stance"] == "rejects"
    assert list(plain["word_weights"][0]) == ["word", "start", "end", "weight"]
    assert [len(rows) for rows in plain["contributions"].values()] == [2] * 4
    assert list(plain["contributions"]["none"][0]) == ["feature", "block", "log_odds"]


@pytest.mark.parametrize(
    ("text", "word", "left"),
    [
        ("He said no.", "no", "He said."),
        ("No, he said.", "No", ", he said."),
        ("he said so", "he", "said so"),
        ("he said so", "so", "he said"),
        ("he said so", "said", "he so"),
        ("a  b  c", "b", "a  c"),
        ("(yes)", "yes", "()"),
        ("Yes", "Yes", ""),
    ],
)
def test_a_word_is_left_out_with_its_space(text, word, left):
    at = text.index(word)
    assert without(text, [(at, at + len(word))]) == left


@given(st.lists(st.sampled_from(["no", "a", "truce", "Kyiv"]), min_size=1), st.data())
def test_what_is_left_are_the_other_words(words, data):
    text, spans, at = " ".join(words) + ".", [], 0
    for word in words:
        spans.append((at, at + len(word)))
        at += len(word) + 1
    kept = data.draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words)))
    left = without(text, [s for s, keep in zip(spans, kept, strict=True) if not keep])
    assert left == " ".join(w for w, keep in zip(words, kept, strict=True) if keep) + "."
