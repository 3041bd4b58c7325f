"""The folder of a tuned network: written whole, checked before it is used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ceasefire_stance.corpus.atomic import whole_file, write_text
from ceasefire_stance.corpus.stances import STANCES
from ceasefire_stance.learning.errors import ModelError
from ceasefire_stance.learning.quantized_graph import tensors_of
from ceasefire_stance.learning.transformer_graph import bert_graph, write_graph
from ceasefire_stance.learning.weights import (
    DEFAULT_MODEL,
    TEACHER_MODEL,
    TOKENIZER_FILE,
    BaseWeights,
    digest,
)

TUNED_FILE = "encoder.onnx"
TUNED_INFO = "encoder.json"
NOTICE_FILE = "NOTICE"
TUNED_FORMAT = 2
HEADS = ("head.weight", "head.bias", "holder.weight", "holder.bias")
_ORIGINS = {
    DEFAULT_MODEL: (
        "all-MiniLM-L6-v2 by the sentence-transformers project, Apache License 2.0, which was\n"
        "made from nreimers/MiniLM-L6-H384-uncased (MIT License), every second layer of\n"
        "microsoft/MiniLM-L12-H384-uncased (MIT License)"
    ),
    TEACHER_MODEL: (
        "all-mpnet-base-v2 by the sentence-transformers project, Apache License 2.0, which was\n"
        "made from microsoft/mpnet-base (MIT License)"
    ),
}


def write_tuned(
    folder: Path,
    arrays: Mapping[str, np.ndarray],
    weights: BaseWeights,
    *,
    bits: int,
    information: Mapping[str, Any],
) -> None:
    """Write a tuned network to `folder`.

    Parameters
    ----------
    folder : Path
        Gets ``encoder.onnx``, ``tokenizer.json``, ``NOTICE`` and, last, ``encoder.json``.
    arrays : mapping
        The tuned tensors, with those of the two heads.
    weights : BaseWeights
        What the network was before.
    bits : int
        Of a weight in the graph: 32, 8 or 4.
    information : mapping
        How it was tuned, for ``encoder.json``: at least `max_tokens` and `context_tokens`.
    """
    path = folder / TUNED_FILE
    graph = bert_graph(
        arrays,
        layers=weights.layers,
        heads=weights.heads,
        head={name: arrays[name] for name in HEADS},
        epsilon=weights.epsilon,
    )
    write_graph(graph, path, bits=bits)
    with whole_file(folder / TOKENIZER_FILE) as scratch:
        scratch.write_bytes(weights.tokenizer_file.read_bytes())
    write_text(folder / NOTICE_FILE, _notice(weights, bits))
    info = {
        "format": TUNED_FORMAT,
        "classes": list(STANCES),
        "sha256": digest(path),
        "tokenizer_sha256": digest(folder / TOKENIZER_FILE),
        "bits": bits,
        "base": {"name": weights.name, "sha256": weights.sha256},
        **information,
    }
    # Written last: without it, or with another network's, the folder is not read.
    write_text(folder / TUNED_INFO, json.dumps(info, indent=2) + "\n")


def tuned_information(folder: str | Path) -> dict[str, Any]:
    """The checked content of the ``encoder.json`` of a tuned network.

    Raises
    ------
    ModelError
        If a file is missing or altered, or the classes are not the four stances.
    """
    root = Path(folder)
    try:
        info: dict[str, Any] = json.loads((root / TUNED_INFO).read_text(encoding="utf-8"))
        expected = {TUNED_FILE: info["sha256"], TOKENIZER_FILE: info["tokenizer_sha256"]}
        described = (info["format"], info["classes"])
        info |= {name: int(info[name]) for name in ("max_tokens", "context_tokens")}
        found = {name: digest(root / name) for name in expected}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{root}: expected {TUNED_FILE}, {TOKENIZER_FILE} and {TUNED_INFO} of a tuned "
            f"network, but {error!r}. Restore the folder or tune again."
        ) from error
    if described != (TUNED_FORMAT, list(STANCES)):
        raise ModelError(
            f"{root / TUNED_INFO}: expected format {TUNED_FORMAT} and the classes "
            f"{', '.join(STANCES)}; found {described[0]!r} and {described[1]!r}. Tune again with "
            "the installed version."
        )
    for name, checksum in expected.items():
        if found[name] != checksum:
            raise ModelError(
                f"{root / name}: the SHA-256 is {found[name][:12]}…, {TUNED_INFO} says "
                f"{str(checksum)[:12]}…. The file was altered; restore it or tune again."
            )
    return info


def is_frozen(name: str, frozen_layers: int) -> bool:
    """Whether the tensor `name` stays as it was when so many of the lowest layers do."""
    if name.startswith("encoder.layer."):
        return int(name.split(".")[2]) < frozen_layers
    return frozen_layers > 0 and name not in HEADS


def tuned_tensors(
    folder: str | Path, weights: BaseWeights, *, rounded: bool = False
) -> dict[str, np.ndarray]:
    """The tensors of a tuned network with those of its heads, float32, under BERT's names.

    Parameters
    ----------
    folder : path
        Of the network.
    weights : BaseWeights
        What it was tuned from.
    rounded : bool, default=False
        Whether weights that were rounded to fewer than 32 bits will do.

    Raises
    ------
    ModelError
        If the folder is not that of a network tuned from `weights`, with as many layers, or its
        weights were rounded and must not be.
    """
    information = tuned_information(folder)
    base = information.get("base", {})
    if not rounded and information.get("bits") != 32:
        # A pass changes a weight by far less than one step of 8 or 4 bits: from the middle of a
        # step, where rounding has put it, nearly every change would be rounded away again.
        raise ModelError(
            f"{folder}: the weights were rounded to {information.get('bits')} bits; expected a "
            "network with 32, because what a further pass changes is less than the rounding. Tune "
            "with --bits 32 what is to be gone on from."
        )
    arrays = tensors_of(Path(folder) / TUNED_FILE)
    shapes = {name: array.shape for name, array in weights.tensors().items()}
    alike = all(name in arrays and arrays[name].shape == shape for name, shape in shapes.items())
    layers = {n.split(".")[2] for n in arrays if n.startswith("encoder.layer.")}
    if base.get("sha256") != weights.sha256 or not alike or len(layers) != weights.layers:
        raise ModelError(
            f"{folder}: expected a network tuned from {weights.name} with {weights.layers} layers; "
            f"found one from {base.get('name')!r} with {len(layers)}. Give the weights that it was "
            "made from, or begin without it."
        )
    return arrays


def _notice(weights: BaseWeights, bits: int) -> str:
    origin = _ORIGINS.get(
        weights.name, f"the weights {weights.name}, under the licence that came with them"
    )
    changed = "" if bits == 32 else f", and its numbers were rounded to {bits} bits"
    return (
        f"{TUNED_FILE} was made from {origin}.\n"
        f"SHA-256 of the original weights: {weights.sha256}\n\n"
        "What was changed: layers were tuned to the stances of sentences toward a ceasefire, "
        f"two linear\nclassifiers were added, the form was changed to ONNX{changed}.\n"
        f"{TOKENIZER_FILE} is unchanged.\n"
    )
