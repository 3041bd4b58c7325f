from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import clone
from sklearn.dummy import DummyClassifier

from ceasefire_stance.corpus.stances import STANCES
from ceasefire_stance.learning.encoder import SentenceEncoder
from ceasefire_stance.learning.errors import ModelError
from ceasefire_stance.learning.tuned import AveragedClassifier, TunedClassifier
from ceasefire_stance.learning.tuned_folder import tuned_information
from ceasefire_stance.learning.weights import find_weights

from .test_weights import SMALL, skip_without_the_extra, tiny_folder, tuned_folder

skip_without_the_extra()

FRAME = pd.DataFrame(
    [
        ("The rebels agreed to the truce.", ""),
        ("The mayor would talk only if prisoners were freed.", "The talks of the war."),
        ("No.", "Peace."),
        ("Shelling killed four people and aid reached no villages of the city.", ""),
    ],
    columns=["text", "context"],
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(tiny_folder(tmp_path_factory.mktemp("weights") / "tiny"))


@pytest.fixture(scope="module")
def tuned(folder, tmp_path_factory):
    return tuned_folder(folder, tmp_path_factory.mktemp("tuned") / "model")


@pytest.fixture
def copy(tuned, tmp_path):
    return shutil.copytree(tuned, tmp_path / "copy")


def test_a_tuned_network_gives_the_softmax_of_its_logits(tuned):
    classifier = TunedClassifier(str(tuned)).fit(FRAME)
    assert list(classifier.classes_) == list(STANCES)
    probabilities, logits = classifier.predict_proba(FRAME), classifier.decision_function(FRAME)
    assert np.allclose(probabilities.sum(1), 1)
    expected = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert np.allclose(probabilities, expected)
    predicted = classifier.predict(FRAME)
    assert list(predicted) == [STANCES[i] for i in logits.argmax(1)]
    assert len(set(predicted)) > 1
    assert classifier.predict_proba(FRAME.iloc[:0]).shape == (0, 4)


def test_the_logits_are_the_heads_of_the_vector_in_context(folder, tuned):
    encoder = SentenceEncoder(folder, quantized=False, **SMALL).fit(FRAME)
    vector = encoder.transform(FRAME)[:, 8:]
    rng = np.random.default_rng(4)
    expected = vector @ rng.normal(size=(4, 8)).T + [0.0, 0.5, -0.5, 0.1]
    logits = TunedClassifier(str(tuned)).fit().decision_function(FRAME)
    assert np.allclose(logits, expected, atol=1e-4)


def test_temperature_makes_less_sure_and_changes_no_answer(tuned):
    sure = TunedClassifier(str(tuned)).fit(FRAME)
    mild = TunedClassifier(str(tuned), temperature=3.0).fit(FRAME)
    assert (mild.predict_proba(FRAME).max(1) < sure.predict_proba(FRAME).max(1)).all()
    assert list(mild.predict(FRAME)) == list(sure.predict(FRAME))
    with pytest.raises(ValueError, match="temperature is 0"):
        TunedClassifier(str(tuned), temperature=0).fit(FRAME)


def test_a_tuned_classifier_goes_through_skops(tuned, tmp_path):
    classifier = TunedClassifier(str(tuned)).fit(FRAME)
    expected = classifier.predict_proba(FRAME)
    skops.io.dump(classifier, tmp_path / "m.skops")
    unknown = skops.io.get_untrusted_types(file=tmp_path / "m.skops")
    assert unknown == ["ceasefire_stance.learning.tuned.TunedClassifier"]
    again = skops.io.load(tmp_path / "m.skops", trusted=unknown)
    assert np.array_equal(again.predict_proba(FRAME), expected)


@pytest.mark.parametrize("file", ["encoder.onnx", "tokenizer.json"])
def test_an_altered_network_or_tokenizer_is_refused(copy, file):
    path = copy / file
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ModelError, match=rf"{file}: the SHA-256 is .* altered"):
        TunedClassifier(str(copy)).fit(FRAME)


@pytest.mark.parametrize("file", ["encoder.onnx", "tokenizer.json", "encoder.json"])
def test_an_incomplete_folder_is_refused(copy, file):
    (copy / file).unlink()
    with pytest.raises(ModelError, match=r"expected encoder\.onnx"):
        TunedClassifier(str(copy)).fit(FRAME)


def test_another_network_than_at_fitting_is_refused(copy, folder):
    classifier = TunedClassifier(str(copy)).fit(FRAME)
    tuned_folder(folder, copy, {"head.bias": np.zeros(4, np.float32)})
    with pytest.raises(ModelError, match="that the model was fitted with"):
        classifier.predict(FRAME)


