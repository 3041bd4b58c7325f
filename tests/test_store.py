from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import skops.io
from sklearn.preprocessing import FunctionTransformer

from ceasefire_stance.corpus.manifest import load_corpus, sha256
from ceasefire_stance.corpus.sentences import single_stance
from ceasefire_stance.corpus.stances import STANCES
from ceasefire_stance.experiments.settings import load_experiments
from ceasefire_stance.experiments.shipping import headline_scores, train_to_folder
from ceasefire_stance.experiments.weak_spots import weak_spot_answers, weak_spots
from ceasefire_stance.learning import ModelError, load_model, predict_sentences
from ceasefire_stance.learning.store import check_target, models_folder

from .conftest import ROOT


@pytest.fixture(scope="module")
def model_folder(corpus, experiments_file, tmp_path_factory):
    experiments = load_experiments(experiments_file)
    folder = tmp_path_factory.mktemp("models") / "words"
    sentences = load_corpus(corpus)
    train_to_folder(
        experiments.recipe("words"),
        sentences[sentences["split"] == "train"],
        folder,
        experiments=experiments,
        fingerprint="x",
    )
    return folder


@pytest.fixture
def copy(model_folder, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(model_folder, folder)
    return folder


def test_a_saved_model_predicts_as_before_and_says_what_it_is(model_folder, corpus):
    model = load_model(model_folder)
    test = single_stance(load_corpus(corpus))
    test = test[test["split"] == "test"].reset_index(drop=True)
    predictions = predict_sentences(test, model)
    assert (predictions["stance"] == test["stance"]).mean() > 0.9
    assert model.info["chosen"]["C"] in (1.0, 10.0)
    assert model.info["classes"] == ["accepts", "conditional", "none", "rejects"]
    assert "Not measured yet" in (model_folder / "README.md").read_text(encoding="utf-8")


def test_saving_again_replaces_the_folder_whole(copy, corpus, experiments_file):
    experiments = load_experiments(experiments_file)
    sentences = load_corpus(corpus)
    train_to_folder(
        experiments.recipe("majority"), sentences, copy, experiments=experiments, fingerprint="x"
    )
    assert sorted(p.name for p in copy.iterdir()) == ["README.md", "model.json", "model.skops"]
    assert [p.name for p in copy.parent.iterdir()] == ["model"]


def test_a_folder_with_anything_else_in_it_is_never_replaced(copy, corpus, experiments_file):
    experiments = load_experiments(experiments_file)
    (copy / "thesis.txt").write_text("x", encoding="utf-8")
    arguments = {"experiments": experiments, "fingerprint": "x"}
    with pytest.raises(ModelError, match=r"holds 'thesis\.txt'"):
        train_to_folder(experiments.recipe("majority"), load_corpus(corpus), copy, **arguments)
    assert (copy / "thesis.txt").is_file()
    with pytest.raises(ModelError, match="is a file"):
        check_target(copy / "thesis.txt")


def test_a_missing_model_names_the_shipped_ones():
    with pytest.raises(ModelError, match="no such model folder; shipped models are"):
        load_model("nowhere")


@pytest.mark.parametrize("name", ["model.skops", "model.json"])
def test_a_half_written_folder_is_refused(copy, name):
    (copy / name).unlink()
    with pytest.raises(ModelError, match=r"missing; expected a complete model folder"):
        load_model(copy)


def test_an_altered_file_is_refused(copy):
    file = copy / "model.skops"
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(ModelError, match="altered"):
        load_model(copy)


def edit(folder, **changes):
    path = folder / "model.json"
    info = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(info | changes), encoding="utf-8")


def test_another_format_or_library_version_is_refused(copy):
    edit(copy, versions={"scikit-learn": "0.1.0"})
    with pytest.raises(ModelError, match=r"made with scikit-learn 0\.1\.0"):
        load_model(copy)
    edit(copy, format=99)
    with pytest.raises(ModelError, match="model format is 99"):
        load_model(copy)


@pytest.mark.parametrize("content", ["{", "[]"])
def test_unreadable_information_is_refused(copy, content):
    (copy / "model.json").write_text(content, encoding="utf-8")
    with pytest.raises(ModelError):
        load_model(copy)


def test_an_untrusted_type_is_named(copy):
    skops.io.dump(FunctionTransformer(func=shutil.rmtree), copy / "model.skops")
    edit(copy, checksums={"model.skops": sha256(copy / "model.skops")})
    with pytest.raises(ModelError, match="shutil"):
        load_model(copy)


def test_headline_scores_leave_out_what_was_not_measured():
    assert headline_scores({}) == {}


def test_models_folder_is_that_of_the_checkout():
    assert models_folder().name == "models"


def test_the_card_shows_what_a_model_costs_and_gets_wrong(corpus, experiments_file, tmp_path):
    experiments = load_experiments(experiments_file)
    sentences = load_corpus(corpus)
    parts = {s: sentences[sentences["split"] == s] for s in ("train", "validation")}
    model = train_to_folder(
        experiments.recipe("words"),
        parts["train"],
        tmp_path / "model",
        experiments=experiments,
        fingerprint="x",
        held_back=parts["validation"].reset_index(drop=True),
    )
    cost = model.info["cost"]
    assert cost["training"]["seconds"] > 0
    assert cost["reading"]["sentences"] == len(single_stance(parts["validation"]))
    answers = model.info["weak_spots"]
    wrong = [a for a in answers if a["given"] != a["right"]]
    assert len(answers) == len(weak_spots()) > len(wrong) > 0
    card = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert f"Of {len(answers)} sentences written" in card
    assert f"it reads {len(wrong)} wrongly" in card
    assert all((f"**{a['text']}**" in card) == (a in wrong) for a in answers)
    assert "which is assumed, not measured" in card


class Cautious:
    """Answers ``rejects``, though ``none`` is more probable."""

    classes_ = np.array(STANCES)

    def predict_proba(self, X):
        return np.tile([0.1, 0.1, 0.6, 0.2], (len(X), 1))

    def decide(self, probabilities):
        return np.array(["rejects"] * len(probabilities))


def test_a_weak_spot_is_shown_with_the_probability_of_its_answer():
    answers = weak_spot_answers(Cautious())
    assert {(a["given"], a["probability"]) for a in answers} == {("rejects", 0.2)}


def test_sentences_of_weak_spots_are_of_all_stances_and_of_no_corpus():
    rows = weak_spots()
    assert set(rows["stance"]) == set(STANCES)
    assert rows["text"].is_unique
    assert (rows["why"].str.len() > 0).all()
    shipped = set(load_corpus(ROOT / "data")["text"])
    assert shipped.isdisjoint(rows["text"])
