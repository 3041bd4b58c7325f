from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.manifest import load_corpus
from ceasefire_stance.corpus.sentences import single_stance
from ceasefire_stance.corpus.stances import STANCES, prior_in_words
from ceasefire_stance.experiments.settings import experiments_file, load_experiments
from ceasefire_stance.experiments.training import train
from ceasefire_stance.learning import Model, Recipe, load_model, make_pipeline, save_model
from ceasefire_stance.learning.calibration import decide, shift_prior
from ceasefire_stance.learning.cues import TOPICS
from ceasefire_stance.learning.explaining import explain_sentence
from ceasefire_stance.learning.predicting import predict_with
from ceasefire_stance.learning.topic_prior import PSEUDO_COUNT, TopicPriorPipeline, topics_of

MIX = {
    "named": {"accepts": 0.3, "conditional": 0.1, "none": 0.5, "rejects": 0.1},
    "context": {"accepts": 0.05, "conditional": 0.03, "none": 0.9, "rejects": 0.02},
    "unnamed": {"accepts": 0.02, "conditional": 0.01, "none": 0.96, "rejects": 0.01},
}
NAMED, CONTEXT, UNNAMED = ("A truce began.", ""), ("He left.", "A truce began."), ("He left.", "")


def frame(*pairs):
    return pd.DataFrame(pairs, columns=["text", "context"])


@pytest.fixture(scope="module")
def training(corpus):
    return single_stance(load_corpus(corpus))


def recipe(prior=MIX):
    return Recipe("x", "d", "logreg", ("cues", "words"), topic_prior=prior)


def test_topics_are_those_of_the_sentence_then_of_its_context():
    again = ("A truce began.", "A truce began.")
    assert topics_of(frame(NAMED, CONTEXT, UNNAMED, again)).tolist() == [
        "named", "context", "unnamed", "named",
    ]  # fmt: skip


def test_probabilities_are_moved_within_each_topic_by_hand():
    X = frame(*[NAMED] * 4, *[UNNAMED] * 6)
    y = np.array(["accepts", "accepts", "none", "none", *["none"] * 5, "accepts"], dtype=object)
    mix = {t: {"accepts": a, "none": 1 - a} for t, a in zip(TOPICS, (0.4, 0.1, 0.05), strict=True)}
    steps = [("classifier", DummyClassifier(strategy="prior"))]
    pipeline = TopicPriorPipeline(steps, topic_prior=mix).fit(X, y)
    # Ten sentences of the shares of all (0.3 accepts) beside the four, none and six of the topics.
    assert PSEUDO_COUNT == 10
    assert pipeline.training_shares_["named"] == pytest.approx([5 / 14, 9 / 14])
    assert pipeline.training_shares_["context"] == pytest.approx([0.3, 0.7])
    assert pipeline.training_shares_["unnamed"] == pytest.approx([4 / 16, 12 / 16])
    found = pipeline.predict_proba(frame(NAMED, CONTEXT, UNNAMED))
    odds = 3 / 7
    expected = [
        odds * (0.4 / 0.6) / (5 / 9), odds * (0.1 / 0.9) / (3 / 7), odds * (0.05 / 0.95) / (4 / 12),
    ]  # fmt: skip
    assert found[:, 0] / found[:, 1] == pytest.approx(expected)
    assert found.sum(axis=1) == pytest.approx(1)


def test_rare_classes_are_answered_sooner_by_hand():
    prior = np.array([0.64, 0.16, 0.2])
    rows = np.array([[0.6, 0.25, 0.15], [0.6, 0.35, 0.05], [0.4, 0.05, 0.55]])
    # Divided by the root of the shares, 0.8, 0.4 and 0.447, the first two are 0.75 and 0.625, then
    # 0.75 and 0.875.
    assert decide(rows, prior, 0.5).tolist() == [0, 1, 2]
    assert decide(rows, prior, 0.0).tolist() == [0, 0, 2]
    # Divided by the shares: 0.9375 and 1.5625.
    assert decide(rows, prior, 1.0).tolist() == [1, 1, 2]
    assert decide(np.array([[0.0, 1.0, 0.0]]), prior, 0.5).tolist() == [1]


