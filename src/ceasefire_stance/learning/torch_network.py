"""The network of `transformer_graph` in torch, where its gradients can be had.

It is written with torch's functions on a mapping of named tensors, under the names that the
weights' file and the graph have too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ceasefire_stance.learning.architectures import (
    POSITIONS,
    RELATIVE,
    SEGMENTS,
    WORDS,
    distance_classes,
)
from ceasefire_stance.learning.weights import BaseWeights, library


def torch_outputs(
    parameters: Mapping[str, Any],
    batch: Mapping[str, Any],
    *,
    weights: BaseWeights,
    dropout: float = 0.0,
    frozen_layers: int = 0,
    below: Any = None,
) -> tuple[Any, Any]:
    """The network in torch: the logits of classes, and for each token the log-odds of its holders.

    Parameters
    ----------
    parameters : mapping
        Name → tensor: the encoder's, and those of the two heads.
    batch : mapping
        The four inputs as tensors, as `padded` names them.
    weights : BaseWeights
        For the number of layers and heads.
    dropout : float
        Share of numbers left out; 0 when not training.
    frozen_layers : int
        So many of the lowest layers, and the embeddings if there are any, are computed without
        dropout and without a way back for gradients.
    below : tensor, optional
        What `frozen_states` gives for the batch, if it is known already.

    Returns
    -------
    tuple of two tensors
        Of shape (sentences, classes) and (sentences, tokens, positions).
    """
    torch = library("torch", "finetune")
    if below is not None:
        hidden = below
    elif frozen_layers:
        hidden = frozen_states(parameters, batch, weights=weights, layers=frozen_layers)
    else:
        hidden = _embedded(parameters, batch, weights, dropout)
    with torch.set_grad_enabled(torch.is_grad_enabled() and not frozen_layers):
        bias = _attention_bias(parameters, batch, hidden)
    for number in range(frozen_layers, weights.layers):
        hidden = _layer(parameters, number, hidden, bias, weights, dropout)
    pool = batch["pool_mask"][..., None].to(hidden.dtype)
    vector = (hidden * pool).sum(1) / pool.sum(1).clamp(min=1.0)
    f = torch.nn.functional
    dropped = f.dropout(vector, dropout) if dropout else vector
    logits = f.linear(dropped, parameters["head.weight"], parameters["head.bias"])
    holders = f.linear(hidden, parameters["holder.weight"], parameters["holder.bias"])
    return logits, holders


def frozen_states(
    parameters: Mapping[str, Any], batch: Mapping[str, Any], *, weights: BaseWeights, layers: int
) -> Any:
    """What the lowest `layers` make of a batch, (sentences, tokens, width): without gradients.

    They depend on nothing that is learned above them, so they need be computed only once.
    """
    torch = library("torch", "finetune")
    with torch.no_grad():
        hidden = _embedded(parameters, batch, weights, 0.0)
        bias = _attention_bias(parameters, batch, hidden)
        for number in range(layers):
            hidden = _layer(parameters, number, hidden, bias, weights, 0.0)
    return hidden


def _embedded(
    parameters: Mapping[str, Any], batch: Mapping[str, Any], weights: BaseWeights, dropout: float
) -> Any:
    f = library("torch.nn.functional", "finetune")
    ids = batch["input_ids"]
    hidden = f.embedding(ids, parameters[WORDS])
    hidden = hidden + f.embedding(batch["token_type_ids"], parameters[SEGMENTS])
    hidden = hidden + parameters[POSITIONS][: ids.shape[1]]
    normalised = _normalised(parameters, "embeddings.LayerNorm", hidden, weights)
    return f.dropout(normalised, dropout) if dropout else normalised


def _attention_bias(parameters: Mapping[str, Any], batch: Mapping[str, Any], hidden: Any) -> Any:
    """What is added to the attention scores: padding is not seen, and distances may count."""
    unseen = (1.0 - batch["attention_mask"][:, None, None, :].to(hidden.dtype)) * -1e4
    if RELATIVE not in parameters:
        return unseen
    torch = library("torch", "finetune")
    classes = torch.from_numpy(distance_classes(hidden.shape[1]))
    return unseen + parameters[RELATIVE][classes].permute(2, 0, 1)[None]


def _layer(
    parameters: Mapping[str, Any],
    number: int,
    hidden: Any,
    bias: Any,
    weights: BaseWeights,
    dropout: float,
) -> Any:
    f = library("torch.nn.functional", "finetune")
    stem = f"encoder.layer.{number}."

    def linear(x: Any, name: str) -> Any:
        weight, shift = parameters[f"{stem}{name}.weight"], parameters[f"{stem}{name}.bias"]
        return f.linear(x, weight, shift)

    def added(x: Any, more: Any, name: str) -> Any:
        more = f.dropout(more, dropout) if dropout else more
        return _normalised(parameters, f"{stem}{name}", x + more, weights)

    query, key, value = (
        linear(hidden, f"attention.self.{part}").unflatten(-1, (weights.heads, -1)).transpose(1, 2)
        for part in ("query", "key", "value")
    )
    # With bfloat16 the scores are of that type, and the mask has to be too.
    mixed = f.scaled_dot_product_attention(
        query, key, value, attn_mask=bias.to(query.dtype), dropout_p=dropout
    )
    mixed = linear(mixed.transpose(1, 2).flatten(2), "attention.output.dense")
    hidden = added(hidden, mixed, "attention.output.LayerNorm")
    inner = linear(f.gelu(linear(hidden, "intermediate.dense")), "output.dense")
    return added(hidden, inner, "output.LayerNorm")


def _normalised(parameters: Mapping[str, Any], name: str, x: Any, weights: BaseWeights) -> Any:
    f = library("torch.nn.functional", "finetune")
    weight, bias = parameters[f"{name}.weight"], parameters[f"{name}.bias"]
    return f.layer_norm(x, (weights.width,), weight, bias, weights.epsilon)
