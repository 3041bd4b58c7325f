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

from ceasefire_stance.corpus.atomic import whole_file, write_text
from ceasefire_stance.learning.store import ModelError
from ceasefire_stance.learning.weights import BaseWeights, cache_folder, digest, library

GRAPH_VERSION = 1
"""Raised when the graph changes in a way that changes vectors: what was kept is then made again."""
INPUTS = ("input_ids", "token_type_ids", "attention_mask", "pool_mask")
_OPSET = 17
_WORDS = "embeddings.word_embeddings.weight"
# Weights take 7 of 8 bits: two products of an unsigned and such a signed byte fit into 16 bits, in
# which older processors add them. With all 8 bits they would saturate there, and vectors would
# differ between machines.
_WEIGHT_STEPS = 64
_ACTIVATION_STEPS = 127


class _Graph:
    """Nodes and constants that grow by one call a node; each call gives the name of its output."""

    def __init__(self, prefix: str = "") -> None:
        self.onnx = library("onnx")
        self.prefix = prefix
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def constant(self, name: str, values: Any, kind: Any = np.float32) -> str:
        if name not in self.constants:
            array = np.ascontiguousarray(np.asarray(values, dtype=kind))
            # A contiguous copy of a single number has one dimension too many.
            array = array.reshape(np.shape(values))
            self.constants[name] = self.onnx.numpy_helper.from_array(array, name)
        return name

    def node(self, kind: str, *inputs: str, out: str | None = None, **attributes: Any) -> str:
        name = out or f"{self.prefix}{kind}:{len(self.nodes)}"
        made = self.onnx.helper.make_node(kind, list(inputs), [name], name=name, **attributes)
        self.nodes.append(made)
        return name


def bert_graph(
    tensors: Mapping[str, np.ndarray],
    *,
    layers: int,
    heads: int,
    head: Mapping[str, np.ndarray] | None = None,
    epsilon: float = 1e-12,
) -> Any:
    """The graph of a BERT encoder.

    Parameters
    ----------
    tensors : mapping
        Name → array, as `BaseWeights.tensors` gives them.
    layers, heads : int
        Transformer layers and attention heads.
    head : mapping, optional
        ``weight`` (classes, width) and ``bias`` (classes,) of a linear classifier of the vector.
    epsilon : float
        What layer normalisation adds to the variance.

    Returns
    -------
    onnx.ModelProto
        Output ``vector`` (sentences, width), float32, the mean over ``pool_mask`` of the last
        layer (zeros where nothing is pooled); with a head also ``logits`` (sentences, classes).

    Raises
    ------
    ModelError
        If `heads` does not divide the width, or onnx is not installed.
    """
    width = tensors[_WORDS].shape[1]
    if width % heads:
        raise ModelError(
            f"the vectors have {width} numbers and there are {heads} attention heads; expected a "
            "multiple. Correct num_attention_heads in config.json."
        )
    graph = _Graph()
    hidden = _embeddings(graph, tensors, epsilon)
    bias = _attention_bias(graph)
    for number in range(layers):
        stem = f"encoder.layer.{number}."
        attended = _attention(graph, tensors, stem, hidden, bias, heads)
        hidden = _normalised(
            graph, tensors, f"{stem}attention.output.LayerNorm", hidden, attended, epsilon
        )
        inner = _gelu(graph, _linear(graph, tensors, f"{stem}intermediate.dense", hidden))
        inner = _linear(graph, tensors, f"{stem}output.dense", inner)
        hidden = _normalised(graph, tensors, f"{stem}output.LayerNorm", hidden, inner, epsilon)
    outputs = {_pooled(graph, hidden): width}
    if head is not None:
        product = graph.node("MatMul", "vector", graph.constant("head.weight", head["weight"].T))
        graph.node("Add", product, graph.constant("head.bias", head["bias"]), out="logits")
        outputs["logits"] = len(head["bias"])
    return _model(graph, outputs)


