from __future__ import annotations

import importlib.util
import json

import numpy as np
import pandas as pd
import pytest

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.stances import STANCES
from ceasefire_stance.learning import architectures, finetuning, tuning_inputs, tuning_run
from ceasefire_stance.learning.errors import ModelError
from ceasefire_stance.learning.finetuning import CHECKPOINT, finetune
from ceasefire_stance.learning.network import ModelInput, load_tokenizer, padded, pair_input
from ceasefire_stance.learning.tuned import TunedClassifier
from ceasefire_stance.learning.tuned_folder import HEADS, tuned_tensors
from ceasefire_stance.learning.tuning_inputs import TuningInputs, batches
from ceasefire_stance.learning.tuning_run import Settings
from ceasefire_stance.learning.weights import DEFAULT_MODEL, digest, find_weights

from .test_weights import skip_without_the_extra, tiny_folder

skip_without_the_extra()

PEOPLE = ("The rebels", "The government", "The mayor", "The army")
WORDING = {
    "accepts": "{} agreed to the truce and welcomed the plan.",
    "conditional": "{} would agree only if the prisoners were freed first.",
    "none": "{} said shelling killed four people.",
    "rejects": "{} rejected any truce and vowed to fight on.",
}
ROWS = [(w.format(p), "The talks of the city. " * (i % 2), s, p if s != "none" else "")
        for i, p in enumerate(PEOPLE) for s, w in WORDING.items()]  # fmt: skip
FRAME = pd.DataFrame(ROWS, columns=["text", "context", "stance", "holder"]).assign(
    claims=[[(p, s)] if p else [] for _, _, s, p in ROWS]
)
# The network has 40 positions, and sixteen sentences are few: the heads have to learn faster.
RATES = {"learning_rate": 1e-2, "batch_size": 4, "context_tokens": 10, "max_tokens": 20,
         "head_rate": 0.05}  # fmt: skip


def has_torch() -> bool:
    return importlib.util.find_spec("torch") is not None


needs_torch = pytest.mark.skipif(not has_torch(), reason="torch is not installed")


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights") / "tiny"
    return find_weights(str(tiny_folder(folder, width=16)))


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """For so small a network, threads wait for each other longer than they compute."""
    if not has_torch():
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def tune(base, folder, *, seed=0, epochs=6, frame=FRAME, soft_labels=None, progress=None,
         bits=8, runs=1, start=None, **named):  # fmt: skip
    return finetune(
        frame,
        weights=base,
        settings=Settings(seed, epochs, **(RATES | named)),
        folder=folder,
        soft_labels=soft_labels,
        progress=progress,
        runs=runs,
        bits=bits,
        start=start,
    )


@needs_torch
def test_the_loss_goes_down_and_the_sentences_are_learned(base, tmp_path):
    losses = tune(base, tmp_path, epochs=25)
    assert len(losses) == 25
    assert losses[-1] < 0.3 * losses[0]
    classifier = TunedClassifier(str(tmp_path)).fit()
    assert (classifier.predict(FRAME) == FRAME["stance"].to_numpy()).all()


@needs_torch
def test_the_folder_holds_what_is_read_and_says_how_it_was_made(base, tmp_path):
    losses = tune(base, tmp_path, epochs=2, seed=7)
    names = {"encoder.onnx", "tokenizer.json", "encoder.json", "NOTICE"}
    assert {p.name for p in tmp_path.iterdir()} == names
    info = json.loads((tmp_path / "encoder.json").read_text(encoding="utf-8"))
    assert info["sha256"] == digest(tmp_path / "encoder.onnx")
    assert info["base"] == {"name": "tiny", "sha256": base.sha256}
    assert (info["seed"], info["epochs"], info["learning_rate"]) == (7, 2, 1e-2)
    assert (info["context_tokens"], info["max_tokens"]) == (10, 20)
    assert info["classes"] == list(STANCES)
    assert info["sentences"] == 16
    assert info["losses"] == [[round(loss, 6) for loss in losses]]
    assert "8 bits" in (tmp_path / "NOTICE").read_text(encoding="utf-8")


