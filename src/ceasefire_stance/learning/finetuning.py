"""Tune a pretrained encoder to the stances: needs the extra ``finetune`` (torch).

References
----------
Wortsman, M. et al. (2022). Model soups: averaging weights of multiple fine-tuned models improves
accuracy without increasing inference time. ICML 2022, 23965-23998.
Izmailov, P. et al. (2018). Averaging weights leads to wider optima and better generalization. UAI
2018, 876-885.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from ceasefire_stance.learning.network import load_tokenizer, require_room
from ceasefire_stance.learning.stopwatch import Stopwatch
from ceasefire_stance.learning.tuned_folder import (
    tuned_information,
    tuned_tensors,
    write_tuned,
)
from ceasefire_stance.learning.tuning_inputs import tuning_inputs
from ceasefire_stance.learning.tuning_run import Settings, TuningRun, carry_out
from ceasefire_stance.learning.weights import BaseWeights, library

CHECKPOINT = "checkpoint-{seed}.pt"
"""The name of the file in which the state of an interrupted run is kept."""


def finetune(
    sentences: pd.DataFrame,
    *,
    weights: BaseWeights,
    settings: Settings,
    folder: str | Path,
    soft_labels: np.ndarray | None = None,
    progress: Callable[[int, int, float], None] | None = None,
    runs: int = 1,
    bits: int = 8,
    corpus: str = "",
    start: str | Path | None = None,
) -> list[float]:
    """Tune `weights` and two new heads, and write what `TunedClassifier` reads.

    The loss is the unweighted cross-entropy of the stances, and a share of that of the tokens that
    are a holder's words. After each epoch the state is written to `folder`; a
    run with the same arguments goes on from there and ends as if it had not been interrupted.
    Of several runs, which begin alike and see the sentences in another order, the mean of the
    weights is taken: it reads about as well as all of them together, at the price of one. With a
    `start` the runs begin where an earlier one ended, and that counts as one more of them: so a
    network learns what was added to a corpus in a pass or two, and keeps what it knew.

    Parameters
    ----------
    sentences : DataFrame
        Columns `text`, `context`, without `soft_labels` also `stance`, and `claims` where they are
        known (see `tuning_inputs`). Sentences with several stances are left out.
    weights : BaseWeights
        From `find_weights`.
    settings : Settings
        How.
    runs : int, default=1
        How many; each has the seed after that of the one before.
    folder : path
        Gets ``encoder.onnx``, ``tokenizer.json``, ``encoder.json`` and ``NOTICE``.
    soft_labels : ndarray of shape (n, 4), optional
        Probabilities to learn instead of the stances, one row for each row of `sentences`, columns
        in class order.
    progress : callable, optional
        Called after each step with the steps done, all steps of all runs, and the loss of the step.
    bits : int, default=8
        Of a weight in the graph that is written: 32, 8 or 4.
    corpus : str
        Fingerprint of what `sentences` are from, to be written down.
    start : path, optional
        Folder of a network that was tuned before, from the same `weights`, and written with 32
        bits.

    Returns
    -------
    list of float
        The mean loss of each epoch, over all runs.

    Raises
    ------
    ValueError
        If `runs` is below 1.
    DataError
        If there is no sentence, a column is missing, or `soft_labels` are not probabilities.
    ModelError
        If torch is not installed, the folder holds the state of another run, or `start` is not a
        network tuned from `weights` with 32 bits.
    """
    if runs < 1:
        raise ValueError(f"runs is {runs}; expected 1 or more. Correct it.")
    target = Path(folder)
    require_room(weights.positions, settings.context_tokens, settings.max_tokens)
    torch = library("torch", "finetune")
    data = tuning_inputs(
        sentences,
        load_tokenizer(weights.tokenizer_file),
        max_tokens=settings.max_tokens,
        context_tokens=settings.context_tokens,
        soft_labels=soft_labels,
    )
    begun = tuned_tensors(start, weights) if start else None
    before = tuned_information(start) if start else None
    seeds = range(settings.seed, settings.seed + runs)
    every = [TuningRun(torch, weights, replace(settings, seed=seed), data, begun) for seed in seeds]
    states = [target / CHECKPOINT.format(seed=seed) for seed in seeds]
    resumed = any(state.is_file() for state in states)
    ends: list[Mapping[str, np.ndarray]] = []
    losses = []
    with Stopwatch() as taken:
        for number, (run, state) in enumerate(zip(every, states, strict=True)):
            # The caller's random numbers go on as if nothing had happened.
            with torch.random.fork_rng(devices=[]):
                parameters, lost = carry_out(run, state, _of_all(progress, number, runs))
            losses.append(lost)
            ends.append({name: p.detach().numpy() for name, p in parameters.items()})
    # A run that was interrupted began before the watch did: what it took is not known.
    cost = {} if resumed else {"cost": taken.as_dict()}
    # Half of what is written has learned the mix of the start.
    priors = [data.stances.mean(axis=0), *([before["training_prior"]] if before else [])]
    information = {
        **asdict(settings),
        "runs": [run.fingerprint for run in every],
        "corpus": corpus,
        **({"start": before} if before else {}),
        **cost,
        "layers": weights.layers,
        # Sums are added up in another order with other threads: the last digits depend on it.
        "threads": torch.get_num_threads(),
        "sentences": len(data.inputs),
        "training_prior": [round(float(p), 6) for p in np.mean(priors, axis=0)],
        "losses": [[round(loss, 6) for loss in lost] for lost in losses],
        "versions": {name: version(name) for name in ("ceasefire-stance", "torch", "onnx")},
    }
    if begun:
        # What is frozen now is the encoder's own, also where the earlier run had tuned it.
        ends.append({name: begun[name] if name in every[0].learned else ends[0][name]
                     for name in ends[0]})  # fmt: skip
    arrays = {name: np.mean([end[name] for end in ends], axis=0) for name in ends[0]}
    write_tuned(target, arrays, weights, bits=bits, information=information)
    for state in states:
        state.unlink(missing_ok=True)
    return [float(loss) for loss in np.mean(losses, axis=0)]


def _of_all(
    progress: Callable[[int, int, float], None] | None, number: int, runs: int
) -> Callable[[int, int, float], None] | None:
    """The progress of one of several runs as that of all."""
    if progress is None:
        return None
    return lambda step, steps, loss: progress(number * steps + step, runs * steps, loss)