def quantize(path: Path, target: Path | None = None) -> Path:
    """Write the int8 form of a graph of `bert_graph`.

    Weights are int8 with a scale for each output (word embeddings: for each word); activations are
    turned into eight bits when they arise, with a scale for each token. The vector of a sentence
    therefore does not depend on which others are in its batch, as it would with the scale for the
    whole batch that onnxruntime's own dynamic quantisation takes. The head stays as it is.

    Parameters
    ----------
    path : Path
        The file of a float32 graph.
    target : Path, optional
        Where to write; beside `path`, ending in ``.int8.onnx``, if left out.

    Returns
    -------
    Path
        The file written: about a quarter of the size.
    """
    onnx = library("onnx")
    out = target or path.with_suffix(".int8.onnx")
    model = onnx.load(path)
    graph = _Graph("int8 ")
    arrays = {i.name: i for i in model.graph.initializer}
    levels: dict[str, tuple[str, str]] = {}
    for node in model.graph.node:
        name = node.input[1] if node.op_type == "MatMul" else node.input[0]
        if node.op_type == "MatMul" and name in arrays and not name.startswith("head."):
            weights = onnx.numpy_helper.to_array(arrays.pop(name))
            _integer_product(graph, node, name, weights, levels)
        elif node.op_type == "Gather" and name == _WORDS:
            _integer_lookup(graph, node, onnx.numpy_helper.to_array(arrays.pop(name)))
        else:
            graph.nodes.append(node)
    constants = [*arrays.values(), *graph.constants.values()]
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(graph.nodes)
    model.graph.initializer.extend(constants)
    onnx.checker.check_model(model)
    with whole_file(out) as scratch:
        scratch.write_bytes(model.SerializeToString(deterministic=True))
    return out


def write_graph(model: Any, path: Path, *, quantized: bool) -> None:
    """Check a graph of `bert_graph` and write it, in int8 or as it is, whole or not at all."""
    library("onnx").checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".graph-", dir=path.parent) as scratch:
        file = Path(scratch) / "graph.onnx"
        file.write_bytes(model.SerializeToString(deterministic=True))
        (quantize(file) if quantized else file).replace(path)


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
        write_graph(model, path, quantized=quantized)
        write_text(seal, digest(path) + "\n")
    except OSError as error:
        raise ModelError(
            f"{folder}: expected a folder that the encoder's graph can be kept in, but {error}. "
            "Set the parameter cache, or XDG_CACHE_HOME, to one that can be written to."
        ) from error
    return path


def _embeddings(graph: _Graph, tensors: Mapping[str, np.ndarray], epsilon: float) -> str:
    """Words, kinds of segment and positions, added and normalised."""
    words = graph.node("Gather", graph.constant(_WORDS, tensors[_WORDS]), "input_ids")
    name = "embeddings.token_type_embeddings.weight"
    segments = graph.node("Gather", graph.constant(name, tensors[name]), "token_type_ids")
    length = graph.node("Shape", "input_ids", start=1, end=2)
    name = "embeddings.position_embeddings.weight"
    start = graph.constant("first", [0], np.int64)
    table = graph.constant(name, tensors[name])
    positions = graph.node("Slice", table, start, length, start)
    both = graph.node("Add", words, segments)
    return _normalised(graph, tensors, "embeddings.LayerNorm", both, positions, epsilon)


def _attention_bias(graph: _Graph) -> str:
    """0 where a token may be looked at, a large negative number where it is padding."""
    axes = graph.constant("heads and queries", [1, 2], np.int64)
    mask = graph.node("Unsqueeze", "attention_mask", axes)
    seen = graph.node("Cast", mask, to=graph.onnx.TensorProto.FLOAT)
    unseen = graph.node("Sub", graph.constant("one", 1.0), seen)
    return graph.node("Mul", unseen, graph.constant("never", -1e4))


def _attention(
    graph: _Graph,
    tensors: Mapping[str, np.ndarray],
    stem: str,
    hidden: str,
    bias: str,
    heads: int,
) -> str:
    width = tensors[_WORDS].shape[1]
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


def _linear(graph: _Graph, tensors: Mapping[str, np.ndarray], name: str, x: str) -> str:
    weight = graph.constant(f"{name}.weight", tensors[f"{name}.weight"].T)
    bias = graph.constant(f"{name}.bias", tensors[f"{name}.bias"])
    return graph.node("Add", graph.node("MatMul", x, weight), bias)


