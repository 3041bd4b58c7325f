from __future__ import annotations

import multiprocessing
import os
import pickle
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.stances import STANCES
from ceasefire_stance.learning import network
from ceasefire_stance.learning.encoder import SentenceEncoder
from ceasefire_stance.learning.errors import ModelError
from ceasefire_stance.learning.network import (
    load_tokenizer,
    open_graph,
    pair_input,
    run_graph,
    sentence_input,
)
from ceasefire_stance.learning.transformer_graph import ready_graph
from ceasefire_stance.learning.vector_cache import VectorCache
from ceasefire_stance.learning.weights import find_weights

from .test_weights import SMALL, skip_without_the_extra, tiny_folder, tuned_folder

skip_without_the_extra()

TEXTS = (
    "The rebels agreed to the truce.",
    "The mayor would talk only if prisoners were freed first, the government said.",
    "No.",
    "Shelling killed four people and aid reached no villages of the city.",
    "The army vowed to fight on.",
)
CONTEXTS = ("", "The talks of the war. A plan and an offer.", "Peace.", "", "The truce " * 9)
FRAME = pd.DataFrame({"text": TEXTS, "context": CONTEXTS})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(tiny_folder(tmp_path_factory.mktemp("weights") / "tiny"))


@pytest.fixture(autouse=True)
def _cache_of_its_own(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))


@pytest.fixture
def encoder(folder):
    return SentenceEncoder(folder, **SMALL)


@pytest.fixture(scope="module")
def tuned(folder, tmp_path_factory):
    return tuned_folder(folder, tmp_path_factory.mktemp("tuned") / "model")


# What the network reads.


def test_a_sentence_stands_between_its_marks_and_is_pooled_whole(folder):
    tokenizer = load_tokenizer(f"{folder}/tokenizer.json")
    made = sentence_input(tokenizer, "The truce.", 20)
    assert tokenizer.decode(made.ids, skip_special_tokens=False) == "[CLS] the truce . [SEP]"
    assert (made.segments, made.pooled) == ((0,) * 5, (1,) * 5)
    assert len(sentence_input(tokenizer, "the truce " * 20, 20).ids) == 22


def test_a_context_stands_before_the_sentence_and_is_not_pooled(folder):
    tokenizer = load_tokenizer(f"{folder}/tokenizer.json")
    made = pair_input(tokenizer, "The truce.", "The rebels. The mayor said no.", 2, 4)
    shown = [tokenizer.id_to_token(i) for i in made.ids]
    assert shown == ["[CLS]", "mayor", "said", "no", ".", "[SEP]", "the", "truce", "[SEP]"]
    assert made.segments == (0, 0, 0, 0, 0, 0, 1, 1, 1)
    assert made.pooled == (0, 0, 0, 0, 0, 0, 1, 1, 0)


def test_without_room_for_context_or_without_context_only_the_marks_stand_before(folder):
    tokenizer = load_tokenizer(f"{folder}/tokenizer.json")
    none = pair_input(tokenizer, "Truce.", "", 20, 10)
    assert none == pair_input(tokenizer, "Truce.", "The rebels.", 20, 0)
    assert none.pooled == (0, 0, 1, 1, 0)


def test_a_tokenizer_of_another_kind_is_refused(folder, tmp_path):
    path = tmp_path / "tokenizer.json"
    content = Path(folder, "tokenizer.json").read_text(encoding="utf-8")
    path.write_text(content.replace("[CLS]", "<s>"), encoding="utf-8")
    with pytest.raises(ModelError, match=r"expected the tokens \[CLS\] and \[SEP\]"):
        load_tokenizer(path)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match="expected a tokenizer in JSON"):
        load_tokenizer(path)


def test_batches_hold_no_more_than_they_may_and_miss_nobody(monkeypatch):
    monkeypatch.setattr(network, "_TOKENS_IN_A_BATCH", 30)
    lengths = [9, 3, 31, 5, 8, 3, 40]
    batches = list(network._batches(lengths, 3))
    assert sorted(i for b in batches for i in b) == list(range(len(lengths)))
    assert all(len(b) <= 3 for b in batches)
    assert all(len(b) == 1 or len(b) * max(lengths[i] for i in b) <= 30 for b in batches)
    assert batches[0] == [1, 5, 3]


def test_a_file_that_is_no_graph_is_refused(tmp_path):
    (tmp_path / "x.onnx").write_bytes(b"no graph")
    with pytest.raises(ModelError, match=r"expected a graph that onnxruntime .* can run"):
        open_graph(tmp_path / "x.onnx", 1)


