from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import parametrize_with_checks

from ceasefire_stance.corpus.manifest import load_corpus
from ceasefire_stance.corpus.sentences import single_stance
from ceasefire_stance.corpus.stances import STANCES
from ceasefire_stance.learning import (
    CueVectorizer,
    KeywordRules,
    PriorAdjustedClassifier,
    Recipe,
    make_pipeline,
)
from ceasefire_stance.learning.calibration import shift_prior
from ceasefire_stance.learning.contributions import strongest_features
from ceasefire_stance.learning.cues import NEGATION, load_cues
from ceasefire_stance.learning.features import make_features
from ceasefire_stance.learning.predicting import predict_with


def frame(*texts: str, context: str = "") -> pd.DataFrame:
    return pd.DataFrame({"text": list(texts), "context": context})


@pytest.fixture(scope="module")
def training(corpus):
    return single_stance(load_corpus(corpus))


@pytest.mark.parametrize("cue", load_cues(), ids=lambda c: c.name)
def test_every_cue_finds_its_example_and_not_its_look_alike(cue):
    pattern = re.compile(cue.pattern, re.IGNORECASE)
    assert pattern.search(cue.yes)
    assert not pattern.search(cue.no)
    assert cue.toward in {*STANCES, "topic"}
    assert cue.why


def features_of(text: str, context: str = "", use_context: bool = True) -> set[str]:
    vectorizer = CueVectorizer(use_context=use_context).fit(frame(text))
    names = vectorizer.get_feature_names_out()
    row = vectorizer.transform(frame(text, context=context))
    return set(names[row.nonzero()[1]])


def test_negation_changes_a_cue_within_its_clause_only():
    assert "not agreed" in features_of("Hamas has not accepted the truce.")
    assert "rejected" in features_of("It was not late, but Hamas rejected the truce.")


def test_topic_is_in_the_sentence_in_the_context_or_nowhere():
    assert "topic named" in features_of("They want a truce.")
    assert "topic context" in features_of("They refuse it.", "A truce was offered.")
    assert "topic unnamed" in features_of("They refuse it.")
    assert "topic unnamed" in features_of("They refuse it.", "A truce was offered.", False)


def test_the_side_of_the_ceasefire_word_is_kept():
    found = features_of("Egypt welcomed the truce.")
    assert "welcomed > truce" in found
    assert "truce > welcomed" not in found
    assert "truce > welcomed" in features_of("The truce was welcomed.")


def test_names_and_columns_agree():
    vectorizer = CueVectorizer().fit(frame("x"))
    matrix = vectorizer.transform(frame("A truce?", "No."))
    assert matrix.shape == (2, len(vectorizer.get_feature_names_out()))


@given(st.text(max_size=200), st.text(max_size=80))
def test_any_text_has_cue_features(text, context):
    matrix = CueVectorizer().fit(frame(text)).transform(frame(text, context=context))
    assert np.isfinite(matrix.data).all()


@pytest.mark.parametrize("text", ["not", "don't", "don’t", "never"])
def test_negations(text):
    assert NEGATION.search(text)


@pytest.mark.parametrize(
    ("text", "stance"),
    [
        ("Kyiv agreed to a 30-day ceasefire.", "accepts"),
        ("Hamas rejected the truce.", "rejects"),
        ("It would accept a truce only if troops left.", "conditional"),
        ("It has not rejected the truce.", "conditional"),
        ("The ceasefire took effect at noon.", "none"),
        ("The committee rejected the budget.", "none"),
    ],
)
def test_rules_read_from_the_top(training, text, stance):
    rules = KeywordRules().fit(training, training["stance"])
    assert rules.predict(frame(text)).tolist() == [stance]


def test_rules_use_the_context_only_when_told(training):
    sentence = frame("Hamas rejected it.", context="Egypt proposed a truce.")
    fitted = [KeywordRules(use_context=c).fit(training, training["stance"]) for c in (False, True)]
    assert [r.predict(sentence)[0] for r in fitted] == ["none", "rejects"]
    assert np.allclose(fitted[0].predict_proba(sentence).sum(axis=1), 1)


@parametrize_with_checks([PriorAdjustedClassifier(LogisticRegression())])
def test_prior_adjustment_is_a_scikit_learn_estimator(estimator, check):
    check(estimator)


def test_shifted_prior_by_hand():
    # Even odds, prior 0.5/0.5 -> 0.8/0.2: odds become 4.
    shifted = shift_prior(np.array([[0.5, 0.5]]), np.array([0.5, 0.5]), np.array([0.8, 0.2]))
    assert np.allclose(shifted, [[0.8, 0.2]])