@pytest.mark.parametrize("change", [{"classes": ["no", "yes"]}, {"format": 1}])
def test_other_classes_or_another_format_are_refused(copy, change):
    path = copy / "encoder.json"
    info = json.loads(path.read_text(encoding="utf-8")) | change
    path.write_text(json.dumps(info), encoding="utf-8")
    with pytest.raises(ModelError, match="expected format 2 and the classes accepts"):
        tuned_information(copy)


def test_a_notice_says_where_the_weights_are_from(tuned, folder, tmp_path):
    text = (tuned / "NOTICE").read_text(encoding="utf-8")
    assert "weights tiny" in text
    assert find_weights(folder).sha256 in text
    assert "8 bits" not in text


def test_another_prior_raises_what_it_names(tuned):
    prior = {"accepts": 0.1, "conditional": 0.1, "none": 0.7, "rejects": 0.1}
    own = TunedClassifier(str(tuned)).fit().predict_proba(FRAME)
    shifted = TunedClassifier(str(tuned), prior=prior).fit().predict_proba(FRAME)
    # The training mix is even: odds of none against another rise by 0.7 / 0.1.
    assert np.allclose(shifted[:, 2] / shifted[:, 0], 7 * own[:, 2] / own[:, 0])
    assert np.allclose(shifted.sum(1), 1)


def test_without_a_stated_prior_it_is_that_of_the_sentences_it_is_fitted_to(tuned):
    own = TunedClassifier(str(tuned)).fit().predict_proba(FRAME)
    labels = ["none"] * 7 + ["accepts", "conditional", "rejects"]
    fitted = TunedClassifier(str(tuned)).fit(None, labels)
    assert fitted.prior_ == pytest.approx([0.1, 0.1, 0.7, 0.1])
    shifted = fitted.predict_proba(FRAME)
    assert np.allclose(shifted[:, 2] / shifted[:, 0], 7 * own[:, 2] / own[:, 0])
    # A stance that they lack is not impossible.
    lacking = TunedClassifier(str(tuned)).fit(None, ["none", "accepts"]).predict_proba(FRAME)
    assert (lacking > 0).all()


def test_tokens_of_holders_have_their_places_and_a_probability(tuned):
    tokens = TunedClassifier(str(tuned)).fit().holder_tokens(FRAME)
    text = FRAME["text"][0]
    assert [text[a:b] for a, b, _ in tokens[0]] == [
        *("The", "rebels", "agreed", "to", "the", "truce", "."),
    ]
    assert all(p.shape == (3,) and ((p > 0) & (p < 1)).all() for row in tokens for *_, p in row)
    assert len({tuple(p) for *_, p in tokens[0]}) > 1


# AveragedClassifier.


class Fixed(DummyClassifier):
    """Says the same of every row."""

    def __init__(self, row=(0.25, 0.25, 0.25, 0.25)):
        super().__init__()
        self.row = row

    def fit(self, X, y):
        self.classes_ = np.array(STANCES[: len(self.row)])
        return self

    def predict_proba(self, X):
        return np.tile(np.array(self.row, dtype=float), (len(X), 1))


def averaged(weights, *rows):
    parts = [(f"part{i}", Fixed(row)) for i, row in enumerate(rows)]
    return AveragedClassifier(parts, weights=weights).fit(FRAME, list(STANCES))


def test_the_mean_is_geometric_and_weighted():
    model = averaged((1, 3), (0.1, 0.2, 0.3, 0.4), (0.4, 0.3, 0.2, 0.1))
    # 0.1 ** 0.25 * 0.4 ** 0.75, …: 0.28284, 0.27108, 0.22134, 0.14142, together 0.91668
    expected = [0.308549, 0.295718, 0.241453, 0.154275]
    assert np.allclose(model.predict_proba(FRAME), expected, atol=1e-5)
    assert set(model.predict(FRAME)) == {"accepts"}


def test_what_one_rules_out_stays_out():
    model = averaged((1, 1), (0.0, 0.5, 0.25, 0.25), (0.97, 0.01, 0.01, 0.01))
    assert (model.predict_proba(FRAME)[:, 0] < 1e-6).all()


def test_weights_and_classes_have_to_fit():
    with pytest.raises(ValueError, match="expected 2 numbers above 0"):
        averaged((1,), (0.25,) * 4, (0.25,) * 4)
    with pytest.raises(ValueError, match="expected 2 numbers above 0"):
        averaged((1, 0), (0.25,) * 4, (0.25,) * 4)
    with pytest.raises(ValueError, match="as those of the first"):
        averaged((1, 1), (0.25,) * 4, (0.5, 0.25, 0.25))


def test_parameters_of_its_parts_have_names():
    model = AveragedClassifier([("one", Fixed()), ("two", Fixed())], weights=(1, 1))
    model.set_params(two__row=(0.7, 0.1, 0.1, 0.1))
    assert clone(model).fit(FRAME, list(STANCES)).estimators_[1].row[0] == 0.7
    assert "one__row" in model.get_params()
