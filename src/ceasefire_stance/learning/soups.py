"""The mean of several tuned networks: it reads about as well as all of them together.

References
----------
Wortsman, M. et al. (2022). Model soups: averaging weights of multiple fine-tuned models improves
accuracy without increasing inference time. ICML 2022, 23965-23998.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from ceasefire_stance.learning.errors import ModelError
from ceasefire_stance.learning.tuned_folder import (
    is_frozen,
    tuned_information,
    tuned_tensors,
    write_tuned,
)
from ceasefire_stance.learning.weights import BaseWeights

ALIKE = (
    "context_tokens", "max_tokens", "frozen_layers", "layers", "corpus", "sentences", "epochs",
)  # fmt: skip
"""What networks must have in common: what they read, what of them was tuned, on what, how long."""
_OWN = frozenset(
    {"format", "classes", "sha256", "tokenizer_sha256", "bits", "base", "runs", "training_prior",
     "losses", "cost", "start", "averaged", "seed", "versions", "threads"}
)  # fmt: skip


def average_networks(
    networks: Sequence[str | Path], folder: str | Path, *, weights: BaseWeights, bits: int = 8
) -> None:
    """Write the mean of networks that were tuned alike, with other seeds.

    Each counts as often as it has runs. Layers that were not tuned are taken from `weights`, so
    that what rounding has done to them is not kept. Rounded networks can be averaged too: the mean
    is rounded once more.

    Parameters
    ----------
    networks : sequence of path
        Two or more folders that `finetune` has written.
    folder : path
        Gets ``encoder.onnx``, ``tokenizer.json``, ``encoder.json`` and ``NOTICE``.
    weights : BaseWeights
        What all of them were tuned from.
    bits : int, default=8
        Of a weight in the graph that is written: 32, 8 or 4.

    Raises
    ------
    ModelError
        If there are fewer than two, one was tuned from other weights or went on from another
        network, a run is in two of them, or they differ in one of `ALIKE`.
    """
    told = [tuned_information(network) for network in networks]
    _require_alike(networks, told)
    counts = [len(info["runs"]) for info in told]
    every = [tuned_tensors(network, weights, rounded=True) for network in networks]
    own = weights.tensors()
    frozen = int(told[0]["frozen_layers"])
    arrays = {
        name: own[name]
        if name in own and is_frozen(name, frozen)
        else _mean([tensors[name] for tensors in every], counts)
        for name in every[0]
    }
    # What the folder's form or one run decides is written anew; the rest is said where all agree.
    common = {
        name: value
        for name, value in told[0].items()
        if name not in _OWN and all(info.get(name) == value for info in told)
    }
    information: dict[str, Any] = {
        **common,
        "runs": [run for info in told for run in info["runs"]],
        "training_prior": [
            round(float(p), 6) for p in _mean([info["training_prior"] for info in told], counts)
        ],
        "averaged": told,
        "versions": {name: version(name) for name in ("ceasefire-stance", "onnx")},
    }
    write_tuned(Path(folder), arrays, weights, bits=bits, information=information)


def _mean(arrays: Sequence[Any], counts: Sequence[int]) -> np.ndarray:
    return np.average(np.asarray(arrays, dtype=np.float32), axis=0, weights=counts).astype(
        np.float32
    )


def _require_alike(networks: Sequence[str | Path], told: Sequence[Mapping[str, Any]]) -> None:
    if len(networks) < 2:
        raise ModelError(
            f"{len(networks)} network is given; expected two or more, tuned with other seeds. Tune "
            "another one."
        )
    for network, info in zip(networks, told, strict=True):
        if info.get("start"):
            raise ModelError(
                f"{network}: it went on from another network; expected one that was tuned from the "
                "pretrained weights, so that it counts once. Average others."
            )
        for name in ALIKE:
            if info.get(name) != told[0].get(name):
                raise ModelError(
                    f"{network}: {name} is {info.get(name)!r}; expected {told[0].get(name)!r}, as "
                    f"in {networks[0]}. Average networks that were tuned alike."
                )
    runs = [run for info in told for run in info["runs"]]
    if len(set(runs)) < len(runs):
        raise ModelError(
            f"{', '.join(map(str, networks))}: found the same run twice; expected each once. Tune "
            "with another --seed."
        )