def test_a_pipeline_answers_by_its_prior_and_keeps_its_probabilities():
    training, y = frame(*[NAMED] * 4), np.array(STANCES, dtype=object)
    prior = {"accepts": 0.12, "conditional": 0.06, "none": 0.76, "rejects": 0.06}
    steps = [("classifier", DummyClassifier(strategy="prior"))]
    plain = TopicPriorPipeline(steps, topic_prior=MIX, prior=prior).fit(training, y)
    sooner = clone(plain).set_params(logit_adjustment=0.5).fit(training, y)
    asked = frame(NAMED, CONTEXT, UNNAMED)
    assert np.array_equal(sooner.predict_proba(asked), plain.predict_proba(asked))
    # Probabilities are those of the topic, and 0.3 / 0.12 ** 0.5 is more than 0.5 / 0.76 ** 0.5.
    assert plain.predict(asked).tolist() == ["none"] * 3
    assert sooner.predict(asked).tolist() == ["accepts", "none", "none"]
    rows = asked.assign(sentence_id=["a", "b", "c"])
    assert predict_with(rows, sooner)["stance"].tolist() == ["accepts", "none", "none"]
    assert predict_with(rows.iloc[:0], sooner).empty


def test_a_recipe_answers_by_the_rule_it_states(training):
    y = training["stance"].to_numpy(object)
    prior = {"accepts": 0.12, "conditional": 0.06, "none": 0.76, "rejects": 0.06}
    stated = dataclasses.replace(recipe(), prior=prior, logit_adjustment=0.9)
    pipeline = make_pipeline(stated).fit(training, y)
    shares = np.array([prior[s] for s in STANCES])
    expected = np.array(STANCES)[(pipeline.predict_proba(training) / shares**0.9).argmax(axis=1)]
    assert pipeline.predict(training).tolist() == expected.tolist()
    assert stated.as_dict()["logit_adjustment"] == 0.9


SHARES = {"accepts": 0.12, "conditional": 0.06, "none": 0.76, "rejects": 0.06}


@pytest.mark.parametrize(
    ("adjustment", "prior"),
    [(1.1, SHARES), (-0.1, SHARES), (0.5, None), (0.5, {"none": 0.9}),
     (0.5, SHARES | {"none": 0.82, "rejects": 0.0})],
)  # fmt: skip
def test_an_adjustment_out_of_range_or_without_a_prior_is_refused(training, adjustment, prior):
    steps = [("classifier", DummyClassifier(strategy="prior"))]
    pipeline = TopicPriorPipeline(steps, prior=prior, logit_adjustment=adjustment)
    with pytest.raises(ValueError, match=f"logit_adjustment is {adjustment}"):
        pipeline.fit(training, training["stance"].to_numpy(object))


def test_without_priors_it_is_a_plain_pipeline(training):
    y = training["stance"].to_numpy(object)
    plain = make_pipeline(recipe(None)).fit(training, y)
    same = TopicPriorPipeline(clone(plain).steps).fit(training, y)
    assert type(plain) is not TopicPriorPipeline
    assert np.array_equal(plain.predict_proba(training), same.predict_proba(training))
    assert np.array_equal(plain.predict(training), same.predict(training))
    assert not same.topic_offsets(training).any()


def test_a_sentence_is_likelier_to_carry_a_claim_where_its_topic_does(training):
    y = training["stance"].to_numpy(object)
    pipeline = clone(make_pipeline(recipe())).fit(training, y)
    raw = make_pipeline(recipe(None)).fit(training, y).predict_proba(training)
    topics, found = topics_of(training), pipeline.predict_proba(training)
    assert set(topics) == set(TOPICS)
    for topic in TOPICS:
        rows = topics == topic
        stated = np.array([MIX[topic][s] for s in STANCES])
        moved = shift_prior(raw[rows], pipeline.training_shares_[topic], stated)
        assert found[rows] == pytest.approx(moved)
    assert np.array_equal(pipeline.predict(training), pipeline.classes_[found.argmax(axis=1)])


def test_all_that_asks_for_probabilities_gets_those_under_the_priors(training):
    y = training["stance"].to_numpy(object)
    pipeline = make_pipeline(recipe()).fit(training, y)
    found = pipeline.predict_proba(training)
    assert np.exp(pipeline.predict_log_proba(training)) == pytest.approx(found)
    assert pipeline.score(training, y) == np.mean(pipeline.predict(training) == y)
    # A part of it has no priors: they are those of the whole.
    assert type(pipeline[:1]) is Pipeline
    assert pipeline[0] is pipeline.named_steps["features"]


