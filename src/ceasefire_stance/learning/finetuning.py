"""Tune a pretrained encoder to the stances: needs the extra ``finetune`` (torch)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ceasefire_stance.corpus.atomic import whole_file
from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.sentences import require_columns, single_stance
from ceasefire_stance.corpus.stances import STANCES
from ceasefire_stance.learning.network import (
    ModelInput,
    load_tokenizer,
    padded,
    pair_input,
    require_room,
)
from ceasefire_stance.learning.store import ModelError
from ceasefire_stance.learning.torch_network import torch_logits
from ceasefire_stance.learning.tuned_folder import HEAD, write_tuned
from ceasefire_stance.learning.weights import BaseWeights, library

CHECKPOINT = "checkpoint.pt"


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


@dataclass(frozen=True)
class _Run:
    """All that one run is made of."""

    torch: Any
    weights: BaseWeights
    settings: Settings
    inputs: list[ModelInput]
    targets: np.ndarray

    @property
    def fingerprint(self) -> str:
        """Changes with anything that the result depends on."""
        state = sha256(json.dumps([self.weights.identity, asdict(self.settings)]).encode())
        state.update(json.dumps([asdict(i) for i in self.inputs]).encode())
        state.update(np.ascontiguousarray(self.targets, dtype="<f4").tobytes())
        return state.hexdigest()


def finetune(
    sentences: pd.DataFrame,
    *,
    weights: BaseWeights,
    seed: int,
    epochs: int,
    learning_rate: float,
    batch_size: int,
    context_tokens: int,
    folder: str | Path,
    soft_labels: np.ndarray | None = None,
    progress: Callable[[int, int, float], None] | None = None,
    quantized: bool = True,
) -> list[float]:
    """Tune all layers of `weights` and a new classifier, and write what `TunedClassifier` reads.

    The loss is the unweighted cross-entropy. After each epoch the state is written to `folder`; a
    run with the same arguments goes on from there and ends as if it had not been interrupted.

    Parameters
    ----------
    sentences : DataFrame
        Columns `text`, `context` and, without `soft_labels`, `stance`. Sentences with several
        stances are left out.
    weights : BaseWeights
        From `find_weights`.
    seed, epochs, learning_rate, batch_size, context_tokens
        As for `Settings`.
    folder : path
        Gets ``encoder.onnx``, ``tokenizer.json``, ``encoder.json`` and ``NOTICE``.
    soft_labels : ndarray of shape (n, 4), optional
        Probabilities to learn instead of the stances, one row for each row of `sentences`, columns
        in class order.
    progress : callable, optional
        Called after each step with the steps done, all steps, and the loss of the step.
    quantized : bool, default=True
        Whether the graph is written in int8.

    Returns
    -------
    list of float
        The mean loss of each epoch.

    Raises
    ------
    DataError
        If there is no sentence, a column is missing, or `soft_labels` are not probabilities.
    ModelError
        If torch is not installed, or the folder holds the state of another run.
    """
    settings = Settings(seed, epochs, learning_rate, batch_size, context_tokens)
    target = Path(folder)
    require_room(weights.positions, context_tokens, settings.max_tokens)
    torch = library("torch", "finetune")
    rows, targets = _labelled(sentences, soft_labels)
    tokenizer = load_tokenizer(weights.tokenizer_file)
    inputs = [
        pair_input(tokenizer, text, context, settings.max_tokens, context_tokens)
        for text, context in zip(rows["text"], rows["context"], strict=True)
    ]
    run = _Run(torch, weights, settings, inputs, targets)
    # The caller's random numbers go on as if nothing had happened.
    with torch.random.fork_rng(devices=[]):
        parameters, losses = _trained(run, target / CHECKPOINT, progress)
    arrays = {name: p.detach().numpy() for name, p in parameters.items()}
    information = {
        **asdict(settings),
        "run": run.fingerprint,
        # Sums are added up in another order with other threads: the last digits depend on it.
        "threads": torch.get_num_threads(),
        "sentences": len(inputs),
        "losses": [round(loss, 6) for loss in losses],
        "versions": {name: version(name) for name in ("ceasefire-stance", "torch", "onnx")},
    }
    write_tuned(target, arrays, weights, quantized=quantized, information=information)
    (target / CHECKPOINT).unlink(missing_ok=True)
    return losses


def _labelled(
    sentences: pd.DataFrame, soft_labels: np.ndarray | None
) -> tuple[pd.DataFrame, np.ndarray]:
    """The sentences that can be learned, and the probabilities to learn, float32 (n, 4)."""
    source = "the sentences to tune on"
    needed = ["text", "context", *(["stance"] if soft_labels is None else [])]
    require_columns(sentences, needed, source)
    rows = single_stance(sentences.assign(row=np.arange(len(sentences))))
    if rows.empty:
        raise DataError(f"{source}: no sentence; expected at least one. Give more.")
    if soft_labels is None:
        unknown = sorted(set(rows["stance"].astype(str)) - set(STANCES))
        if unknown:
            raise DataError(
                f"{source}: a stance is {unknown[0]!r}; expected one of {', '.join(STANCES)}. "
                "Correct it."
            )
        hard = [[stance == s for s in STANCES] for stance in rows["stance"].astype(str)]
        return rows, np.array(hard, dtype=np.float32)
    soft = np.asarray(soft_labels, dtype=np.float32)
    fits = soft.shape == (len(sentences), len(STANCES))
    if not fits or soft.min() < 0 or not np.allclose(soft.sum(axis=1), 1, atol=1e-3):
        raise DataError(
            f"soft_labels: expected {len(sentences)} rows of {len(STANCES)} probabilities that sum "
            f"to 1; found {'other numbers' if fits else f'the shape {soft.shape}'}. Correct them."
        )
    return rows, soft[rows["row"].to_numpy()]


def _trained(
    run: _Run, checkpoint: Path, progress: Callable[[int, int, float], None] | None
) -> tuple[dict[str, Any], list[float]]:
    torch, settings = run.torch, run.settings
    parameters = _parameters(run)
    groups = _groups(parameters, run)
    optimizer = torch.optim.AdamW(groups, weight_decay=settings.weight_decay)
    highest = [group["lr"] for group in optimizer.param_groups]
    losses = _resume(run, checkpoint, parameters, optimizer)
    per_epoch = len(_order(run, 0))
    for epoch in range(len(losses), settings.epochs):
        # Seeded for each epoch, so that a run that is taken up again draws the same numbers.
        torch.manual_seed(settings.seed * 1_000_003 + epoch)
        total = 0.0
        for number, rows in enumerate(_order(run, epoch), start=epoch * per_epoch):
            share = _rate_share(number, settings.epochs * per_epoch, settings.warm_up)
            for group, rate in zip(optimizer.param_groups, highest, strict=True):
                group["lr"] = rate * share
            loss = _loss(run, parameters, rows)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(list(parameters.values()), settings.clip)
            optimizer.step()
            total += loss.item() * len(rows)
            if progress:
                progress(number + 1, settings.epochs * per_epoch, loss.item())
        losses.append(total / len(run.inputs))
        state = {
            "run": run.fingerprint,
            "losses": losses,
            "parameters": {name: p.detach() for name, p in parameters.items()},
            "optimizer": optimizer.state_dict(),
        }
        with whole_file(checkpoint) as scratch:
            torch.save(state, scratch)
    return parameters, losses


def _parameters(run: _Run) -> dict[str, Any]:
    """The encoder's tensors and a head that at first gives each class its share."""
    torch = run.torch
    arrays = run.weights.tensors()
    arrays[HEAD[0]] = np.zeros((len(STANCES), run.weights.width), dtype=np.float32)
    arrays[HEAD[1]] = np.log(run.targets.mean(axis=0) + 1e-3).astype(np.float32)
    return {name: torch.tensor(a).requires_grad_() for name, a in arrays.items()}


