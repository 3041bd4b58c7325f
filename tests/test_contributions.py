from __future__ import annotations

import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from ceasefire_stance.corpus.manifest import load_corpus
from ceasefire_stance.corpus.sentences import single_stance
from ceasefire_stance.corpus.stances import STANCES
from ceasefire_stance.learning import AveragedClassifier, Model, Recipe, make_pipeline
from ceasefire_stance.learning.contributions import (
    global_importances,
    linear_part,
    tfidf_word_weights,
)
from ceasefire_stance.learning.explaining import explain_sentence, weigh_words

SENTENCE = "The rebels of Osk rejected any truce and vowed to fight on."


@pytest.fixture(scope="module")
def training(corpus):
    return single_stance(load_corpus(corpus))


def fitted(training, classifier="logreg", features=("cues", "words"), **settings):
    recipe = Recipe("x", "", classifier, features, True, prior={"none": 0.6}, **settings)
    return Model(make_pipeline(recipe).fit(training[["text", "context"]], training["stance"]), {})


@pytest.fixture(scope="module")
def model(training):
    return fitted(training, block_weights={"words": 2.5})


def test_global_importances_are_signed_and_centred(model):
    classifier = model.pipeline.named_steps["classifier"]
    out = global_importances(model.pipeline, 10_000)
    assert list(out) == list(STANCES)
    weight = {s: {(r["block"], r["feature"]): r["weight"] for r in rows} for s, rows in out.items()}
    names = list(model.pipeline[0].get_feature_names_out())
    own = classifier.estimator_.coef_[:, names.index("words__rejected")]
    assert weight["rejects"]["word", "rejected"] == pytest.approx(own[3] - own.mean(), abs=1e-4)
    assert any(w < 0 for w in weight["rejects"].values())
    sizes = [abs(r["weight"]) for r in out["accepts"]]
    assert sizes == sorted(sizes, reverse=True)
    assert len(global_importances(model.pipeline, 3)["none"]) == 3


def test_global_importances_on_sentences_leave_out_what_does_not_occur(model):
    sentences = pd.DataFrame({"text": [SENTENCE], "context": [""]})
    rows = global_importances(model.pipeline, 10_000, sentences)["rejects"]
    e = explain_sentence(model, SENTENCE, top=10_000)
    assert {r["feature"] for r in rows} <= {c.feature for c in e.contributions["rejects"]}
    first, best = rows[0], e.contributions["rejects"][0]
    assert abs(first["weight"]) == pytest.approx(abs(best.log_odds), abs=1e-4)


def test_global_importances_of_a_model_that_is_not_linear_are_empty(training):
    assert global_importances(fitted(training, "nb").pipeline) == {}


def test_the_linear_part_of_an_average_is_found(model, training):
    X, y = training[["text", "context"]], training["stance"]
    other = make_pipeline(Recipe("x", "", "nb", ("words",)))
    average = AveragedClassifier([("other", other), ("linear", model.pipeline)], weights=(1, 2))
    pipeline = Pipeline([("classifier", average)]).fit(X, y)
    assert global_importances(pipeline) == {}
    assert global_importances(linear_part(pipeline)) == global_importances(model.pipeline)
    assert linear_part(model.pipeline) is model.pipeline
    alone = Pipeline([("classifier", AveragedClassifier([("o", other)], weights=(1,)))]).fit(X, y)
    assert linear_part(alone) is alone


def linear_weights(model, text, stance):
    words = weigh_words(model.pipeline, text, "", stance)[0]
    spans = [(w.start, w.end) for w in words]
    return words, tfidf_word_weights(model.pipeline, [text], [stance], [spans])


@pytest.mark.parametrize("stance", STANCES)
@pytest.mark.parametrize(
    "text",
    [SENTENCE, "The truce, the truce: the rebels of İzmir REJECTED the truce.", "Oh.", "…"],
)
def test_the_words_of_a_sentence_add_up_to_its_block_of_words(model, text, stance):
    _, (weights,) = linear_weights(model, text, stance)
    e = explain_sentence(model, text, top=10_000)
    block = sum(c.log_odds for c in e.contributions[stance] if c.block == "word")
    assert sum(weights) == pytest.approx(block)


def test_a_pair_of_words_is_shared_and_a_repeated_word_too(training):
    model = fitted(training, features=("words",))
    features, classifier = model.pipeline[0], model.pipeline[1]
    text = "truce rejected truce"
    row = features.transform(pd.DataFrame({"text": [text], "context": [""]})).toarray()[0]
    own = classifier.estimator_.coef_
    part = (own[3] - own.mean(axis=0)) * row
    known = dict(zip(features.get_feature_names_out(), part, strict=True))
    truce, rejected = known["words__truce"], known["words__rejected"]
    # Neither pair of neighbours stands in the training sentences: three words, two of them alike.
    assert {"words__truce rejected", "words__rejected truce"}.isdisjoint(known)
    _, (weights,) = linear_weights(model, text, "rejects")
    assert weights == pytest.approx([truce / 2, rejected, truce / 2])
    # "rejected any" does: half of it goes to each word.
    row = features.transform(pd.DataFrame({"text": ["rejected any"], "context": [""]}))
    part = (own[3] - own.mean(axis=0)) * row.toarray()[0]
    known = dict(zip(features.get_feature_names_out(), part, strict=True))
    _, (weights,) = linear_weights(model, "rejected any", "rejects")
    half = known["words__rejected any"] / 2
    assert half != 0
    assert weights == pytest.approx([known["words__rejected"] + half, known["words__any"] + half])


def test_a_word_of_several_tokens_has_the_weight_of_all(training):
    model = fitted(training, features=("words",))
    text = "truce-rejected now"
    words, (weights,) = linear_weights(model, text, "rejects")
    assert [w.word for w in words] == ["truce-rejected", "now"]
    e = explain_sentence(model, text, top=10_000)
    block = sum(c.log_odds for c in e.contributions["rejects"] if c.block == "word")
    assert weights == pytest.approx([block, 0])


@pytest.mark.parametrize(
    ("classifier", "features"), [("nb", ("words",)), ("rules", ()), ("logreg", ("cues",))]
)
def test_only_linear_models_of_words_have_such_weights(training, classifier, features):
    model = fitted(training, classifier, features)
    assert tfidf_word_weights(model.pipeline, [SENTENCE], ["none"], [[(0, 3)]]) is None