def test_a_class_that_was_not_trained_is_never_sure():
    class Four(DummyClassifier):
        def fit(self, X, y):
            self.classes_ = np.array(STANCES)
            return self

        def predict_proba(self, X):
            return np.tile([0.1, 0.1, 0.7, 0.1], (len(X), 1))

    X = frame(NAMED, UNNAMED, UNNAMED)
    pipeline = TopicPriorPipeline([("classifier", Four())], topic_prior=MIX)
    found = pipeline.fit(X, np.array(["accepts", "none", "none"], dtype=object)).predict_proba(X)
    assert np.isfinite(found).all()
    assert found.sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ("[prior.named]\nnone = 1.0\n", "expected named, context, unnamed"),
        (
            "[prior.nmaed]\naccepts=0.1\nconditional=0.1\nnone=0.7\nrejects=0.1\n",
            "states the topics nmaed",
        ),
    ],
)
def test_topics_in_the_settings_are_complete_or_left_out(tmp_path, tables, message):
    text = experiments_file().read_text(encoding="utf-8")
    start, end = text.index("[prior.named]"), text.index("# How `ceasefire-stance finetune`")
    path = tmp_path / "experiments.toml"
    path.write_text(text[:start] + tables + text[end:], encoding="utf-8")
    with pytest.raises(DataError, match=message):
        load_experiments(path)
    path.write_text(text[:start] + text[end:], encoding="utf-8")
    assert load_experiments(path).recipe("tfidf-logreg").topic_prior is None
    ours = load_experiments().recipes
    assert set(ours["tfidf-logreg"].topic_prior) == set(TOPICS)
    assert ours["majority"].topic_prior is None


@pytest.mark.parametrize(
    "broken",
    [
        {"named": MIX["named"], "context": MIX["context"]},
        {**MIX, "unnamed": {**MIX["unnamed"], "none": 0.5}},
        {**MIX, "unnamed": {"accepts": 0.5, "none": 0.5}},
        {**MIX, "unnamed": {**MIX["unnamed"], "none": 1.06, "accepts": -0.08}},
    ],
)
def test_a_prior_of_a_topic_is_a_share_for_each_class(training, broken):
    with pytest.raises(ValueError, match="expected a share for each of accepts, conditional, none"):
        make_pipeline(recipe(broken)).fit(training, training["stance"].to_numpy(object))


def test_hyper_parameters_are_chosen_before_the_priors_are_put_on(training):
    grid = {"C": (0.1, 10.0)}
    with_prior = train(
        Recipe("x", "d", "logreg", ("words",), grid=grid, topic_prior=MIX), training, folds=2
    )
    without = train(Recipe("x", "d", "logreg", ("words",), grid=grid), training, folds=2)
    assert with_prior.cross_validation == without.cross_validation
    assert with_prior.pipeline.topic_prior == MIX


def test_it_is_saved_and_explained_with_its_priors(training, tmp_path):
    pipeline = make_pipeline(recipe()).fit(training, training["stance"].to_numpy(object))
    info = {"recipe": recipe().as_dict(), "corpus": "c", "chosen": {}, "seed": 0}
    save_model(Model(pipeline, info), tmp_path / "m", "card")
    loaded = load_model(tmp_path / "m")
    assert np.array_equal(loaded.pipeline.predict_proba(training), pipeline.predict_proba(training))
    for text, context in (NAMED, CONTEXT, UNNAMED):
        e = explain_sentence(loaded, text, context, top=3)
        sums = {
            s: e.base[s] + e.rest[s] + sum(c.log_odds for c in e.contributions[s]) for s in STANCES
        }
        p = pipeline.predict_proba(frame((text, context)))[0]
        logs = np.log(p) - np.log(p).mean()
        assert [sums[s] for s in STANCES] == pytest.approx(logs, abs=1e-6)


def test_priors_are_said_in_words():
    assert prior_in_words(None) == "that of the training sentences"
    assert prior_in_words({"none": 0.5, "accepts": 0.5}) == "none 0.5, accepts 0.5"
    said = prior_in_words({"none": 1.0}, {"named": {"none": 0.5}, "unnamed": {"none": 0.9}})
    assert said == "by where a ceasefire is named (in the sentence: none 0.5; nowhere: none 0.9)"
