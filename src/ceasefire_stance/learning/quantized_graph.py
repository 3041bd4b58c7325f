"""A transformer's graph with fewer bits for each number: a quarter or an eighth of the size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ceasefire_stance.corpus.atomic import whole_file
from ceasefire_stance.learning.architectures import WORDS
from ceasefire_stance.learning.graph_nodes import Graph
from ceasefire_stance.learning.weights import library

# Weights take 7 of 8 bits: two products of an unsigned and such a signed byte fit into 16 bits, in
# which older processors add them. With all 8 bits they would saturate there, and vectors would
# differ between machines.
_WEIGHT_STEPS = 64
_ACTIVATION_STEPS = 127
_HEADS = ("head.", "holder.")
BITS = (4, 8, 32)
"""How many bits a weight may have; 32 is as it was."""
# Weights of four bits share a scale in blocks of so many; the operator wants a power of 2.
_BLOCK = 32
_CONTRIBUTED = "com.microsoft"


def quantize(path: Path, target: Path | None = None, bits: int = 8) -> Path:
    """Write the int8 form of a graph of `bert_graph`, or one with weights of four bits.

    With eight bits weights are int8 with a scale for each output (word embeddings: for each word);
    activations are turned into eight bits when they arise, with a scale for each token. The vector
    of a sentence therefore does not depend on which others are in its batch, as it would with the
    scale for the whole batch that onnxruntime's own dynamic quantisation takes. With four bits
    weights have a scale for each 32 inputs of an output, and onnxruntime's operator ``MatMulNBits``
    computes with them; word embeddings keep eight. The heads stay as they are.

    Parameters
    ----------
    path : Path
        The file of a float32 graph.
    target : Path, optional
        Where to write; beside `path`, ending in ``.int8.onnx`` or ``.int4.onnx``, if left out.
    bits : int
        8 or 4.

    Returns
    -------
    Path
        The file written: about a quarter of the size, or somewhat more than an eighth.
    """
    onnx = library("onnx")
    out = target or path.with_suffix(f".int{bits}.onnx")
    model = onnx.load(path)
    graph = Graph(f"int{bits} ")
    arrays = {i.name: i for i in model.graph.initializer}
    levels: dict[str, tuple[str, str]] = {}
    for node in model.graph.node:
        name = node.input[1] if node.op_type == "MatMul" else node.input[0]
        if node.op_type == "MatMul" and name in arrays and not name.startswith(_HEADS):
            weights = onnx.numpy_helper.to_array(arrays.pop(name))
            if bits == 4 and len(weights) % _BLOCK == 0:
                _four_bit_product(graph, node, name, weights)
            else:
                _integer_product(graph, node, name, weights, levels)
        elif node.op_type == "Gather" and name == WORDS:
            _integer_lookup(graph, node, onnx.numpy_helper.to_array(arrays.pop(name)))
        else:
            graph.nodes.append(node)
    constants = [*arrays.values(), *graph.constants.values()]
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(graph.nodes)
    model.graph.initializer.extend(constants)
    if bits == 4:
        model.opset_import.append(onnx.helper.make_opsetid(_CONTRIBUTED, 1))
    onnx.checker.check_model(model)
    with whole_file(out) as scratch:
        scratch.write_bytes(model.SerializeToString(deterministic=True))
    return out


def tensors_of(path: Path) -> dict[str, np.ndarray]:
    """The tensors of a graph of `bert_graph` in float32, from whatever number of bits they have.

    Parameters
    ----------
    path : Path
        The file of a graph with 32, 8 or 4 bits a weight.

    Returns
    -------
    dict
        Name → array under BERT's names, the heads among them. What was rounded stays rounded.
    """
    onnx = library("onnx")
    graph = onnx.load(path).graph
    stored = {i.name: onnx.numpy_helper.to_array(i) for i in graph.initializer}
    out: dict[str, np.ndarray] = {}
    for name, array in stored.items():
        plain, _, form = name.partition(":")
        if form == "int4":
            levels = np.stack([array & 15, array >> 4], axis=-1).astype(np.float32) - 8.0
            blocks = levels.reshape(*array.shape[:2], -1) * stored[f"{plain}:scale"][..., None]
            out[plain] = blocks.reshape(len(array), -1)
        elif form == "int8":
            whole = array.astype(np.float32) * stored[f"{plain}:scale"]
            out[plain] = whole if plain == WORDS else whole.T
        elif not form and plain.endswith((".weight", ".bias")):
            # Products have the inputs first, tables and what normalises do not.
            product = array.ndim == 2 and "embeddings" not in plain and "relative" not in plain
            out[plain] = array.T if product else array
    return out


def _steps(weights: np.ndarray, axis: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Integers and their scales: ``integers * scales`` is nearly `weights`."""
    largest = np.abs(weights).max(axis=axis, keepdims=True)
    scales = np.where(largest > 0, largest, 1.0) / steps
    return np.round(weights / scales).astype(np.int8), scales.astype(np.float32)


def _integer_lookup(graph: Graph, node: Any, table: np.ndarray) -> None:
    integers, scales = _steps(table, 1, _ACTIVATION_STEPS)
    rows = graph.node("Gather", graph.constant(f"{WORDS}:int8", integers, np.int8), node.input[1])
    factors = graph.node("Gather", graph.constant(f"{WORDS}:scale", scales), node.input[1])
    rows = graph.node("Cast", rows, to=graph.onnx.TensorProto.FLOAT)
    graph.node("Mul", rows, factors, out=node.output[0])


def _integer_product(
    graph: Graph, node: Any, name: str, weights: np.ndarray, levels: dict[str, tuple[str, str]]
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


def _bytes(graph: Graph, x: str) -> tuple[str, str]:
    """Each token's numbers as unsigned bytes around 128, and what one step of them is worth."""
    largest = graph.node("ReduceMax", graph.node("Abs", x), axes=[-1], keepdims=1)
    largest = graph.node("Max", largest, graph.constant("tiny", 1e-12))
    factors = graph.node("Div", largest, graph.constant("steps", float(_ACTIVATION_STEPS)))
    rounded = graph.node("Round", graph.node("Div", x, factors))
    shifted = graph.node("Add", rounded, graph.constant("middle", 128.0))
    return graph.node("Cast", shifted, to=graph.onnx.TensorProto.UINT8), factors


def _four_bit_product(graph: Graph, node: Any, name: str, weights: np.ndarray) -> None:
    """A product with weights (inputs, outputs) of four bits: sixteen steps around zero, a block."""
    inputs, outputs = weights.shape
    blocks = weights.T.reshape(outputs, -1, _BLOCK)
    at = np.abs(blocks).argmax(axis=-1)[..., None]
    # The largest number is met exactly: it is eight steps below zero, or above if the scale is
    # negative.
    largest = np.take_along_axis(blocks, at, axis=-1)
    scales = np.where(largest == 0, 1.0, largest) / -8.0
    levels = np.clip(np.round(blocks / scales) + 8, 0, 15).astype(np.uint8)
    packed = levels[..., 0::2] | levels[..., 1::2] << 4
    graph.node(
        "MatMulNBits",
        node.input[0],
        graph.constant(f"{name}:int4", packed, np.uint8),
        graph.constant(f"{name}:scale", scales.reshape(outputs, -1)),
        out=node.output[0],
        domain=_CONTRIBUTED,
        K=inputs,
        N=outputs,
        bits=4,
        block_size=_BLOCK,
        accuracy_level=4,
    )
