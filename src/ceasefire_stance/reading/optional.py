"""Libraries that only some kinds of articles need."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ceasefire_stance.corpus.errors import DataError


def optional_module(name: str, source: str) -> Any:
    """Import a library of the extra ``documents``.

    Parameters
    ----------
    name : str
        The module.
    source : str
        The file that needs it, for the message.

    Raises
    ------
    DataError
        If it, or something that it needs, is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise DataError(
            f"{source}: expected the library {name.split('.')[0]} to read this kind of file, but "
            f'found none ({error}). Install it: pip install "ceasefire-stance[documents]"'
        ) from error


@contextmanager
def quiet(logger: str) -> Iterator[None]:
    """Keep the warnings of a library off the terminal: what matters is raised as an error."""
    log = logging.getLogger(logger)
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)
