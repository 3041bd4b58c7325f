from __future__ import annotations

import numpy as np
import pytest

from ceasefire_stance.cli.main import main
from ceasefire_stance.learning.errors import ModelError
from ceasefire_stance.learning.soups import average_networks
from ceasefire_stance.learning.tuned import TunedClassifier
from ceasefire_stance.learning.tuned_folder import is_frozen, tuned_information, tuned_tensors
from ceasefire_stance.learning.weights import find_weights

from .test_weights import skip_without_the_extra, tiny_folder, tiny_tensors, tuned_folder

skip_without_the_extra()

LOWER = "encoder.layer.0.output.dense.weight"
UPPER = "encoder.layer.1.output.dense.weight"
COMMON = {"frozen_layers": 1, "layers": 2, "corpus": "c", "epochs": 3}


def network(base, target, run, *, bias, shift=0.0, **more):
    """A network of the runs `run`, whose two layers were moved by `shift`."""
    moved = {name: tiny_tensors()[name] + np.float32(shift) for name in (LOWER, UPPER)}
    head = {"head.bias": np.array(bias, dtype=np.float32), **moved}
    return tuned_folder(base, target, head, **(COMMON | {"runs": run} | more))


@pytest.fixture
def base(tmp_path):
    return tiny_folder(tmp_path / "tiny")


@pytest.fixture
def weights(base):
    return find_weights(str(base))


def test_each_network_counts_as_often_as_it_has_runs(base, weights, tmp_path):
    one = network(base, tmp_path / "one", ["a"], bias=[3, 0, 0, 0], shift=0.3, seed=1)
    two = network(base, tmp_path / "two", ["b", "c"], bias=[0, 3, 0, 0], shift=0.6, seed=2,
                  training_prior=[0.4, 0.2, 0.2, 0.2])  # fmt: skip
    average_networks([one, two], tmp_path / "mean", weights=weights, bits=32)
    tensors = tuned_tensors(tmp_path / "mean", weights)
    assert tensors["head.bias"] == pytest.approx([1, 2, 0, 0])
    assert np.allclose(tensors[UPPER], tiny_tensors()[UPPER] + 0.5, atol=1e-6)
    info = tuned_information(tmp_path / "mean")
    assert info["runs"] == ["a", "b", "c"]
    # What all agree on is said of the mean, what they differ in is not.
    assert (info["epochs"], info["bits"], "seed" in info) == (3, 32, False)
    assert info["training_prior"] == pytest.approx([0.35, 0.65 / 3, 0.65 / 3, 0.65 / 3], abs=1e-6)
    assert [n["sha256"] for n in info["averaged"]] == [
        tuned_information(folder)["sha256"] for folder in (one, two)
    ]
    assert TunedClassifier(str(tmp_path / "mean")).fit().network_ == info["sha256"]


def test_layers_that_were_not_tuned_are_the_encoders_own(base, weights, tmp_path):
    folders = [
        network(base, tmp_path / run, [run], bias=[0, 0, 0, 0], shift=0.5, bits=8) for run in "ab"
    ]
    average_networks(folders, tmp_path / "mean", weights=weights, bits=32)
    tensors = tuned_tensors(tmp_path / "mean", weights)
    assert np.array_equal(tensors[LOWER], tiny_tensors()[LOWER])
    # What was rounded to eight bits is near what it was, not the same.
    assert not np.array_equal(tensors[UPPER], tiny_tensors()[UPPER] + np.float32(0.5))
    assert np.allclose(tensors[UPPER], tiny_tensors()[UPPER] + 0.5, atol=0.05)


@pytest.mark.parametrize(
    ("name", "frozen", "expected"),
    [
        (LOWER, 1, True),
        (UPPER, 1, False),
        ("embeddings.word_embeddings.weight", 1, True),
        ("embeddings.word_embeddings.weight", 0, False),
        (LOWER, 0, False),
        ("head.bias", 1, False),
    ],
)
def test_what_stays_as_it_was(name, frozen, expected):
    assert is_frozen(name, frozen) is expected


def test_what_cannot_be_averaged_is_refused(base, weights, tmp_path):
    one = network(base, tmp_path / "one", ["a"], bias=[0, 0, 0, 0])
    again = network(base, tmp_path / "again", ["a"], bias=[1, 0, 0, 0])
    other = network(base, tmp_path / "other", ["b"], bias=[0, 0, 0, 0], corpus="d")
    longer = network(base, tmp_path / "longer", ["b"], bias=[0, 0, 0, 0], epochs=4)
    start = {"epochs": 3, "sentences": 9}
    later = network(base, tmp_path / "later", ["b"], bias=[0, 0, 0, 0], start=start)
    out = tmp_path / "out"
    for folders, message in (
        ([one], "1 network is given; expected two or more"),
        ([one, again], "the same run twice"),
        ([one, other], "corpus is 'd'; expected 'c'"),
        ([one, longer], "epochs is 4; expected 3"),
        ([one, later], "it went on from another network"),
    ):
        with pytest.raises(ModelError, match=message):
            average_networks(folders, out, weights=weights)
    assert not out.exists()


def test_networks_of_other_weights_are_refused(base, tmp_path):
    folders = [network(base, tmp_path / run, [run], bias=[0, 0, 0, 0]) for run in "ab"]
    others = find_weights(str(tiny_folder(tmp_path / "others", seed=1)))
    with pytest.raises(ModelError, match="expected a network tuned from others"):
        average_networks(folders, tmp_path / "out", weights=others)


def test_the_command_averages(base, tmp_path, experiments_file, capsys):
    own = tmp_path / "experiments.toml"
    text = experiments_file.read_text(encoding="utf-8")
    own.write_text(f'{text}\n[tuning]\nweights = "{base}"\nbits = 32\n', encoding="utf-8")
    folders = [str(network(base, tmp_path / run, [run], bias=[0, 0, 0, 0])) for run in "ab"]
    options = ["--experiments", str(own), "--out", str(tmp_path / "mean")]
    assert main(["average-networks", *folders, *options]) == 0
    assert "the mean of 2 networks" in capsys.readouterr().out
    assert main(["average-networks", folders[0], *options]) == 4
    assert "expected two or more" in capsys.readouterr().err