@needs_torch
@pytest.mark.parametrize(("bits", "tolerance"), [(32, 1e-3), (8, 0.3)])
def test_the_graph_says_what_torch_says(base, tmp_path, monkeypatch, bits, tolerance):
    import torch

    tuned = {}
    write = finetuning.write_tuned

    def keep(folder, arrays, *arguments, **named):
        tuned.update(arrays)
        write(folder, arrays, *arguments, **named)

    monkeypatch.setattr(finetuning, "write_tuned", keep)
    tune(base, tmp_path, bits=bits)
    tokenizer = load_tokenizer(base.tokenizer_file)
    inputs = [pair_input(tokenizer, t, c, 20, 10) for t, c, *_ in ROWS]
    batch = {n: torch.from_numpy(a) for n, a in padded(inputs).items()}
    parameters = {n: torch.from_numpy(a) for n, a in tuned.items()}
    expected, holders = tuning_run.torch_outputs(parameters, batch, weights=base)
    classifier = TunedClassifier(str(tmp_path)).fit()
    logits = classifier.decision_function(FRAME)
    assert np.abs(logits - expected.numpy()).max() < tolerance
    assert expected.abs().max() > 1
    found = [[p for _, _, p in tokens] for tokens in classifier.holder_tokens(FRAME)]
    for row, (item, values) in enumerate(zip(inputs, found, strict=True)):
        own = np.flatnonzero(item.pooled)
        wanted = holders[row].sigmoid().numpy()[own]
        assert np.abs(np.array(values) - wanted).max() < tolerance


@needs_torch
def test_the_words_of_holders_are_learned_too(base, tmp_path):
    tune(base, tmp_path, epochs=60, holder_share=0.5)
    tokens = TunedClassifier(str(tmp_path)).fit().holder_tokens(FRAME)
    # "The government rejected any truce …": the first two words are the holder's.
    row = [(r[0], r[3]) for r in ROWS].index((WORDING["rejects"].format(PEOPLE[1]), PEOPLE[1]))
    text = ROWS[row][0]
    likely = [text[start:end] for start, end, p in tokens[row] if p.max() > 0.5]
    assert likely == ["The", "government"]
    # And of which position: the third in class order.
    assert all(p.argmax() == 2 for start, _, p in tokens[row] if p.max() > 0.5)
    # Nobody holds a position in a sentence without one.
    assert max(p.max() for _, _, p in tokens[2]) < 0.5


@needs_torch
def test_frozen_layers_stay_as_they_are(base, tmp_path, monkeypatch):
    tuned = {}
    monkeypatch.setattr(
        finetuning, "write_tuned", lambda folder, arrays, *a, **k: tuned.update(arrays)
    )
    tune(base, tmp_path, epochs=2, frozen_layers=1)
    before = base.tensors()
    changed = {name for name in before if not np.array_equal(before[name], tuned[name])}
    assert changed == {name for name in before if name.startswith("encoder.layer.1.")}


@needs_torch
def test_what_frozen_layers_make_is_computed_once_and_is_the_same(base):
    import torch

    tokenizer = load_tokenizer(base.tokenizer_file)
    data = tuning_inputs.tuning_inputs(FRAME, tokenizer, max_tokens=20, context_tokens=10)
    settings = Settings(0, 1, **RATES, frozen_layers=1, dropout=0.0)
    run = tuning_run.TuningRun(torch, base, settings, data)
    parameters = tuning_run._parameters(run)
    parameters["head.weight"] = torch.linspace(-1, 1, 64).reshape(4, 16) ** 3
    below = tuning_run._below(run, parameters)
    assert [len(b) for b in below] == [len(i.ids) for i in data.inputs]
    rows = [0, 5, 2]
    kept = tuning_run._loss(run, parameters, rows, below)
    afresh = tuning_run._loss(run, parameters, rows, [])
    assert kept.item() == pytest.approx(afresh.item(), rel=1e-3)
    other = tuning_run._loss(run, parameters, rows, below[::-1])
    assert other.item() != pytest.approx(afresh.item(), rel=1e-3)


