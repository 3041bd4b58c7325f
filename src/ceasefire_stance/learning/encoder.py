"""Sentences become vectors by a pretrained transformer, without torch.

`SentenceEncoder` runs a graph with onnxruntime, and keeps nothing but settings and checksums in
itself: the network is read when it is first needed, once in a process.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ceasefire_stance.corpus.sentences import require_columns
from ceasefire_stance.learning.errors import ModelError
from ceasefire_stance.learning.network import (
    load_tokenizer,
    open_graph,
    pair_input,
    require_positive,
    require_room,
    run_graph,
    sentence_input,
)
from ceasefire_stance.learning.transformer_graph import GRAPH_VERSION, ready_graph
from ceasefire_stance.learning.vector_cache import VectorCache
from ceasefire_stance.learning.weights import (
    DEFAULT_MODEL,
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
        require_positive(self, "max_tokens", "batch_size", "threads")
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
        halves = [
            np.stack(run_graph(session, i, "vector", self.batch_size)) for i in (alone, after)
        ]
        return np.hstack(halves)


def _rounds(keys: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """A thousand sentences at a time: what is kept survives an interruption."""
    for start in range(0, len(keys), _SENTENCES_IN_A_ROUND):
        yield keys[start : start + _SENTENCES_IN_A_ROUND]
