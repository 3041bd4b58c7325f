"""What every toolkit of others that we are compared with is to us.

They are heavy and no part of the locked environment; the extra ``comparison`` installs them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ceasefire_stance.corpus.stances import STANCES
from ceasefire_stance.learning.errors import ModelError


@dataclass(frozen=True)
class Fitted:
    """A trained toolkit.

    Parameters
    ----------
    predict : callable
        Sentences frame of n rows → probabilities of shape (n, 4), columns in class order.
    size_bytes : int
        What it takes on disk, a pretrained encoder included.
    """

    predict: Callable[[pd.DataFrame], np.ndarray]
    size_bytes: int


@dataclass(frozen=True)
class Toolkit:
    """One row of the comparison.

    Parameters
    ----------
    name, description : str
        As in the tables.
    libraries : tuple of str
        Distributions whose versions are published.
    fit : callable
        Training rows (`text`, `context`, `stance`), settings and seed → `Fitted`.
    settings : tuple
        What is tried, at most four; the validation split chooses.
    seeds : tuple of int
        One is enough where nothing is random.
    """

    name: str
    description: str
    libraries: tuple[str, ...]
    fit: Callable[[pd.DataFrame, Any, int], Fitted]
    settings: tuple[Any, ...]
    seeds: tuple[int, ...] = (0, 1, 2)


def toolkit_library(name: str) -> Any:
    """Import a library of the extra ``comparison``.

    Raises
    ------
    ModelError
        If it, or something that it needs, is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ModelError(
            f"expected the library {name.split('.')[0]}, to be compared with, but found none "
            f'({error}). Install it: pip install "ceasefire-stance[comparison]"'
        ) from error


def joined(frame: pd.DataFrame, settings: Any) -> list[str]:
    """The sentences as a toolkit reads them: after their context if its settings say so."""
    texts = [" ".join(str(t).split()) for t in frame["text"]]
    if not settings.context:
        return texts
    before = [" ".join(str(c).split()) for c in frame["context"]]
    return [f"{c} {settings.separator} {t}" for c, t in zip(before, texts, strict=True)]


def in_class_order(found: Sequence[dict[str, float]]) -> np.ndarray:
    """Stance → share, one mapping a sentence, as an array (n, 4) whose rows sum to 1."""
    values = np.array([[max(0.0, f.get(s, 0.0)) for s in STANCES] for f in found])
    values = values.reshape(len(found), len(STANCES))
    total = values.sum(axis=1, keepdims=True)
    even = np.full_like(values, 1 / len(STANCES))
    return np.asarray(np.divide(values, total, out=even, where=total > 0))


def folder_size(folder: Path) -> int:
    """Bytes of all files in `folder`."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