def _normalised(
    graph: _Graph, tensors: Mapping[str, np.ndarray], name: str, x: str, y: str, epsilon: float
) -> str:
    scale = graph.constant(f"{name}.weight", tensors[f"{name}.weight"])
    shift = graph.constant(f"{name}.bias", tensors[f"{name}.bias"])
    total = graph.node("Add", x, y)
    return graph.node("LayerNormalization", total, scale, shift, axis=-1, epsilon=epsilon)


def _gelu(graph: _Graph, x: str) -> str:
    # In this order onnxruntime knows it, and computes it in one step.
    share = graph.node("Erf", graph.node("Div", x, graph.constant("root", float(np.sqrt(2.0)))))
    share = graph.node("Add", share, graph.constant("one", 1.0))
    return graph.node("Mul", graph.node("Mul", x, share), graph.constant("half", 0.5))


def _pooled(graph: _Graph, hidden: str) -> str:
    tokens = graph.constant("tokens", [1], np.int64)
    mask = graph.node("Unsqueeze", "pool_mask", graph.constant("numbers", [2], np.int64))
    mask = graph.node("Cast", mask, to=graph.onnx.TensorProto.FLOAT)
    total = graph.node("ReduceSum", graph.node("Mul", hidden, mask), tokens, keepdims=0)
    count = graph.node("ReduceSum", mask, tokens, keepdims=0)
    count = graph.node("Max", count, graph.constant("one", 1.0))
    return graph.node("Div", total, count, out="vector")


def _model(graph: _Graph, outputs: Mapping[str, int]) -> Any:
    helper, kinds = graph.onnx.helper, graph.onnx.TensorProto
    made = helper.make_graph(
        graph.nodes,
        "sentence encoder",
        [helper.make_tensor_value_info(n, kinds.INT64, ["sentences", "tokens"]) for n in INPUTS],
        [
            helper.make_tensor_value_info(name, kinds.FLOAT, ["sentences", size])
            for name, size in outputs.items()
        ],
        list(graph.constants.values()),
    )
    # The oldest format that has this opset: more releases of onnxruntime read it.
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=8)


def _steps(weights: np.ndarray, axis: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Integers and their scales: ``integers * scales`` is nearly `weights`."""
    largest = np.abs(weights).max(axis=axis, keepdims=True)
    scales = np.where(largest > 0, largest, 1.0) / steps
    return np.round(weights / scales).astype(np.int8), scales.astype(np.float32)


def _integer_lookup(graph: _Graph, node: Any, table: np.ndarray) -> None:
    integers, scales = _steps(table, 1, _ACTIVATION_STEPS)
    rows = graph.node("Gather", graph.constant(f"{_WORDS}:int8", integers, np.int8), node.input[1])
    factors = graph.node("Gather", graph.constant(f"{_WORDS}:scale", scales), node.input[1])
    rows = graph.node("Cast", rows, to=graph.onnx.TensorProto.FLOAT)
    graph.node("Mul", rows, factors, out=node.output[0])


def _integer_product(
    graph: _Graph, node: Any, name: str, weights: np.ndarray, levels: dict[str, tuple[str, str]]
) -> None:
    x = node.input[0]
    if x not in levels:
        levels[x] = _bytes(graph, x)
    rows, factors = levels[x]
    integers, scales = _steps(weights, 0, _WEIGHT_STEPS)
    table = graph.constant(f"{name}:int8", integers, np.int8)
    zero = graph.constant("zero level", 128, np.uint8)
    product = graph.node("MatMulInteger", rows, table, zero)
    product = graph.node("Cast", product, to=graph.onnx.TensorProto.FLOAT)
    product = graph.node("Mul", product, graph.constant(f"{name}:scale", scales.ravel()))
    graph.node("Mul", product, factors, out=node.output[0])


def _bytes(graph: _Graph, x: str) -> tuple[str, str]:
    """Each token's numbers as unsigned bytes around 128, and what one step of them is worth."""
    largest = graph.node("ReduceMax", graph.node("Abs", x), axes=[-1], keepdims=1)
    largest = graph.node("Max", largest, graph.constant("tiny", 1e-12))
    factors = graph.node("Div", largest, graph.constant("steps", float(_ACTIVATION_STEPS)))
    rounded = graph.node("Round", graph.node("Div", x, factors))
    shifted = graph.node("Add", rounded, graph.constant("middle", 128.0))
    return graph.node("Cast", shifted, to=graph.onnx.TensorProto.UINT8), factors
