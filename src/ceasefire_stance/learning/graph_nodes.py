"""A graph for onnxruntime that grows node by node."""

from __future__ import annotations

from typing import Any

import numpy as np

from ceasefire_stance.learning.weights import library


class Graph:
    """Nodes and constants that grow by one call a node; each call gives the name of its output."""

    def __init__(self, prefix: str = "") -> None:
        self.onnx = library("onnx")
        self.prefix = prefix
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def constant(self, name: str, values: Any, kind: Any = np.float32) -> str:
        """Put an array of the type `kind` into the graph, once; its name."""
        if name not in self.constants:
            array = np.ascontiguousarray(np.asarray(values, dtype=kind))
            # A contiguous copy of a single number has one dimension too many.
            array = array.reshape(np.shape(values))
            self.constants[name] = self.onnx.numpy_helper.from_array(array, name)
        return name

    def node(self, kind: str, *inputs: str, out: str | None = None, **attributes: Any) -> str:
        """Put an operation of the type `kind` behind its inputs; the name of its output."""
        name = out or f"{self.prefix}{kind}:{len(self.nodes)}"
        made = self.onnx.helper.make_node(kind, list(inputs), [name], name=name, **attributes)
        self.nodes.append(made)
        return name
