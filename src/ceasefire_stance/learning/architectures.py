"""The transformer encoders that can be run here: their settings, and their tensors under one name.

A BERT is taken as it is. An MPNet is a BERT without kinds of segment, whose positions begin later
and whose attention also depends on how far apart two tokens are: it is given BERT's names, and one
tensor more, `RELATIVE`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ceasefire_stance.learning.errors import ModelError

RELATIVE = "encoder.relative_attention_bias.weight"
"""MPNet's table (32 classes of distance, heads) that is added to the attention scores."""
SEGMENTS = "embeddings.token_type_embeddings.weight"
POSITIONS = "embeddings.position_embeddings.weight"
WORDS = "embeddings.word_embeddings.weight"
_FARTHEST = 128
_MPNET_NAMES = (
    ("attention.attn.q.", "attention.self.query."),
    ("attention.attn.k.", "attention.self.key."),
    ("attention.attn.v.", "attention.self.value."),
    ("attention.attn.o.", "attention.output.dense."),
    ("attention.LayerNorm.", "attention.output.LayerNorm."),
)
# RoBERTa's habit, which MPNet took over: the number of a position begins after that of padding.
_FIRST_POSITION = {"bert": 0, "mpnet": 2}


def read_architecture(path: Path) -> dict[str, Any]:
    """The settings of an encoder in a ``config.json``, as `BaseWeights` has them.

    Raises
    ------
    ModelError
        If the file cannot be read, or the network is neither a BERT nor an MPNet.
    """
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        kind, activation = (str(config["model_type"]), config["hidden_act"])
        first = _FIRST_POSITION.get(kind, 0)
        numbers = {
            "kind": kind,
            "layers": int(config["num_hidden_layers"]),
            "heads": int(config["num_attention_heads"]),
            "width": int(config["hidden_size"]),
            "positions": int(config["max_position_embeddings"]) - first,
            "epsilon": float(config["layer_norm_eps"]),
        }
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{path}: expected the settings of a BERT as JSON, but {error!r}. Restore the file."
        ) from error
    absolute = config.get("position_embedding_type", "absolute") == "absolute"
    if kind not in _FIRST_POSITION or activation != "gelu" or not absolute:
        raise ModelError(
            f"{path}: expected a BERT or an MPNet with GELU and absolute positions, found {kind} "
            f"with {activation}. Choose an encoder of such an architecture, for example "
            "all-MiniLM-L6-v2."
        )
    return numbers


def tensor_names(layers: int) -> list[str]:
    """The tensors of a BERT encoder of so many `layers`, by name."""
    parts = [
        *(f"attention.self.{p}" for p in ("query", "key", "value")),
        *("attention.output.dense", "attention.output.LayerNorm", "intermediate.dense"),
        *("output.dense", "output.LayerNorm"),
    ]
    stems = [f"encoder.layer.{i}.{part}" for i in range(layers) for part in parts]
    tables = ("word_embeddings", "position_embeddings", "token_type_embeddings")
    return [f"embeddings.{t}.weight" for t in tables] + [
        f"{stem}.{kind}" for stem in ("embeddings.LayerNorm", *stems) for kind in ("weight", "bias")
    ]


def bert_names(stored: Mapping[str, np.ndarray], kind: str) -> dict[str, np.ndarray]:
    """The tensors of a file under the names of `tensor_names`, with `RELATIVE` for an MPNet.

    Parameters
    ----------
    stored : mapping
        Name → tensor, as a sentence-transformers or transformers file has them.
    kind : str
        ``bert`` or ``mpnet``.
    """
    plain = {_plain(name, kind): tensor for name, tensor in stored.items()}
    if kind == "mpnet" and POSITIONS in plain:
        plain[POSITIONS] = plain[POSITIONS][_FIRST_POSITION[kind] :]
        width = plain[POSITIONS].shape[1]
        plain[SEGMENTS] = np.zeros((2, width), dtype=np.float32)
    return plain


def distance_classes(length: int) -> np.ndarray:
    """The rows of `RELATIVE` for each pair of tokens: int64 (length, length), [query, key].

    Near distances have a class each, far ones share them in steps that grow with the distance; the
    upper half is for keys that stand after the query.

    References
    ----------
    Raffel, C., et al. (2020). Exploring the limits of transfer learning with a unified text-to-text
    transformer. JMLR 21(140), section 2.1.
    """
    half, near = 16, 8
    offset = np.arange(length)[None, :] - np.arange(length)[:, None]
    # In single precision, as the network was trained: the last digit decides at the borders.
    far = np.maximum(np.abs(offset), 1).astype(np.float32)
    scale = np.float32(np.log(_FARTHEST / near))
    step = near + (np.log(far / np.float32(near)) / scale * np.float32(half - near)).astype(int)
    bounded = np.minimum(step, half - 1)
    classes = np.where(np.abs(offset) < near, np.abs(offset), bounded)
    return np.asarray(classes + np.where(offset > 0, half, 0), dtype=np.int64)


def _plain(name: str, kind: str) -> str:
    for prefix in ("0.auto_model.", "bert.", "mpnet."):
        name = name.removeprefix(prefix)
    if kind == "mpnet":
        for old, new in _MPNET_NAMES:
            name = name.replace(old, new)
    return name