@needs_torch
def test_a_run_goes_on_from_a_tuned_network_and_is_averaged_with_it(base, tmp_path, monkeypatch):
    tune(base, tmp_path / "start", epochs=2, bits=32)
    begun, ends, written = tuned_tensors(tmp_path / "start", base), [], {}
    carry_out = finetuning.carry_out

    def watched(run, *arguments):
        parameters, losses = carry_out(run, *arguments)
        ends.append({name: p.detach().numpy().copy() for name, p in parameters.items()})
        return parameters, losses

    monkeypatch.setattr(finetuning, "carry_out", watched)
    monkeypatch.setattr(
        finetuning, "write_tuned", lambda folder, arrays, *a, **k: written.update(arrays, **k)
    )
    still = {"learning_rate": 0.0, "head_rate": 0.0}
    tune(base, tmp_path / "still", epochs=1, start=tmp_path / "start", **still)
    assert all(np.array_equal(ends[0][name], begun[name]) for name in begun)
    tune(base, tmp_path / "more", epochs=1, start=tmp_path / "start", frozen_layers=1)
    name = "encoder.layer.1.output.dense.weight"
    assert np.allclose(written[name], (begun[name] + ends[1][name]) / 2)
    assert not np.allclose(written[name], begun[name])
    # The frozen layer is the encoder's own, not what the earlier run made of it.
    name = "encoder.layer.0.output.dense.weight"
    assert np.array_equal(written[name], base.tensors()[name])
    assert written["information"]["start"]["base"]["sha256"] == base.sha256


@needs_torch
def test_a_start_from_other_weights_is_refused(base, tmp_path):
    other = find_weights(str(tiny_folder(tmp_path / "other", width=16, seed=9)))
    tune(other, tmp_path / "start", epochs=1, bits=32)
    with pytest.raises(ModelError, match=r"expected a network tuned from tiny .* layers"):
        tune(base, tmp_path / "out", epochs=1, start=tmp_path / "start")


@needs_torch
def test_a_start_that_was_rounded_is_refused(base, tmp_path):
    tune(base, tmp_path / "start", epochs=1, bits=8)
    with pytest.raises(ModelError, match=r"rounded to 8 bits; expected a network with 32"):
        tune(base, tmp_path / "out", epochs=1, start=tmp_path / "start")


@needs_torch
def test_bfloat16_learns_as_well(base, tmp_path):
    losses = tune(base, tmp_path, epochs=25, bfloat16=True)
    assert losses[-1] < 0.3 * losses[0]


