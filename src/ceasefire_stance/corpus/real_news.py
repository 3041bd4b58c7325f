"""The real-news set: labelled sentences of published articles, to measure on and never to train.

The texts belong to their publishers and are not part of the project; the file is read from
wherever the user has it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.sentences import require_columns, sentences_from_claims
from ceasefire_stance.corpus.stances import STANCES
from ceasefire_stance.corpus.tables import read_table

STANDOFF = "real-news/dev.jsonl"
"""Where the labels without text are, in a corpus folder."""
PARTS = ("window", "enriched", "mention")
"""`window`: runs of consecutive sentences, the natural mix; the others: single sentences picked
for words of refusal and condition, or because they name a ceasefire."""


def read_real_news(path: str | Path) -> pd.DataFrame:
    """Read the real-news set, one row per sentence.

    Parameters
    ----------
    path : path
        JSONL with one row per claim: `sentence_id`, `part`, `article_id`, `text`, `context`,
        `stance`, `holder`, `actor`.

    Returns
    -------
    DataFrame
        Sentences frame with `part` and `several`.

    Raises
    ------
    DataError
        If the file is missing, unreadable, lacks a column or holds an unknown label.
    """
    claims = read_table(path)
    require_columns(
        claims,
        ["sentence_id", "part", "article_id", "text", "context", "stance", "holder", "actor"],
        str(path),
    )
    unknown = sorted(set(claims["stance"]) - set(STANCES))
    if unknown:
        raise DataError(
            f"{path}: stance is {unknown[0]!r}; expected one of {', '.join(STANCES)}. Correct it."
        )
    return sentences_from_claims(claims)


def read_standoff(folder: str | Path) -> pd.DataFrame:
    """The stand-off labels of a corpus folder, one row per claim, without text.

    Raises
    ------
    DataError
        If the corpus has none.
    """
    path = Path(folder) / STANDOFF
    if not path.is_file():
        raise DataError(
            f"{path}: no such file; expected the stand-off labels of the real-news set. Give the "
            "corpus folder that holds them with --data."
        )
    return read_table(path)


def share_found(sentences: pd.DataFrame) -> float:
    """The share of the benchmark's sentences that a rebuilt set holds; 1 for a whole one."""
    if "share_found" not in sentences or sentences.empty:
        return 1.0
    value: Any = sentences["share_found"].iloc[0]
    return 1.0 if pd.isna(value) else float(value)


def real_news_sets(sentences: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The two sets that are reported: all sentences, and the windows (the natural mix)."""
    window = sentences[sentences["part"] == "window"].reset_index(drop=True)
    return {"real_news_all": sentences, "real_news_window": window}
