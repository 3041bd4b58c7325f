"""The network of `transformer_graph` in torch, where its gradients can be had.

It is written with torch's functions on a mapping of named tensors, under the names that the
weights' file and the graph have too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ceasefire_stance.learning.weights import BaseWeights, library


def torch_logits(
    parameters: Mapping[str, Any],
    batch: Mapping[str, Any],
    *,
    weights: BaseWeights,
    dropout: float = 0.0,
) -> Any:
    """The network in torch: logits (sentences, classes).

    Parameters
    ----------
    parameters : mapping
        Name → tensor: the encoder's, and ``head.weight`` and ``head.bias``.
    batch : mapping
        The four inputs as tensors, as `padded` names them.
    weights : BaseWeights
        For the number of layers and heads.
    dropout : float
        Share of numbers left out; 0 when not training.
    """
    f = library("torch.nn.functional", "finetune")

    def dropped(x: Any) -> Any:
        return f.dropout(x, dropout) if dropout else x

    def linear(x: Any, name: str) -> Any:
        return f.linear(x, parameters[f"{name}.weight"], parameters[f"{name}.bias"])

    def normalised(x: Any, name: str) -> Any:
        weight, bias = parameters[f"{name}.weight"], parameters[f"{name}.bias"]
        return f.layer_norm(x, (weights.width,), weight, bias, weights.epsilon)

    def split(x: Any) -> Any:
        return x.unflatten(-1, (weights.heads, -1)).transpose(1, 2)

    ids = batch["input_ids"]
    hidden = f.embedding(ids, parameters["embeddings.word_embeddings.weight"])
    table = parameters["embeddings.token_type_embeddings.weight"]
    hidden = hidden + f.embedding(batch["token_type_ids"], table)
    hidden = hidden + parameters["embeddings.position_embeddings.weight"][: ids.shape[1]]
    hidden = dropped(normalised(hidden, "embeddings.LayerNorm"))
    unseen = (1.0 - batch["attention_mask"][:, None, None, :].to(hidden.dtype)) * -1e4
    for number in range(weights.layers):
        stem = f"encoder.layer.{number}."
        query, key, value = (
            split(linear(hidden, f"{stem}attention.self.{part}"))
            for part in ("query", "key", "value")
        )
        mixed = f.scaled_dot_product_attention(
            query, key, value, attn_mask=unseen, dropout_p=dropout
        )
        mixed = linear(mixed.transpose(1, 2).flatten(2), f"{stem}attention.output.dense")
        hidden = normalised(hidden + dropped(mixed), f"{stem}attention.output.LayerNorm")
        inner = linear(f.gelu(linear(hidden, f"{stem}intermediate.dense")), f"{stem}output.dense")
        hidden = normalised(hidden + dropped(inner), f"{stem}output.LayerNorm")
    pool = batch["pool_mask"][..., None].to(hidden.dtype)
    vector = (hidden * pool).sum(1) / pool.sum(1).clamp(min=1.0)
    return linear(dropped(vector), "head")