def _groups(parameters: Mapping[str, Any], run: _Run) -> list[dict[str, Any]]:
    """The parameters with the highest rate of each layer: the lower, the slower."""
    settings, layers = run.settings, run.weights.layers
    rates = {f"encoder.layer.{i}.": layers - 1 - i for i in range(layers)} | {"embeddings.": layers}
    groups = [{"params": [parameters[n] for n in HEAD], "lr": settings.head_rate}]
    for stem, depth in rates.items():
        members = [p for name, p in parameters.items() if name.startswith(stem)]
        rate = settings.learning_rate * settings.layer_decay**depth
        groups.append({"params": members, "lr": rate})
    return groups


def _order(run: _Run, epoch: int) -> list[list[int]]:
    """The batches of an epoch: sentences of like lengths together, otherwise at random."""
    size = run.settings.batch_size
    rng = np.random.default_rng([run.settings.seed, epoch])
    shuffled = rng.permutation(len(run.inputs)).tolist()
    batches: list[list[int]] = []
    for bucket in _parts(shuffled, 16 * size):
        batches += _parts(sorted(bucket, key=lambda i: len(run.inputs[i].ids)), size)
    return [batches[i] for i in rng.permutation(len(batches))]


def _parts(items: Sequence[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


def _rate_share(step: int, steps: int, warm_up: float) -> float:
    """The share of the highest rate at a step: up in a line, then down in a line."""
    rising = (step + 1) / max(1.0, warm_up * steps)
    return min(1.0, rising) * (1.0 - step / steps)


def _loss(run: _Run, parameters: Mapping[str, Any], rows: Sequence[int]) -> Any:
    torch = run.torch
    batch = {k: torch.from_numpy(v) for k, v in padded([run.inputs[i] for i in rows]).items()}
    logits = torch_logits(parameters, batch, weights=run.weights, dropout=run.settings.dropout)
    targets = torch.from_numpy(run.targets[list(rows)])
    return -(targets * logits.log_softmax(-1)).sum(-1).mean()


def _resume(run: _Run, path: Path, parameters: Mapping[str, Any], optimizer: Any) -> list[float]:
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
