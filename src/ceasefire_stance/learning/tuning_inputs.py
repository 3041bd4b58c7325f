"""What a network is tuned on: sentences as its inputs, the stances and the holders to learn."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.sentences import require_columns, single_stance
from ceasefire_stance.corpus.stances import POSITIONS, STANCES
from ceasefire_stance.learning.network import ModelInput, pair_input, sentence_tokens

_SOURCE = "the sentences to tune on"


@dataclass(frozen=True)
class TuningInputs:
    """All sentences of a run.

    Parameters
    ----------
    inputs : list of ModelInput
        The sentences as the network reads them.
    stances : ndarray of shape (n, 4)
        Probabilities to learn, float32, in class order.
    holders : list of ndarray of shape (tokens, 3)
        For each sentence a row a token of its input, a column a position in class order: 1 for a
        token of the words of a holder of that position, 0 for another of the sentence, -1 where
        nothing is to be learned.
    """

    inputs: list[ModelInput]
    stances: np.ndarray
    holders: list[np.ndarray]

    def batch_holders(self, rows: Sequence[int]) -> np.ndarray:
        """The holders of a batch, float32 (sentences, tokens, 3), filled up with -1."""
        longest = max(len(self.holders[i]) for i in rows)
        out = np.full((len(rows), longest, len(POSITIONS)), -1.0, dtype=np.float32)
        for row, i in enumerate(rows):
            out[row, : len(self.holders[i])] = self.holders[i]
        return out


def tuning_inputs(
    sentences: pd.DataFrame,
    tokenizer: Any,
    *,
    max_tokens: int,
    context_tokens: int,
    soft_labels: np.ndarray | None = None,
) -> TuningInputs:
    """Make the inputs and targets of a run; sentences with several stances are left out.

    Parameters
    ----------
    sentences : DataFrame
        `text`, `context`, without `soft_labels` also `stance`; where they are known `claims`, for
        each sentence its pairs of a holder's words ("" if they are not in it) and a stance.
    tokenizer
        Of `load_tokenizer`.
    max_tokens, context_tokens : int
        How much is read of the sentence and of its context.
    soft_labels : ndarray of shape (n, 4), optional
        Probabilities to learn instead of the stances.

    Raises
    ------
    DataError
        If there is no sentence, a column is missing, a stance is unknown, or `soft_labels` are not
        probabilities.
    """
    rows, stances = _labelled(sentences, soft_labels)
    inputs, holders = [], []
    known = rows["claims"] if "claims" in rows else [None] * len(rows)
    for text, context, claims in zip(rows["text"], rows["context"], known, strict=True):
        made = pair_input(tokenizer, text, context, max_tokens, context_tokens)
        inputs.append(made)
        holders.append(_holder_tokens(tokenizer, text, claims, made))
    return TuningInputs(inputs, stances, holders)


def batches(inputs: Sequence[ModelInput], size: int, seed: int, epoch: int) -> list[list[int]]:
    """The batches of an epoch: sentences of like lengths together, otherwise at random."""
    rng = np.random.default_rng([seed, epoch])
    shuffled = rng.permutation(len(inputs)).tolist()
    out: list[list[int]] = []
    for bucket in _parts(shuffled, 16 * size):
        out += _parts(sorted(bucket, key=lambda i: len(inputs[i].ids)), size)
    return [out[i] for i in rng.permutation(len(out))]


def _holder_tokens(
    tokenizer: Any, text: str, claims: Sequence[tuple[str, str]] | None, made: ModelInput
) -> np.ndarray:
    """Which tokens of an input are the words of a holder of which position."""
    out = np.full((len(made.ids), len(POSITIONS)), -1.0, dtype=np.float32)
    if claims is None:
        return out
    own = np.flatnonzero(made.pooled)
    out[own] = 0.0
    tokens = sentence_tokens(tokenizer, text)
    for holder, stance in claims:
        if not holder:
            continue
        found = re.search(rf"(?<!\w){re.escape(holder)}(?!\w)", text)
        if found is None:
            return np.full_like(out, -1.0)
        for place, (first, last) in zip(own, tokens, strict=False):
            if first < found.end() and last > found.start():
                out[place, POSITIONS.index(stance)] = 1.0
    return out


def _labelled(
    sentences: pd.DataFrame, soft_labels: np.ndarray | None
) -> tuple[pd.DataFrame, np.ndarray]:
    """The sentences that can be learned, and the probabilities to learn, float32 (n, 4)."""
    needed = ["text", "context", *(["stance"] if soft_labels is None else [])]
    require_columns(sentences, needed, _SOURCE)
    rows = single_stance(sentences.assign(row=np.arange(len(sentences))))
    if rows.empty:
        raise DataError(f"{_SOURCE}: no sentence; expected at least one. Give more.")
    if soft_labels is None:
        unknown = sorted(set(rows["stance"].astype(str)) - set(STANCES))
        if unknown:
            raise DataError(
                f"{_SOURCE}: a stance is {unknown[0]!r}; expected one of {', '.join(STANCES)}. "
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


def _parts(items: Sequence[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
