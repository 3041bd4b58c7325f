"""From a BERT encoder's tensors to a graph that onnxruntime runs, in float32 or in int8.

The graph is written down node by node, so that neither torch nor transformers is needed. Inputs,
all int64 of shape (sentences, tokens): ``input_ids``, ``token_type_ids``, ``attention_mask``, and
``pool_mask``, which is 1 for the tokens whose mean is the output ``vector``.

References
----------
Devlin, J., Chang, M.-W., Lee, K., Toutanova, K. (2019). BERT: Pre-training of deep bidirectional
transformers for language understanding. NAACL-HLT 2019, 4171-4186.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ceasefire_stance.corpus.atomic import write_text
from ceasefire_stance.learning.architectures import (
    POSITIONS,
    RELATIVE,
    SEGMENTS,
    WORDS,
    distance_classes,
)
from ceasefire_stance.learning.errors import ModelError
from ceasefire_stance.learning.graph_nodes import Graph
from ceasefire_stance.learning.quantized_graph import quantize
from ceasefire_stance.learning.weights import BaseWeights, cache_folder, digest, library

GRAPH_VERSION = 1
"""Raised when the graph changes in a way that changes vectors: what was kept is then made again."""
INPUTS = ("input_ids", "token_type_ids", "attention_mask", "pool_mask")
_OPSET = 17


def bert_graph(
    tensors: Mapping[str, np.ndarray],
    *,
    layers: int,
    heads: int,
    head: Mapping[str, np.ndarray] | None = None,
    epsilon: float = 1e-12,
) -> Any:
    """The graph of a BERT encoder, or of an MPNet under BERT's names.

    Parameters
    ----------
    tensors : mapping
        Name → array, as `BaseWeights.tensors` gives them.
    layers, heads : int
        Transformer layers and attention heads.
    head : mapping, optional
        ``head.weight`` (classes, width) and ``head.bias`` (classes,) of a linear classifier of the
        vector; ``holder.weight`` (positions, width) and ``holder.bias`` (positions,) of one of
        each token.
    epsilon : float
        What layer normalisation adds to the variance.

    Returns
    -------
    onnx.ModelProto
        Output ``vector`` (sentences, width), float32, the mean over ``pool_mask`` of the last
        layer (zeros where nothing is pooled); with a head also ``logits`` (sentences, classes) and
        ``holders`` (sentences, tokens, positions), the log-odds of each token to be one of the
        words of a holder of each position.

    Raises
    ------
    ModelError
        If `heads` does not divide the width, or onnx is not installed.
    """
    width = tensors[WORDS].shape[1]
    if width % heads:
        raise ModelError(
            f"the vectors have {width} numbers and there are {heads} attention heads; expected a "
            "multiple. Correct num_attention_heads in config.json."
        )
    graph = Graph()
    hidden = _embeddings(graph, tensors, epsilon)
    bias = _attention_bias(graph)
    if RELATIVE in tensors:
        bias = graph.node("Add", bias, _distance_bias(graph, tensors))
    for number in range(layers):
        stem = f"encoder.layer.{number}."
        attended = _attention(graph, tensors, stem, hidden, bias, heads)
        hidden = _normalised(
            graph, tensors, f"{stem}attention.output.LayerNorm", hidden, attended, epsilon
        )
        inner = _gelu(graph, _linear(graph, tensors, f"{stem}intermediate.dense", hidden))
        inner = _linear(graph, tensors, f"{stem}output.dense", inner)
        hidden = _normalised(graph, tensors, f"{stem}output.LayerNorm", hidden, inner, epsilon)
    outputs: dict[str, list[str | int]] = {_pooled(graph, hidden): ["sentences", width]}
    if head is not None:
        weight = graph.constant("head.weight", head["head.weight"].T)
        product = graph.node("MatMul", "vector", weight)
        bias = graph.constant("head.bias", head["head.bias"])
        graph.node("Add", product, bias, out="logits")
        outputs["logits"] = ["sentences", len(head["head.bias"])]
    if head is not None and "holder.weight" in head:
        weight = graph.constant("holder.weight", head["holder.weight"].T)
        product = graph.node("MatMul", hidden, weight)
        bias = graph.constant("holder.bias", head["holder.bias"])
        graph.node("Add", product, bias, out="holders")
        outputs["holders"] = ["sentences", "tokens", len(head["holder.bias"])]
    return _model(graph, outputs)


def write_graph(model: Any, path: Path, *, bits: int) -> None:
    """Check a graph of `bert_graph` and write it with so many `bits` (32, 8 or 4), whole or not."""
    library("onnx").checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".graph-", dir=path.parent) as scratch:
        file = Path(scratch) / "graph.onnx"
        file.write_bytes(model.SerializeToString(deterministic=True))
        (file if bits == 32 else quantize(file, bits=bits)).replace(path)


def ready_graph(weights: BaseWeights, *, quantized: bool, cache: str | Path | None = None) -> Path:
    """The file of the encoder's graph, made once for `weights` and kept.

    Parameters
    ----------
    weights : BaseWeights
        From `find_weights`.
    quantized : bool
        Whether in int8.
    cache : path, optional
        Where to keep it; the user's cache folder if left out.

    Raises
    ------
    ModelError
        If the folder cannot be written to.
    """
    kind = "int8" if quantized else "float32"
    folder = cache_folder(cache)
    path = folder / f"encoder-{weights.identity[:16]}-{kind}-{GRAPH_VERSION}.onnx"
    seal = path.with_suffix(".sha256")
    try:
        # The seal is written last: a file without it, or with another's, is made anew.
        if path.is_file() and seal.is_file() and seal.read_text("utf-8").strip() == digest(path):
            return path
        model = bert_graph(
            weights.tensors(), layers=weights.layers, heads=weights.heads, epsilon=weights.epsilon
        )
        write_graph(model, path, bits=8 if quantized else 32)
        write_text(seal, digest(path) + "\n")
    except OSError as error:
        raise ModelError(
            f"{folder}: expected a folder that the encoder's graph can be kept in, but {error}. "
            "Set the parameter cache, or XDG_CACHE_HOME, to one that can be written to."
        ) from error
    return path


def _embeddings(graph: Graph, tensors: Mapping[str, np.ndarray], epsilon: float) -> str:
    """Words, kinds of segment and positions, added and normalised."""
    words = graph.node("Gather", graph.constant(WORDS, tensors[WORDS]), "input_ids")
    table = graph.constant(SEGMENTS, tensors[SEGMENTS])
    segments = graph.node("Gather", table, "token_type_ids")
    length = graph.node("Shape", "input_ids", start=1, end=2)
    start = graph.constant("first", [0], np.int64)
    table = graph.constant(POSITIONS, tensors[POSITIONS])
    positions = graph.node("Slice", table, start, length, start)
    both = graph.node("Add", words, segments)
    return _normalised(graph, tensors, "embeddings.LayerNorm", both, positions, epsilon)


def _attention_bias(graph: Graph) -> str:
    """0 where a token may be looked at, a large negative number where it is padding."""
    axes = graph.constant("heads and queries", [1, 2], np.int64)
    mask = graph.node("Unsqueeze", "attention_mask", axes)
    seen = graph.node("Cast", mask, to=graph.onnx.TensorProto.FLOAT)
    unseen = graph.node("Sub", graph.constant("one", 1.0), seen)
    return graph.node("Mul", unseen, graph.constant("never", -1e4))


def _distance_bias(graph: Graph, tensors: Mapping[str, np.ndarray]) -> str:
    """What a pair of tokens gets for the distance between them: (1, heads, tokens, tokens)."""
    classes = distance_classes(len(tensors[POSITIONS]))
    length = graph.node("Shape", "input_ids", start=1, end=2)
    both = graph.node("Concat", length, length, axis=0)
    start = graph.constant("first pair", [0, 0], np.int64)
    near = graph.node("Slice", graph.constant("distances", classes, np.int64), start, both)
    values = graph.node("Gather", graph.constant(RELATIVE, tensors[RELATIVE]), near)
    by_head = graph.node("Transpose", values, perm=(2, 0, 1))
    return graph.node("Unsqueeze", by_head, graph.constant("sentences", [0], np.int64))


def _attention(
    graph: Graph,
    tensors: Mapping[str, np.ndarray],
    stem: str,
    hidden: str,
    bias: str,
    heads: int,
) -> str:
    width = tensors[WORDS].shape[1]
    apart = graph.constant("apart", [0, 0, heads, width // heads], np.int64)
    together = graph.constant("together", [0, 0, width], np.int64)
    projected = []
    for part, order in (("query", (0, 2, 1, 3)), ("key", (0, 2, 3, 1)), ("value", (0, 2, 1, 3))):
        flat = _linear(graph, tensors, f"{stem}attention.self.{part}", hidden)
        projected.append(graph.node("Transpose", graph.node("Reshape", flat, apart), perm=order))
    query, key, value = projected
    scale = graph.constant("scale", float(np.sqrt(heads / width)))
    scores = graph.node("Mul", graph.node("MatMul", query, key), scale)
    shares = graph.node("Softmax", graph.node("Add", scores, bias), axis=-1)
    mixed = graph.node("Transpose", graph.node("MatMul", shares, value), perm=(0, 2, 1, 3))
    joined = graph.node("Reshape", mixed, together)
    return _linear(graph, tensors, f"{stem}attention.output.dense", joined)


def _linear(graph: Graph, tensors: Mapping[str, np.ndarray], name: str, x: str) -> str:
    weight = graph.constant(f"{name}.weight", tensors[f"{name}.weight"].T)
    bias = graph.constant(f"{name}.bias", tensors[f"{name}.bias"])
    return graph.node("Add", graph.node("MatMul", x, weight), bias)


def _normalised(
    graph: Graph, tensors: Mapping[str, np.ndarray], name: str, x: str, y: str, epsilon: float
) -> str:
    scale = graph.constant(f"{name}.weight", tensors[f"{name}.weight"])
    shift = graph.constant(f"{name}.bias", tensors[f"{name}.bias"])
    total = graph.node("Add", x, y)
    return graph.node("LayerNormalization", total, scale, shift, axis=-1, epsilon=epsilon)


def _gelu(graph: Graph, x: str) -> str:
    # In this order onnxruntime knows it, and computes it in one step.
    share = graph.node("Erf", graph.node("Div", x, graph.constant("root", float(np.sqrt(2.0)))))
    share = graph.node("Add", share, graph.constant("one", 1.0))
    return graph.node("Mul", graph.node("Mul", x, share), graph.constant("half", 0.5))


def _pooled(graph: Graph, hidden: str) -> str:
    tokens = graph.constant("tokens", [1], np.int64)
    mask = graph.node("Unsqueeze", "pool_mask", graph.constant("numbers", [2], np.int64))
    mask = graph.node("Cast", mask, to=graph.onnx.TensorProto.FLOAT)
    total = graph.node("ReduceSum", graph.node("Mul", hidden, mask), tokens, keepdims=0)
    count = graph.node("ReduceSum", mask, tokens, keepdims=0)
    count = graph.node("Max", count, graph.constant("one", 1.0))
    return graph.node("Div", total, count, out="vector")


def _model(graph: Graph, outputs: Mapping[str, list[str | int]]) -> Any:
    helper, kinds = graph.onnx.helper, graph.onnx.TensorProto
    made = helper.make_graph(
        graph.nodes,
        "sentence encoder",
        [helper.make_tensor_value_info(n, kinds.INT64, ["sentences", "tokens"]) for n in INPUTS],
        [
            helper.make_tensor_value_info(name, kinds.FLOAT, shape)
            for name, shape in outputs.items()
        ],
        list(graph.constants.values()),
    )
    # The oldest format that has this opset: more releases of onnxruntime read it.
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=8)
