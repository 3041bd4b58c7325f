from __future__ import annotations

import importlib.util

import numpy as np
import pandas as pd
import pytest

from ceasefire_stance.cli.main import main
from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.manifest import load_corpus
from ceasefire_stance.corpus.stances import STANCES
from ceasefire_stance.experiments.settings import load_experiments
from ceasefire_stance.experiments.tuning import claims_of, stance_targets, taught, tune_network
from ceasefire_stance.learning.errors import ModelError
from ceasefire_stance.learning.tuned import TunedClassifier
from ceasefire_stance.learning.tuned_folder import tuned_information
from ceasefire_stance.learning.tuning_run import Settings

from .test_weights import skip_without_the_extra, tiny_folder, tuned_folder

skip_without_the_extra()

HAS_TORCH = importlib.util.find_spec("torch") is not None
TUNING = {
    "layers": 1, "seed": 0, "epochs": 1, "learning_rate": 1e-3, "batch_size": 64,
    "context_tokens": 5, "max_tokens": 20,
}  # fmt: skip


@pytest.fixture
def weights(tmp_path):
    return tiny_folder(tmp_path / "tiny")


def test_the_projects_own_settings_are_complete():
    tuning = dict(load_experiments().tuning)
    assert {"weights", "layers", "runs", "bits"} <= set(tuning)
    for name in ("weights", "layers", "runs", "bits"):
        tuning.pop(name)
    assert Settings(**tuning).epochs > 0


def test_an_unknown_setting_is_named(weights, corpus, tmp_path):
    wrong = TUNING | {"weights": str(weights), "momentum": 1}
    with pytest.raises(DataError, match=r"\[tuning\] in experiments.toml: .*momentum"):
        tune_network(corpus, tmp_path / "out", wrong)
    with pytest.raises(DataError, match="'weights'; expected weights, layers, runs"):
        tune_network(corpus, tmp_path / "out", TUNING)


def test_more_layers_than_there_are_is_refused(weights, corpus, tmp_path):
    with pytest.raises(DataError, match="layers is 5; expected 1 to 2"):
        tune_network(corpus, tmp_path / "out", TUNING | {"weights": str(weights), "layers": 5})


@pytest.mark.skipif(HAS_TORCH, reason="torch is installed")
def test_without_torch_the_command_ends_with_the_code_of_models(
    weights, corpus, experiments_file, tmp_path, capsys
):
    own = tmp_path / "experiments.toml"
    settings = "\n".join(f"{name} = {value}" for name, value in TUNING.items())
    text = experiments_file.read_text(encoding="utf-8")
    own.write_text(f"{text}\n[tuning]\n{settings}\n", encoding="utf-8")
    options = ["--experiments", str(own), "--weights", str(weights), "--data", str(corpus)]
    assert main(["finetune", "--out", str(tmp_path / "out"), *options]) == 4
    assert "ceasefire-stance[finetune]" in capsys.readouterr().err


@pytest.mark.skipif(not HAS_TORCH, reason="torch is not installed")
def test_a_network_is_tuned_on_the_training_split(weights, corpus, tmp_path):
    out = tmp_path / "out"
    losses = tune_network(corpus, out, TUNING | {"weights": str(weights)})
    info = tuned_information(out)
    assert (len(losses), info["layers"]) == (1, 1)
    assert info["corpus"]
    assert sum(info["training_prior"]) == pytest.approx(1, abs=1e-5)
    assert list(TunedClassifier(str(out)).fit().classes_) == list(STANCES)


@pytest.mark.skipif(not HAS_TORCH, reason="torch is not installed")
def test_a_network_goes_on_from_another_with_the_sentences_of_some_writers(
    weights, corpus, tmp_path
):
    first, more = tmp_path / "first", tmp_path / "more"
    tune_network(corpus, first, TUNING | {"weights": str(weights), "bits": 32})
    rows = load_corpus(corpus).query("split == 'train'")
    writer = rows["writer"].iloc[0]
    chosen = TUNING | {"weights": str(weights), "writers": [writer]}
    tune_network(corpus, more, chosen, start=first)
    info = tuned_information(more)
    assert info["sentences"] == (rows["writer"] == writer).sum() < len(rows)
    assert info["start"]["sha256"] == tuned_information(first)["sha256"]


def test_a_teacher_is_heard_half(weights, tmp_path):
    teachers = [tuned_folder(weights, tmp_path / "teacher")]
    rows = pd.DataFrame(
        {"text": ["The truce.", "No."], "context": ["", ""], "stance": ["none", "rejects"]}
    )
    own = TunedClassifier(str(teachers[0])).fit().predict_proba(rows)
    soft = taught(rows, np.array([[0, 0, 1, 0], [0, 0, 0, 1]]), teachers)
    assert np.allclose(soft.sum(1), 1)
    assert soft[0, 2] == pytest.approx((own[0, 2] + 1) / 2)
    assert soft[0, 0] == pytest.approx(own[0, 0] / 2)


def test_a_missing_teacher_is_named(tmp_path):
    with pytest.raises(ModelError, match="expected encoder"):
        taught(pd.DataFrame({"text": [], "context": []}), np.empty((0, 4)), [tmp_path / "none"])


def test_what_holders_differ_in_is_learned_in_equal_parts():
    rows = pd.DataFrame({"sentence_id": ["a", "b", "c"], "stance": ["accepts", "none", "rejects"]})
    claims = pd.DataFrame(
        [("a", "accepts", "Egypt"), ("a", "rejects", "Hamas"), ("b", "none", ""),
         ("c", "rejects", "it"), ("c", "rejects", "Kyiv"), ("z", "accepts", "Oslo")],
        columns=["sentence_id", "stance", "holder"],
    )  # fmt: skip
    found = claims_of(rows, claims)
    assert found == [
        [("Egypt", "accepts"), ("Hamas", "rejects")],
        [],
        [("it", "rejects"), ("Kyiv", "rejects")],
    ]
    assert stance_targets(rows, found).tolist() == [[0.5, 0, 0, 0.5], [0, 0, 1, 0], [0, 0, 0, 1]]