def test_classes_not_named_in_a_prior_share_the_rest():
    X = np.arange(8.0).reshape(-1, 1)
    y = np.array(["a", "a", "b", "b", "b", "b", "c", "c"])
    fitted = PriorAdjustedClassifier(LogisticRegression(), {"a": 0.7}).fit(X, y)
    # b and c are 4 and 2 of the other 6 in training: 0.3 is divided 2 to 1.
    assert np.allclose(fitted.prior_, [0.7, 0.2, 0.1])


@given(st.lists(st.floats(0.01, 1), min_size=3, max_size=3))
def test_shifting_there_and_back_changes_nothing(weights):
    p = np.array([[0.2, 0.3, 0.5]])
    old, new = np.full(3, 1 / 3), np.array(weights) / sum(weights)
    assert np.allclose(shift_prior(shift_prior(p, old, new), new, old), p)


RECIPES = [
    Recipe("nb", "d", "nb", ("words",)),
    Recipe("logreg", "d", "logreg", ("words", "chars", "cues"), context=True, prior={"none": 0.7}),
    Recipe("svm", "d", "svm", ("words",)),
    Recipe("majority", "d", "majority"),
    Recipe("rules", "d", "rules"),
]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda r: r.name)
def test_every_kind_of_recipe_fits_clones_and_predicts(recipe, training):
    pipeline = clone(make_pipeline(recipe)).fit(training, training["stance"].to_numpy(object))
    predictions = predict_with(training, pipeline)
    columns = ["p_accepts", "p_conditional", "p_none", "p_rejects"]
    assert np.allclose(predictions[columns].sum(axis=1), 1)
    assert predictions["sentence_id"].tolist() == training["sentence_id"].tolist()
    assert not predictions["abstained"].any()


def test_grid_search_takes_a_recipe(training):
    search = GridSearchCV(
        make_pipeline(RECIPES[0]), {"classifier__estimator__alpha": [0.1, 1.0]}, cv=2
    )
    search.fit(training, training["stance"].to_numpy(object))
    assert search.best_score_ > 0.5


def test_strongest_features_are_those_of_the_class(training):
    recipe = Recipe("x", "d", "logreg", ("words",))
    pipeline = make_pipeline(recipe).fit(training, training["stance"].to_numpy(object))
    best = strongest_features(pipeline, 8)
    assert list(best) == list(STANCES)
    assert {"words: fight on", "words: any truce"} <= {r["feature"] for r in best["rejects"]}
    assert strongest_features(make_pipeline(RECIPES[3]).fit(training, training["stance"])) == {}


def test_block_weights_multiply_the_values_of_their_block_alone(training):
    plain, heavy = (
        make_features(["words", "cues"], context=False, block_weights=weights).fit(training)
        for weights in (None, {"words": 2.5})
    )
    words = plain.output_indices_["words"].stop
    one, other = plain.transform(training), heavy.transform(training)
    assert abs(other[:, :words] - 2.5 * one[:, :words]).max() < 1e-12
    assert abs(other[:, words:] - one[:, words:]).max() == 0
    recipe = Recipe("x", "d", "logreg", ("words",), block_weights={"words": 2.0})
    assert recipe.as_dict()["block_weights"] == {"words": 2.0}
    assert make_pipeline(recipe)[0].transformer_weights == {"words": 2.0}


def test_unknown_names_in_recipes_are_refused():
    with pytest.raises(ValueError, match="expected words, chars or cues"):
        make_features(["colours"], context=False)
    with pytest.raises(ValueError, match="numbers above 0 for any of words"):
        make_features(["words"], context=False, block_weights={"cues": 2.0})
    with pytest.raises(ValueError, match="numbers above 0 for any of cues, words"):
        make_features(["words", "cues"], context=False, block_weights={"words": 0.0})
    with pytest.raises(ValueError, match="classifier is 'oracle'"):
        make_pipeline(Recipe("x", "d", "oracle"))


def test_a_model_of_two_classes_gives_the_others_nothing(training):
    two = training[training["stance"].isin(["none", "accepts"])]
    pipeline = make_pipeline(RECIPES[0]).fit(two, two["stance"].to_numpy(object))
    predictions = predict_with(two, pipeline)
    assert (predictions[["p_conditional", "p_rejects"]] == 0).all(axis=None)