def test_the_runtime_reports_nothing_and_leaves_nothing(folder, tuned, tmp_path):
    # In a process of its own, because the runtime decides when it starts; and without the
    # variables by which it knows that it is being tested.
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "PYTHONPATH", "HOME"}}
    code = (
        "import pandas as pd; from ceasefire_stance.learning.tuned import TunedClassifier; "
        f"c = TunedClassifier({str(tuned)!r}).fit(); "
        "print(c.predict(pd.DataFrame({'text': ['No.'], 'context': ['']}))[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=kept | {"XDG_CACHE_HOME": str(tmp_path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() in STANCES
    assert list(tmp_path.iterdir()) == []


# SentenceEncoder.


def test_the_halves_are_the_sentence_alone_and_in_its_context(folder, encoder):
    weights = find_weights(folder)
    session = open_graph(ready_graph(weights, quantized=True), 1)
    tokenizer = load_tokenizer(weights.tokenizer_file)
    made = encoder.fit(FRAME).transform(FRAME)
    assert (made.shape, made.dtype) == ((5, 16), np.float32)
    for row, text, context in zip(made, TEXTS, CONTEXTS, strict=True):
        alone = run_graph(session, [sentence_input(tokenizer, text, 20)], "vector", 1)[0]
        after = run_graph(session, [pair_input(tokenizer, text, context, 20, 10)], "vector", 1)[0]
        assert np.allclose(row, np.hstack([alone, after]), atol=1e-6)


def test_context_changes_the_second_half_only(encoder):
    one, other = encoder.fit(FRAME).transform(
        pd.DataFrame({"text": ["The army agreed."] * 2, "context": ["", "No truce."]})
    )
    assert np.allclose(one[:8], other[:8], atol=1e-6)
    assert not np.allclose(one[8:], other[8:], atol=1e-2)


def test_int8_is_near_float32_and_not_the_same(folder, encoder):
    rounded = encoder.fit(FRAME).transform(FRAME)
    exact = SentenceEncoder(folder, quantized=False, **SMALL).fit(FRAME).transform(FRAME)
    cosine = (rounded * exact).sum(1) / np.linalg.norm(rounded, axis=1)
    cosine /= np.linalg.norm(exact, axis=1)
    assert 0.98 < cosine.min() < 0.999999


def test_order_batch_threads_and_repetition_do_not_change_vectors(folder, encoder):
    made = encoder.fit(FRAME).transform(FRAME)
    assert np.array_equal(encoder.transform(FRAME), made)
    other = SentenceEncoder(folder, batch_size=2, threads=2, **SMALL).fit(FRAME)
    shuffled = other.transform(FRAME.iloc[[3, 0, 0, 2]])
    assert np.allclose(shuffled, made[[3, 0, 0, 2]], atol=1e-6)


def test_no_sentence_gives_no_row_and_an_empty_one_is_finite(encoder):
    assert encoder.fit(FRAME).transform(FRAME.iloc[:0]).shape == (0, 16)
    assert np.isfinite(encoder.transform(pd.DataFrame({"text": [""], "context": [""]}))).all()


def test_a_missing_column_and_bad_numbers_are_refused(encoder):
    encoder.fit(FRAME)
    with pytest.raises(DataError, match="context"):
        encoder.transform(FRAME[["text"]])
    for name, value in (("max_tokens", 0), ("batch_size", -1), ("threads", 0)):
        with pytest.raises(ValueError, match=f"{name} is {value}"):
            clone(encoder).set_params(**{name: value}).fit(FRAME)
    with pytest.raises(ValueError, match="together at most 37"):
        clone(encoder).set_params(context_tokens=18).fit(FRAME)
    with pytest.raises(ValueError, match="context_tokens is -1"):
        clone(encoder).set_params(context_tokens=-1).fit(FRAME)
    with pytest.raises(NotFittedError):
        clone(encoder).transform(FRAME)


def test_other_weights_than_at_fitting_are_refused(tmp_path):
    place = tiny_folder(tmp_path / "w")
    fitted = SentenceEncoder(str(place), **SMALL).fit(FRAME)
    tiny_folder(place, seed=1)
    with pytest.raises(ModelError, match="that the model was fitted with"):
        fitted.transform(FRAME)


def test_it_is_an_estimator_that_stores_its_parameters_only(encoder):
    before = encoder.get_params()
    encoder.fit(FRAME).transform(FRAME)
    assert encoder.get_params() == before
    assert set(vars(encoder)) == {*before, "weights_", "width_"}
    assert clone(encoder).get_params() == before
    names = encoder.get_feature_names_out()
    assert (names[0], names[8], len(names)) == ("sentence 0", "in context 0", 16)


def test_it_stands_in_a_column_transformer(encoder):
    columns = ColumnTransformer([("encoder", encoder, ["text", "context"])])
    made = columns.fit_transform(FRAME)
    assert np.allclose(made, encoder.fit(FRAME).transform(FRAME), atol=1e-6)
    assert columns.get_feature_names_out()[0] == "encoder__sentence 0"


def test_a_fitted_encoder_goes_through_skops_and_pickle(encoder, tmp_path):
    expected = encoder.fit(FRAME).transform(FRAME)
    skops.io.dump(make_pipeline(encoder), tmp_path / "m.skops")
    unknown = skops.io.get_untrusted_types(file=tmp_path / "m.skops")
    assert unknown == ["ceasefire_stance.learning.encoder.SentenceEncoder"]
    again = skops.io.load(tmp_path / "m.skops", trusted=unknown)
    assert np.array_equal(again.transform(FRAME), expected)
    assert np.array_equal(pickle.loads(pickle.dumps(encoder)).transform(FRAME), expected)


# The cache of vectors.


def test_kept_vectors_are_those_that_would_be_computed(encoder, tmp_path, monkeypatch):
    expected = encoder.fit(FRAME).transform(FRAME)
    cached = clone(encoder).set_params(cache=str(tmp_path / "c")).fit(FRAME)
    assert np.allclose(cached.transform(FRAME), expected, atol=1e-6)
    assert (tmp_path / "c" / "vectors.sqlite").is_file()

    def fail(*arguments):
        raise AssertionError("computed again")

    monkeypatch.setattr(SentenceEncoder, "_encode", fail)
    assert np.allclose(cached.transform(FRAME.iloc[::-1]), expected[::-1], atol=1e-6)
    for changed in ({"context_tokens": 9}, {"max_tokens": 19}, {"quantized": False}):
        with pytest.raises(AssertionError, match="computed again"):
            clone(cached).set_params(**changed).fit(FRAME).transform(FRAME)
    # "a" + "bc" is not "ab" + "c".
    moved = pd.DataFrame({"text": [TEXTS[1] + CONTEXTS[1]], "context": [""]})
    with pytest.raises(AssertionError, match="computed again"):
        cached.transform(moved)


def test_without_a_cache_no_vector_is_written(encoder, tmp_path):
    encoder.fit(FRAME).transform(FRAME)
    assert not list(tmp_path.rglob("*.sqlite"))
    assert len(list(tmp_path.rglob("*.onnx"))) == 1


def vectors(numbers, width: int = 8) -> dict[bytes, np.ndarray]:
    return {bytes([n // 256, n % 256]) * 16: np.full(width, n, np.float32) for n in numbers}


def holds(cache: VectorCache, numbers) -> list[int]:
    found = cache.read(vectors(numbers))
    assert all(np.array_equal(v, vectors(numbers)[k]) for k, v in found.items())
    return sorted(int(v[0]) for v in found.values())


def test_a_damaged_entry_is_not_believed_and_can_be_mended(tmp_path):
    cache = VectorCache(tmp_path, 8)
    cache.write(vectors(range(4)))
    key = next(iter(vectors([2])))
    base = sqlite3.connect(cache.path)
    bad = np.full(8, 9, np.float32).tobytes()
    base.execute("UPDATE vectors SET vector = ? WHERE key = ?", (bad, key))
    base.commit()
    base.close()
    assert holds(cache, range(4)) == [0, 1, 3]
    cache.write(vectors([2]))
    assert holds(cache, range(4)) == [0, 1, 2, 3]


def test_a_vector_of_another_width_is_not_taken(tmp_path):
    VectorCache(tmp_path, 4).write(vectors(range(3), width=4))
    assert holds(VectorCache(tmp_path, 8), range(3)) == []


def test_the_oldest_entries_make_room(tmp_path):
    size = 200_000
    cache = VectorCache(tmp_path, 384, size_bytes=size)
    for start in range(0, 400, 50):
        cache.write(vectors(range(start, start + 50), width=384))
    found = sorted(int(v[0]) for v in cache.read(vectors(range(400))).values())
    assert 40 < len(found) < 200
    assert found == list(range(400 - len(found), 400))
    # What was freed is written again: the file does not grow with all that ever went through it.
    assert cache.path.stat().st_size < size + 50 * 384 * 4 * 2


def test_a_size_too_small_for_anything_keeps_nothing(tmp_path):
    cache = VectorCache(tmp_path, 8, size_bytes=1)
    cache.write(vectors(range(3)))
    assert holds(cache, range(3)) == []


def test_a_file_that_is_no_database_is_begun_anew(tmp_path):
    cache = VectorCache(tmp_path, 8)
    cache.path.write_bytes(b"no database " * 100)
    assert holds(cache, range(3)) == []
    cache.write(vectors(range(3)))
    assert holds(cache, range(3)) == [0, 1, 2]


def test_a_database_damaged_within_counts_as_absent(tmp_path):
    cache = VectorCache(tmp_path, 384)
    cache.write(vectors(range(200), width=384))
    content = bytearray(cache.path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    cache.path.write_bytes(content)
    assert cache.read(vectors(range(200))) == {}
    cache.write(vectors(range(5), width=384))
    assert len(cache.read(vectors(range(200)))) == 5


def test_a_place_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(DataError, match=r"vectors\.sqlite: expected a file .* Choose another"):
        VectorCache(tmp_path / "file", 8).read([b"x"])
    (tmp_path / "vectors.sqlite").mkdir()
    with pytest.raises(DataError, match="Choose another"):
        VectorCache(tmp_path, 8).read([b"x"])


def _write_much(folder, start):
    for i in range(start, start + 100, 5):
        VectorCache(folder, 8).write(vectors(range(i, i + 5)))


def test_two_processes_write_at_once_and_nothing_is_lost(tmp_path):
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_write_much, args=(tmp_path, s)) for s in (0, 50)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [p.exitcode for p in processes] == [0, 0]
    assert holds(VectorCache(tmp_path, 8), range(150)) == list(range(150))
