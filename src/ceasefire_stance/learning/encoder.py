"""Sentences become vectors or stances by a transformer, without torch.

`SentenceEncoder` gives the vectors of a pretrained encoder; `TunedClassifier` gives the stances of
one that was tuned to the task (`ceasefire_stance.learning.finetuning`). Both run a graph with
onnxruntime, and keep nothing but their settings and checksums in themselves: the network is read
when it is first needed, once in a process.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ceasefire_stance.corpus.sentences import require_columns
from ceasefire_stance.corpus.stances import STANCES
from ceasefire_stance.learning.network import (
    load_tokenizer,
    open_graph,
    pair_input,
    require_room,
    run_graph,
    sentence_input,
)
from ceasefire_stance.learning.store import ModelError
from ceasefire_stance.learning.transformer_graph import GRAPH_VERSION, ready_graph
from ceasefire_stance.learning.tuned_folder import TUNED_FILE, tuned_information
from ceasefire_stance.learning.vector_cache import VectorCache
from ceasefire_stance.learning.weights import (
    DEFAULT_MODEL,
    TOKENIZER_FILE,
    BaseWeights,
    find_weights,
)

_SENTENCES_IN_A_ROUND = 1024


class SentenceEncoder(TransformerMixin, BaseEstimator):
    """Turn sentences into vectors of a pretrained encoder.

    The first half of a vector is that of the sentence alone, the mean over all its tokens; the
    second half is the mean over the sentence's own tokens after the encoder has read the end of
    the context before it. Neither is scaled to length one.

    Parameters
    ----------
    model : str, default="all-MiniLM-L6-v2"
        What `find_weights` is asked for: a name or a folder.
    context_tokens, max_tokens : int, default=64, 110
        How much is read: the last tokens of the context, the first of the sentence.
    quantized : bool, default=True
        Whether the network runs in int8.
    cache : str or None, default=None
        A folder that vectors are kept in; None keeps none. The network's graph is kept there too,
        and without it in the user's cache folder.
    batch_size : int, default=32
        The most sentences that are computed together. Changes speed, not vectors.
    threads : int, default=1
        Threads of onnxruntime.

    Attributes
    ----------
    weights_ : str
        The identity of weights and tokenizer at fitting; no others are used afterwards.
    width_ : int
        Numbers in each half of a vector.
    """

    def __init__(
        self,
        model: str = DEFAULT_MODEL,
        context_tokens: int = 64,
        max_tokens: int = 110,
        quantized: bool = True,
        cache: str | None = None,
        batch_size: int = 32,
        threads: int = 1,
    ) -> None:
        self.model = model
        self.context_tokens = context_tokens
        self.max_tokens = max_tokens
        self.quantized = quantized
        self.cache = cache
        self.batch_size = batch_size
        self.threads = threads

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:
        """Find the weights and note which they are; nothing is learned from `X`.

        Raises
        ------
        ModelError
            If the weights are missing or not the published ones.
        ValueError
            If a number is out of range.
        """
        weights = find_weights(str(self.model))
        _require_positive(self, "max_tokens", "batch_size", "threads")
        require_room(weights.positions, self.context_tokens, self.max_tokens)
        self.weights_ = weights.identity
        self.width_ = weights.width
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        """Vectors of sentences `X` (columns `text`, `context`): float32 (n, 2 * `width_`).

        Raises
        ------
        DataError
            If a column is missing.
        ModelError
            If the weights are missing, or others than at fitting.
        """
        check_is_fitted(self)
        require_columns(X, ["text", "context"], "the sentences to encode")
        weights = find_weights(str(self.model))
        if weights.identity != self.weights_:
            raise ModelError(
                f"{self.model}: expected the weights {self.weights_[:12]}… that the model was "
                f"fitted with, found {weights.identity[:12]}…. Restore them or fit again."
            )
        pairs = list(zip(X["text"], X["context"], strict=True))
        keys = [self._key(text, context) for text, context in pairs]
        kept = VectorCache(self.cache, 2 * self.width_) if self.cache is not None else None
        vectors = kept.read(keys) if kept else {}
        missing = {k: pair for k, pair in zip(keys, pairs, strict=True) if k not in vectors}
        for batch in _rounds(list(missing)):
            made = self._encode(weights, [missing[k] for k in batch])
            fresh = dict(zip(batch, made, strict=True))
            vectors |= fresh
            if kept:
                kept.write(fresh)
        out = np.empty((len(keys), 2 * self.width_), dtype=np.float32)
        for row, key in enumerate(keys):
            out[row] = vectors[key]
        return out

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """The names of the output columns: ``sentence 0``, …, ``in context 0``, …."""
        check_is_fitted(self)
        parts = ("sentence", "in context")
        return np.array([f"{p} {i}" for p in parts for i in range(self.width_)], dtype=object)

    def _key(self, text: str, context: str) -> bytes:
        settings = [GRAPH_VERSION, bool(self.quantized), self.context_tokens, self.max_tokens]
        # JSON keeps apart what mere joining would not: "a", "bc" and "ab", "c".
        content = json.dumps([self.weights_, *settings, text, context])
        return sha256(content.encode()).digest()

    def _encode(self, weights: BaseWeights, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        path = ready_graph(weights, quantized=self.quantized, cache=self.cache)
        session = open_graph(path, self.threads)
        tokenizer = load_tokenizer(weights.tokenizer_file)
        size, before = self.max_tokens, self.context_tokens
        alone = [sentence_input(tokenizer, text, size) for text, _ in pairs]
        after = [pair_input(tokenizer, text, context, size, before) for text, context in pairs]
        halves = [run_graph(session, i, "vector", self.batch_size) for i in (alone, after)]
        return np.hstack(halves)


class TunedClassifier(ClassifierMixin, BaseEstimator):
    """Give the stances of a network that was tuned to the task.

    Parameters
    ----------
    folder : str
        Holds ``encoder.onnx``, ``tokenizer.json`` and ``encoder.json``.
    temperature : float, default=1.0
        What the logits are divided by: above 1 makes the probabilities less sure.
    batch_size, threads : int, default=32, 1
        As for `SentenceEncoder`.

    Attributes
    ----------
    classes_ : ndarray of shape (4,)
        The stances, alphabetical.
    network_ : str
        The SHA-256 of the network at fitting; no other is used afterwards.
    """

    def __init__(
        self, folder: str, temperature: float = 1.0, batch_size: int = 32, threads: int = 1
    ) -> None:
        self.folder = folder
        self.temperature = temperature
        self.batch_size = batch_size
        self.threads = threads

    def fit(self, X: object = None, y: object = None) -> Self:
        """Check the folder and take the classes from it; training is done elsewhere.

        Raises
        ------
        ModelError
            If a file is missing or altered, or gives other classes than the four stances.
        ValueError
            If a number is out of range.
        """
        _require_positive(self, "temperature", "batch_size", "threads")
        self.network_ = str(tuned_information(self.folder)["sha256"])
        self.classes_ = np.array(STANCES)
        return self

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Probabilities of shape (n, 4) of sentences `X` (columns `text`, `context`)."""
        check_is_fitted(self)
        scaled = self.decision_function(X) / self.temperature
        raised = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """The most probable stance of each sentence."""
        check_is_fitted(self)
        return np.asarray(self.classes_[self.decision_function(X).argmax(axis=1)])

    def decision_function(self, X: pd.DataFrame) -> np.ndarray:
        """The network's logits, float64 (n, 4), before the temperature."""
        check_is_fitted(self)
        require_columns(X, ["text", "context"], "the sentences to classify")
        root = Path(self.folder)
        info = tuned_information(root)
        if info["sha256"] != self.network_:
            raise ModelError(
                f"{root}: expected the network {self.network_[:12]}… that the model was fitted "
                f"with, found {str(info['sha256'])[:12]}…. Restore it or fit again."
            )
        if not len(X):
            return np.empty((0, len(STANCES)))
        session = open_graph(root / TUNED_FILE, self.threads)
        tokenizer = load_tokenizer(root / TOKENIZER_FILE)
        inputs = [
            pair_input(tokenizer, text, context, info["max_tokens"], info["context_tokens"])
            for text, context in zip(X["text"], X["context"], strict=True)
        ]
        return run_graph(session, inputs, "logits", self.batch_size).astype(float)


def _require_positive(estimator: BaseEstimator, *names: str) -> None:
    for name in names:
        value = getattr(estimator, name)
        if not value > 0:
            raise ValueError(f"{name} is {value!r}; expected a number above 0. Correct it.")


def _rounds(keys: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """A thousand sentences at a time: what is kept survives an interruption."""
    for start in range(0, len(keys), _SENTENCES_IN_A_ROUND):
        yield keys[start : start + _SENTENCES_IN_A_ROUND]