@needs_torch
def test_an_interrupted_run_ends_as_if_it_had_not_been(base, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    steps: list[int] = []
    losses = tune(base, whole, progress=lambda step, total, loss: steps.append(step))
    assert steps == list(range(1, 25))

    def stop(step, total, loss):
        if step == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(base, broken, progress=stop)
    assert [p.name for p in broken.iterdir()] == [CHECKPOINT.format(seed=0)]
    steps.clear()
    assert tune(base, broken, progress=lambda step, total, loss: steps.append(step)) == losses
    # Two epochs of four steps were kept.
    assert steps == list(range(9, 25))
    for name in ("encoder.onnx", "NOTICE"):
        assert (broken / name).read_bytes() == (whole / name).read_bytes()
    one, other = (json.loads((f / "encoder.json").read_text("utf-8")) for f in (whole, broken))
    # What an interrupted run took is not known.
    assert set(one.pop("cost")) == {"seconds", "processor_seconds"}
    assert one == other


@pytest.fixture
def written(monkeypatch):
    """What would be written, run by run, instead of writing it."""
    out = []
    monkeypatch.setattr(
        finetuning, "write_tuned", lambda folder, arrays, *a, **k: out.append((arrays, k))
    )
    return out


@needs_torch
def test_several_runs_give_the_mean_of_their_weights(base, tmp_path, written):
    steps: list[tuple[int, int]] = []
    one = tune(base, tmp_path, epochs=2, seed=3)
    other = tune(base, tmp_path, epochs=2, seed=4)
    both = tune(base, tmp_path, epochs=2, seed=3, runs=2,
                progress=lambda step, total, loss: steps.append((step, total)))  # fmt: skip
    assert steps == [(step, 16) for step in range(1, 17)]
    assert both == pytest.approx(np.mean([one, other], axis=0))
    (first, _), (second, _), (mean, named) = written
    for name in first:
        assert np.allclose(mean[name], (first[name] + second[name]) / 2, atol=1e-6)
    assert not np.allclose(first["head.weight"], second["head.weight"], atol=1e-3)
    assert len(set(named["information"]["runs"])) == 2
    assert not list(tmp_path.iterdir())


@needs_torch
def test_an_interrupt_in_the_second_run_keeps_the_first(base, tmp_path, written):
    def stop(step, total, loss):
        if step == 13:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(base, tmp_path, epochs=2, runs=2, progress=stop)
    steps: list[int] = []
    tune(base, tmp_path, epochs=2, runs=2, progress=lambda step, total, loss: steps.append(step))
    assert steps == list(range(13, 17))


def test_no_run_at_all_is_refused(base, tmp_path):
    with pytest.raises(ValueError, match="runs is 0; expected 1 or more"):
        tune(base, tmp_path, runs=0)


@needs_torch
def test_the_seed_decides_and_the_callers_random_numbers_are_left_alone(base, tmp_path):
    import torch

    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    tune(base, tmp_path / "a", epochs=1)
    assert torch.equal(torch.rand(2), expected)
    tune(base, tmp_path / "b", epochs=1)
    tune(base, tmp_path / "c", epochs=1, seed=1)
    one, same, other = (digest(tmp_path / n / "encoder.onnx") for n in "abc")
    assert one == same != other


@needs_torch
def test_the_state_of_another_run_or_a_damaged_one_is_refused(base, tmp_path):
    def stop(step, total, loss):
        if step == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(base, tmp_path, progress=stop)
    for changed in ({"epochs": 7}, {"frame": FRAME.iloc[1:]}):
        with pytest.raises(ModelError, match="of a run with other sentences or settings"):
            tune(base, tmp_path, **changed)
    (tmp_path / CHECKPOINT.format(seed=0)).write_bytes(b"x")
    with pytest.raises(ModelError, match="expected the state of an interrupted run"):
        tune(base, tmp_path)


@needs_torch
def test_soft_labels_are_learned_instead_of_stances(base, tmp_path):
    # The teacher is half sure, of what is not the stance.
    wrong = [(STANCES.index(s) + 1) % 4 for s in FRAME["stance"]]
    soft = np.full((16, 4), 0.1)
    soft[np.arange(16), wrong] = 0.7
    tune(base, tmp_path, epochs=25, soft_labels=soft, frame=FRAME[["text", "context"]])
    probabilities = TunedClassifier(str(tmp_path)).fit().predict_proba(FRAME)
    assert (probabilities.argmax(1) == wrong).all()
    assert np.abs(probabilities.max(1) - 0.7).mean() < 0.15


@needs_torch
def test_sentences_with_several_stances_are_left_out(base, tmp_path):
    several = FRAME.assign(several=[True] * 4 + [False] * 12)
    soft = np.eye(4)[[STANCES.index(s) for s in FRAME["stance"]]]
    tune(base, tmp_path / "a", epochs=1, frame=several)
    tune(base, tmp_path / "b", epochs=1, frame=several, soft_labels=soft)
    tune(base, tmp_path / "c", epochs=1, frame=FRAME.iloc[4:])
    one, soft_one, other = (digest(tmp_path / n / "encoder.onnx") for n in "abc")
    assert one == soft_one == other


class Parameter:
    """Stands for a tensor: it is only asked to learn."""

    learns = False

    def requires_grad_(self):
        self.learns = True


def groups_of(base, **named):
    settings = Settings(0, 1, 1e-3, 4, 10, layer_decay=0.5, head_rate=0.05, **named)
    run = tuning_run.TuningRun(None, base, settings, TuningInputs([], np.empty((0, 4)), []))
    parameters = {name: Parameter() for name in (*architectures.tensor_names(2), *HEADS)}
    return tuning_run._groups(parameters, run), parameters


def test_lower_layers_learn_more_slowly(base):
    groups, parameters = groups_of(base)
    assert [g["lr"] for g in groups] == [0.05, 5e-4, 1e-3, 2.5e-4]
    assert sum(len(g["params"]) for g in groups) == len(parameters)


def test_what_is_frozen_is_not_asked_to_learn(base):
    groups, parameters = groups_of(base, frozen_layers=1)
    assert [g["lr"] for g in groups] == [0.05, 1e-3]
    still = {name for name, one in parameters.items() if not one.learns}
    assert still == {n for n in parameters if n.startswith(("embeddings.", "encoder.layer.0."))}


def test_rates_rise_and_then_fall():
    shares = [tuning_run._rate_share(step, 100, 0.1) for step in range(100)]
    assert shares[0] == pytest.approx(0.1)
    assert max(shares) == shares[9] == pytest.approx(0.91)
    assert shares[99] == pytest.approx(0.01)
    assert tuning_run._rate_share(0, 1, 0.1) == 1


def test_batches_hold_every_sentence_once_and_change_with_the_epoch():
    rng = np.random.default_rng(0)
    inputs = [ModelInput((1,) * n, (), ()) for n in rng.integers(3, 40, 200)]
    one, other = batches(inputs, 4, 0, 0), batches(inputs, 4, 0, 1)
    assert sorted(i for b in one for i in b) == list(range(200))
    assert one == batches(inputs, 4, 0, 0) != other
    spread = [np.ptp([len(inputs[i].ids) for i in batch]) for batch in one]
    assert np.mean(spread) < 8


def test_tokens_of_the_holder_are_marked_where_the_words_stand(base):
    tokenizer = load_tokenizer(base.tokenizer_file)
    frame = pd.DataFrame(
        [
            ("The rebels agreed.", "The war.", "accepts", [("The rebels", "accepts")]),
            ("The rebels agreed.", "", "accepts", [("the mayor", "accepts")]),
            ("The war.", "", "none", []),
            ("The rebels agreed.", "", "accepts", [("rebels", "rejects"), ("", "accepts")]),
        ],
        columns=["text", "context", "stance", "claims"],
    )
    data = tuning_inputs.tuning_inputs(frame, tokenizer, max_tokens=20, context_tokens=10)
    # [CLS] the war . [SEP] | the rebels agreed . | [SEP]
    assert data.holders[0][:, 0].tolist() == [-1] * 5 + [1, 1, 0, 0] + [-1]
    assert data.holders[0][:, 2].tolist() == [-1] * 5 + [0, 0, 0, 0] + [-1]
    # A holder whose words cannot be found teaches nothing.
    assert set(data.holders[1].ravel().tolist()) == {-1}
    assert data.holders[2][:, 1].tolist() == [-1, -1, 0, 0, 0, -1]
    # Each of several holders has a position of its own; one may be named elsewhere.
    assert data.holders[3][:, 2].tolist() == [-1, -1, 0, 1, 0, 0, -1]
    assert data.holders[3][:, 0].tolist() == [-1, -1, 0, 0, 0, 0, -1]
    batch = data.batch_holders([2, 0])
    assert batch.shape == (2, 10, 3)
    assert batch[0, :, 0].tolist() == [-1, -1, 0, 0, 0, -1, -1, -1, -1, -1]


def labelled(frame, soft=None):
    return tuning_inputs._labelled(frame, soft)


def test_stances_become_certain_probabilities():
    rows, targets = labelled(FRAME)
    assert len(rows) == 16
    assert [STANCES[i] for i in targets.argmax(1)] == FRAME["stance"].tolist()
    assert set(targets.ravel()) == {0.0, 1.0}


def test_what_cannot_be_learned_is_refused(base, tmp_path):
    with pytest.raises(DataError, match="no sentence"):
        labelled(FRAME.iloc[:0])
    with pytest.raises(DataError, match="stance"):
        labelled(FRAME[["text", "context"]])
    with pytest.raises(DataError, match="a stance is 'maybe'"):
        labelled(FRAME.assign(stance="maybe"))
    with pytest.raises(DataError, match=r"expected 16 rows of 4 .* the shape \(16, 3\)"):
        labelled(FRAME, np.ones((16, 3)) / 3)
    for bad in (np.ones((16, 4)), np.full((16, 4), np.nan)):
        with pytest.raises(DataError, match="found other numbers"):
            labelled(FRAME, bad)
    with pytest.raises(ValueError, match="together at most 37"):
        tune(base, tmp_path, context_tokens=30)


@pytest.mark.skipif(has_torch(), reason="torch is installed")
def test_without_torch_the_extra_is_named(base, tmp_path):
    with pytest.raises(ModelError, match=r'pip install "ceasefire-stance\[finetune\]"'):
        tune(base, tmp_path)


def test_the_notice_names_the_origin_of_published_weights(base):
    from dataclasses import replace

    from ceasefire_stance.learning.tuned_folder import _notice

    text = _notice(replace(base, name=DEFAULT_MODEL), 8)
    for part in ("Apache License 2.0", "sentence-transformers", "nreimers/MiniLM-L6-H384-uncased"):
        assert part in text
