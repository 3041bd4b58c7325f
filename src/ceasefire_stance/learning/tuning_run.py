"""One run of tuning: what it is made of, its steps, and the state that an interrupt leaves."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from ceasefire_stance.corpus.atomic import whole_file
from ceasefire_stance.corpus.stances import POSITIONS, STANCES
from ceasefire_stance.learning.architectures import RELATIVE, tensor_names
from ceasefire_stance.learning.errors import ModelError
from ceasefire_stance.learning.network import padded
from ceasefire_stance.learning.torch_network import frozen_states, torch_outputs
from ceasefire_stance.learning.tuned_folder import HEADS, is_frozen
from ceasefire_stance.learning.tuning_inputs import TuningInputs, batches
from ceasefire_stance.learning.weights import BaseWeights


@dataclass(frozen=True)
class Settings:
    """How a network is tuned.

    Parameters
    ----------
    seed, epochs, batch_size : int
        Of dropout and order; passes over the sentences; sentences a step.
    learning_rate, head_rate : float
        Highest rates of the last transformer layer and of the classifier.
    context_tokens, max_tokens : int
        How much is read: the last tokens of the context, the first of the sentence.
    layer_decay : float
        A layer learns at this share of the rate of the layer above it.
    warm_up : float
        Share of the steps in which the rates rise from 0; they fall to 0 in all the others.
    dropout, weight_decay, clip : float
        Share of numbers left out, AdamW's decay, longest gradient.
    holder_share : float
        Weight of the second task, to find the words of the holders of each position (the sum of the
        cross-entropies of a sentence's tokens), beside the first. What a stance is depends on whose
        it is: the network learns to look.
    frozen_layers : int
        So many of the lowest layers, with the embeddings, stay as they are. What they make of the
        sentences is computed once and kept in memory, two bytes a number: 1.2 GB for 10,000
        sentences of 80 tokens and vectors of 768 numbers.
    bfloat16 : bool
        Whether products are computed in bfloat16: faster where the processor has it.
    """

    seed: int
    epochs: int
    learning_rate: float
    batch_size: int
    context_tokens: int
    max_tokens: int = 110
    head_rate: float = 2e-3
    layer_decay: float = 0.9
    warm_up: float = 0.1
    dropout: float = 0.1
    weight_decay: float = 0.01
    clip: float = 1.0
    holder_share: float = 0.2
    frozen_layers: int = 0
    bfloat16: bool = False


@dataclass(frozen=True)
class TuningRun:
    """All that one run is made of.

    Parameters
    ----------
    torch : module
        The library.
    weights : BaseWeights
        The pretrained encoder.
    settings : Settings
        How it is tuned.
    data : TuningInputs
        On what.
    start : mapping, optional
        Name → array of a network that was tuned before, of the same encoder: its upper layers and
        heads are where the run begins. Those that are frozen are the encoder's own.
    """

    torch: Any
    weights: BaseWeights
    settings: Settings
    data: TuningInputs
    start: Mapping[str, np.ndarray] | None = None

    @property
    def learned(self) -> list[str]:
        """The names of the tensors that are tuned."""
        names = [*tensor_names(self.weights.layers), RELATIVE]
        mpnet, frozen = self.weights.kind == "mpnet", self.settings.frozen_layers
        tuned = [n for n in names if not is_frozen(n, frozen) and (mpnet or n != RELATIVE)]
        return [*tuned, *HEADS]

    @property
    def fingerprint(self) -> str:
        """Changes with anything that the result depends on."""
        state = sha256(json.dumps([self.weights.identity, asdict(self.settings)]).encode())
        state.update(json.dumps([asdict(i) for i in self.data.inputs]).encode())
        begun = [a for _, a in sorted((self.start or {}).items())]
        for numbers in (self.data.stances, *self.data.holders, *begun):
            state.update(np.ascontiguousarray(numbers, dtype="<f4").tobytes())
        return state.hexdigest()


def carry_out(
    run: TuningRun, checkpoint: Path, progress: Callable[[int, int, float], None] | None
) -> tuple[dict[str, Any], list[float]]:
    """Tune once, or go on from `checkpoint`, which is written after each epoch.

    Returns
    -------
    tuple of a dict and a list of float
        Name → tensor of all parameters, and the mean loss of each epoch.
    """
    torch, settings = run.torch, run.settings
    parameters = _parameters(run)
    groups = _groups(parameters, run)
    optimizer = torch.optim.AdamW(groups, weight_decay=settings.weight_decay)
    learned = [p for group in groups for p in group["params"]]
    highest = [group["lr"] for group in optimizer.param_groups]
    losses = _resume(run, checkpoint, parameters, optimizer)
    below = _below(run, parameters) if len(losses) < settings.epochs else []
    per_epoch = len(_batches(run, 0))
    for epoch in range(len(losses), settings.epochs):
        # Seeded for each epoch, so that a run that is taken up again draws the same numbers.
        torch.manual_seed(settings.seed * 1_000_003 + epoch)
        total = 0.0
        for number, rows in enumerate(_batches(run, epoch), start=epoch * per_epoch):
            share = _rate_share(number, settings.epochs * per_epoch, settings.warm_up)
            for group, rate in zip(optimizer.param_groups, highest, strict=True):
                group["lr"] = rate * share
            loss = _loss(run, parameters, rows, below)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learned, settings.clip)
            optimizer.step()
            total += loss.item() * len(rows)
            if progress:
                progress(number + 1, settings.epochs * per_epoch, loss.item())
        losses.append(total / len(run.data.inputs))
        state = {
            "run": run.fingerprint,
            "losses": losses,
            "parameters": {name: p.detach() for name, p in parameters.items()},
            "optimizer": optimizer.state_dict(),
        }
        with whole_file(checkpoint) as scratch:
            torch.save(state, scratch)
    return parameters, losses


def _parameters(run: TuningRun) -> dict[str, Any]:
    """The encoder's tensors and two heads, of which one at first gives each class its share."""
    torch = run.torch
    arrays = run.weights.tensors()
    arrays["head.weight"] = np.zeros((len(STANCES), run.weights.width), dtype=np.float32)
    arrays["head.bias"] = np.log(run.data.stances.mean(axis=0) + 1e-3).astype(np.float32)
    arrays["holder.weight"] = np.zeros((len(POSITIONS), run.weights.width), dtype=np.float32)
    arrays["holder.bias"] = np.full(len(POSITIONS), -4.0, dtype=np.float32)
    if run.start:
        arrays |= {name: run.start[name] for name in run.learned}
    return {name: torch.tensor(a) for name, a in arrays.items()}


def _groups(parameters: Mapping[str, Any], run: TuningRun) -> list[dict[str, Any]]:
    """The parameters that learn, with the highest rate of each layer: the lower, the slower."""
    settings = run.settings
    groups: list[dict[str, Any]] = [
        {"params": [parameters[n] for n in HEADS], "lr": settings.head_rate}
    ]
    for stem, depth in _stems(run).items():
        members = [p for name, p in parameters.items() if name.startswith(stem)]
        if members:
            rate = settings.learning_rate * settings.layer_decay**depth
            groups.append({"params": members, "lr": rate})
    for group in groups:
        for parameter in group["params"]:
            parameter.requires_grad_()
    return groups


def _stems(run: TuningRun) -> dict[str, int]:
    """What the names of the encoder's tensors that learn begin with → layers above theirs."""
    frozen, layers = run.settings.frozen_layers, run.weights.layers
    stems = {f"encoder.layer.{i}.": layers - 1 - i for i in range(frozen, layers)}
    return stems if frozen else stems | {"embeddings.": layers, "encoder.relative": layers}


def _batches(run: TuningRun, epoch: int) -> list[list[int]]:
    return batches(run.data.inputs, run.settings.batch_size, run.settings.seed, epoch)


def _rate_share(step: int, steps: int, warm_up: float) -> float:
    """The share of the highest rate at a step: up in a line, then down in a line."""
    rising = (step + 1) / max(1.0, warm_up * steps)
    return min(1.0, rising) * (1.0 - step / steps)


def _below(run: TuningRun, parameters: Mapping[str, Any]) -> list[Any]:
    """What the frozen layers make of each input, (tokens, width) in half precision."""
    torch, settings, inputs = run.torch, run.settings, run.data.inputs
    if not settings.frozen_layers:
        return []
    out: list[Any] = [None] * len(inputs)
    by_length = sorted(range(len(inputs)), key=lambda i: len(inputs[i].ids))
    for start in range(0, len(inputs), settings.batch_size):
        rows = by_length[start : start + settings.batch_size]
        arrays = padded([inputs[i] for i in rows])
        batch = {k: torch.from_numpy(v) for k, v in arrays.items()}
        with torch.autocast("cpu", torch.bfloat16, enabled=settings.bfloat16):
            states = frozen_states(
                parameters, batch, weights=run.weights, layers=settings.frozen_layers
            )
        for i, state in zip(rows, states, strict=True):
            out[i] = state[: len(inputs[i].ids)].half()
    return out


def _loss(
    run: TuningRun, parameters: Mapping[str, Any], rows: Sequence[int], below: Sequence[Any]
) -> Any:
    torch, settings = run.torch, run.settings
    inputs = padded([run.data.inputs[i] for i in rows])
    batch = {k: torch.from_numpy(v) for k, v in inputs.items()}
    known_states = None
    if below:
        # Padding is masked: what stands there does not count.
        states = [below[i].float() for i in rows]
        known_states = torch.nn.utils.rnn.pad_sequence(states, batch_first=True)
    with torch.autocast("cpu", torch.bfloat16, enabled=settings.bfloat16):
        logits, holders = torch_outputs(
            parameters,
            batch,
            weights=run.weights,
            dropout=settings.dropout,
            frozen_layers=settings.frozen_layers,
            below=known_states,
        )
    stances = torch.from_numpy(run.data.stances[list(rows)])
    loss = -(stances * logits.float().log_softmax(-1)).sum(-1).mean()
    wanted = torch.from_numpy(run.data.batch_holders(rows))
    known = wanted >= 0
    if settings.holder_share and known.any():
        found = torch.nn.functional.binary_cross_entropy_with_logits(
            holders.float()[known], wanted[known], reduction="sum"
        )
        # A sum over the tokens, not their mean: a holder is a word or two of thirty.
        loss = loss + settings.holder_share * found / len(rows)
    return loss


def _resume(
    run: TuningRun, path: Path, parameters: Mapping[str, Any], optimizer: Any
) -> list[float]:
    """Put in place the state that an interrupted run has left; the losses of its epochs."""
    if not path.is_file():
        return []
    try:
        # Tensors and plain values only: nothing in the file is run.
        state = run.torch.load(path, weights_only=True)
        same = state["run"] == run.fingerprint
    except Exception as error:  # What a damaged file raises depends on where it is damaged.
        raise ModelError(
            f"{path}: expected the state of an interrupted run, but {error}. Delete the file to "
            "begin anew."
        ) from error
    if not same:
        raise ModelError(
            f"{path}: it is of a run with other sentences or settings; expected one with these. "
            "Choose another folder, or delete the file to begin anew."
        )
    with run.torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(state["parameters"][name])
    optimizer.load_state_dict(state["optimizer"])
    return list(state["losses"])
