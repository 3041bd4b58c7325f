"""Tune a pretrained encoder on the corpus: the longest run of all, hence not part of the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.manifest import corpus_fingerprint, load_corpus, read_claims
from ceasefire_stance.corpus.stances import STANCES, Stance
from ceasefire_stance.learning.finetuning import finetune
from ceasefire_stance.learning.soups import average_networks
from ceasefire_stance.learning.tuned import TunedClassifier
from ceasefire_stance.learning.tuning_run import Settings
from ceasefire_stance.learning.weights import BaseWeights, find_weights


def tune_network(
    corpus: str | Path,
    folder: str | Path,
    tuning: Mapping[str, Any],
    *,
    teachers: Sequence[str | Path] = (),
    start: str | Path | None = None,
    progress: Callable[[int, int, float], None] | None = None,
) -> list[float]:
    """Tune an encoder on the training split of `corpus` and write its folder.

    Parameters
    ----------
    corpus : path
        Corpus folder.
    folder : path
        Gets ``encoder.onnx``, ``tokenizer.json``, ``encoder.json`` and ``NOTICE``. An interrupted
        run goes on from what it left there.
    tuning : mapping
        `weights` (what `find_weights` is asked for), `layers` (the lowest of them that are kept; 0
        for all), `runs` (whose weights are averaged), `bits` (of a weight in the file: 32, 8 or
        4), `writers` (whose sentences are learned; all if left out), and the parameters of
        `Settings`.
    teachers : sequence of path
        Folders of tuned networks. The mean of their probabilities and the label is learned instead
        of the label alone.
    start, progress
        As for `finetune`.

    Returns
    -------
    list of float
        The mean loss of each epoch.

    Raises
    ------
    DataError
        If a setting is unknown or missing, or the corpus has no training sentences.
    ModelError
        If weights, torch or a teacher are missing.
    """
    chosen = dict(tuning)
    try:
        weights = _taken_from(chosen)
        bits, runs = int(chosen.pop("bits", 8)), int(chosen.pop("runs", 1))
        writers = [str(writer) for writer in chosen.pop("writers", ())]
        settings = Settings(**chosen)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"[tuning] in experiments.toml: {error}; expected weights, layers, runs, bits, writers "
            "and the parameters of learning.tuning_run.Settings. Correct the section."
        ) from error
    sentences = load_corpus(corpus)
    rows = sentences[sentences["split"] == "train"]
    if writers:
        rows = rows[rows["writer"].isin(writers)]
    rows = rows.reset_index(drop=True)
    claims = claims_of(rows, read_claims(corpus))
    labels = stance_targets(rows, claims)
    return finetune(
        # Not `several`: those whose holders differ have labels of their own, and are not left out.
        rows.assign(claims=pd.Series(claims, dtype=object), several=False),
        weights=weights,
        settings=settings,
        folder=folder,
        soft_labels=taught(rows, labels, teachers) if teachers else labels,
        progress=progress,
        runs=runs,
        bits=bits,
        corpus=corpus_fingerprint(corpus),
        start=start,
    )


def average_tuned(
    networks: Sequence[str | Path], folder: str | Path, tuning: Mapping[str, Any]
) -> None:
    """Write the mean of several networks, tuned from the weights that `tuning` names.

    Raises
    ------
    DataError
        If a setting is missing.
    ModelError
        If weights are missing, or the networks were not tuned alike; see `average_networks`.
    """
    try:
        weights = _taken_from(dict(tuning))
        bits = int(tuning.get("bits", 8))
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"[tuning] in experiments.toml: {error}; expected weights, layers and bits. Correct "
            "the section."
        ) from error
    average_networks(networks, folder, weights=weights, bits=bits)


def _taken_from(tuning: dict[str, Any]) -> BaseWeights:
    """What `weights` and `layers` name; both are taken out of `tuning`."""
    weights = find_weights(str(tuning.pop("weights")))
    return weights.lowest(int(tuning.pop("layers", 0)) or weights.layers)


def claims_of(rows: pd.DataFrame, claims: pd.DataFrame) -> list[list[tuple[str, str]]]:
    """For each sentence of `rows` the holder's words and the stance of each of its claims."""
    out: dict[str, list[tuple[str, str]]] = {str(key): [] for key in rows["sentence_id"]}
    made = claims[claims["stance"] != Stance.NONE]
    for key, holder, stance in zip(
        made["sentence_id"], made["holder"], made["stance"], strict=True
    ):
        if key in out:
            out[key].append((str(holder), str(stance)))
    return [out[str(key)] for key in rows["sentence_id"]]


def stance_targets(rows: pd.DataFrame, claims: Sequence[Sequence[tuple[str, str]]]) -> np.ndarray:
    """The labels to learn, float (n, 4) in class order, from sentences and their `claims_of`.

    A sentence of one stance is 1 for it. One in which holders differ has equal parts of theirs:
    what it says of them is the second task, and there it teaches most.
    """
    out = (rows["stance"].to_numpy()[:, None] == np.array(STANCES)[None, :]).astype(float)
    for k, found in enumerate(claims):
        if len({stance for _, stance in found}) > 1:
            held = [any(stance == s for _, s in found) for stance in STANCES]
            out[k] = np.array(held) / sum(held)
    return out


def taught(rows: pd.DataFrame, labels: np.ndarray, teachers: Sequence[str | Path]) -> np.ndarray:
    """The mean of the labels and of what teachers say, float (n, 4), columns in class order.

    Half of it is the label: teachers were trained on the same sentences, and know the labels well.
    """
    voices = [TunedClassifier(str(teacher)).fit() for teacher in teachers]
    said = np.mean([voice.predict_proba(rows) for voice in voices], axis=0)
    return np.asarray((said + labels) / 2)
