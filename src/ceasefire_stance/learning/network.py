"""Running a transformer: sentences become its inputs, batches of like length go through it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ceasefire_stance.learning.errors import ModelError
from ceasefire_stance.learning.transformer_graph import INPUTS
from ceasefire_stance.learning.weights import digest, library

# Padding is computed for nothing, and a batch should stay in the processor's own memory.
_TOKENS_IN_A_BATCH = 768


@dataclass(frozen=True)
class ModelInput:
    """One sentence as the network reads it: token ids, segment of each, and which are pooled."""

    ids: tuple[int, ...]
    segments: tuple[int, ...]
    pooled: tuple[int, ...]


def load_tokenizer(path: str | Path) -> Any:
    """The tokenizer of a ``tokenizer.json``, without the padding and cutting it may ask for."""
    try:
        tokenizer = library("tokenizers").Tokenizer.from_file(str(path))
    except ModelError:
        raise
    except Exception as error:  # The library raises nothing more particular.
        raise ModelError(
            f"{path}: expected a tokenizer in JSON, but {error}. Restore the file."
        ) from error
    if None in _marks(tokenizer):
        raise ModelError(
            f"{path}: expected the tokens [CLS] and [SEP] of a BERT, or <s> and </s>, which are "
            "not in it. Give the tokenizer that belongs to the weights."
        )
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _marks(tokenizer: Any) -> tuple[Any, Any]:
    """The tokens at the beginning and at the end: BERT's, else those of RoBERTa and MPNet."""
    for begin, end in (("[CLS]", "[SEP]"), ("<s>", "</s>")):
        if tokenizer.token_to_id(begin) is not None:
            return tokenizer.token_to_id(begin), tokenizer.token_to_id(end)
    return None, None


def sentence_input(tokenizer: Any, text: str, max_tokens: int) -> ModelInput:
    """``[CLS] sentence [SEP]``, all of it pooled, as the encoder was trained."""
    sentence = tokenizer.encode(text, add_special_tokens=False).ids[:max_tokens]
    begin, end = _marks(tokenizer)
    ids = (begin, *sentence, end)
    return ModelInput(ids, (0,) * len(ids), (1,) * len(ids))


def pair_input(
    tokenizer: Any, text: str, context: str, max_tokens: int, context_tokens: int
) -> ModelInput:
    """``[CLS] context [SEP] sentence [SEP]``, of which the sentence's own tokens are pooled.

    Of the sentence the first `max_tokens` are read, of the context the last `context_tokens`.
    """
    sentence = tokenizer.encode(text, add_special_tokens=False).ids[:max_tokens]
    before: list[int] = []
    if context_tokens and context:
        before = tokenizer.encode(context, add_special_tokens=False).ids[-context_tokens:]
    begin, separator = _marks(tokenizer)
    ids = (begin, *before, separator, *sentence, separator)
    first = len(before) + 2
    return ModelInput(
        ids,
        (0,) * first + (1,) * (len(sentence) + 1),
        (0,) * first + (1,) * len(sentence) + (0,),
    )


def sentence_tokens(tokenizer: Any, text: str) -> list[tuple[int, int]]:
    """Where in `text` each token of the sentence stands: start and end offset in characters."""
    offsets = tokenizer.encode(text, add_special_tokens=False).offsets
    return [(int(start), int(end)) for start, end in offsets]


def require_room(positions: int, context_tokens: int, max_tokens: int) -> None:
    """Raise ValueError unless so much of a context and a sentence fits into the network."""
    if context_tokens < 0 or context_tokens + max_tokens + 3 > positions:
        raise ValueError(
            f"context_tokens is {context_tokens!r} and max_tokens {max_tokens!r}; expected 0 or "
            f"more, and together at most {positions - 3}. Change them."
        )


def padded(inputs: Sequence[ModelInput]) -> dict[str, np.ndarray]:
    """The network's four inputs for a batch, filled up with zeros to its longest sentence."""
    longest = max(len(i.ids) for i in inputs)
    arrays = np.zeros((len(INPUTS), len(inputs), longest), dtype=np.int64)
    for row, item in enumerate(inputs):
        size = len(item.ids)
        for table, values in zip(
            arrays, (item.ids, item.segments, (1,) * size, item.pooled), strict=True
        ):
            table[row, :size] = values
    return dict(zip(INPUTS, arrays, strict=True))


def run_graph(
    session: Any, inputs: Sequence[ModelInput], output: str, batch_size: int
) -> list[np.ndarray]:
    """One output of the network for each input, float32, in the order of `inputs`.

    An output with a number a token is as long as the longest input of its batch.
    """
    rows: list[np.ndarray] = [np.empty(0, dtype=np.float32)] * len(inputs)
    for batch in _batches([len(i.ids) for i in inputs], batch_size):
        values = session.run([output], padded([inputs[i] for i in batch]))[0]
        for i, value in zip(batch, values, strict=True):
            rows[i] = value
    return rows


def _batches(lengths: Sequence[int], batch_size: int) -> Iterator[list[int]]:
    """Positions of inputs of like lengths, short ones first."""
    batch: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        full = len(batch) == batch_size or (len(batch) + 1) * lengths[i] > _TOKENS_IN_A_BATCH
        if batch and full:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def open_graph(path: Path, threads: int) -> Any:
    """A session of onnxruntime for the graph in `path`; the same one if the file is the same."""
    return _session(str(path), digest(path), threads)


def onnx_runtime() -> Any:
    """The library onnxruntime, kept from reporting to its makers.

    Its official builds send events about models and machine, and leave an identifier in the user's
    cache folder, unless they are told not to before they start.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    runtime = library("onnxruntime")
    # What is to be called on systems where the variable does not count.
    runtime.disable_telemetry_events()
    return runtime


@lru_cache(maxsize=4)
def _session(path: str, checksum: str, threads: int) -> Any:
    runtime = onnx_runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = 3
    try:
        return runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # The runtime's errors have no common type but this.
        raise ModelError(
            f"{path}: expected a graph that onnxruntime {runtime.__version__} can run, but "
            f"{error}. Install the version of requirements.lock or make the file again."
        ) from error


def require_positive(estimator: object, *names: str) -> None:
    """Raise ValueError unless these parameters of an estimator are above 0."""
    for name in names:
        value = getattr(estimator, name)
        if not value > 0:
            raise ValueError(f"{name} is {value!r}; expected a number above 0. Correct it.")
