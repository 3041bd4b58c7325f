"""How often the real-news set was looked at: every configuration scored on it is counted."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from ceasefire_stance.corpus.atomic import write_text
from ceasefire_stance.corpus.tables import read_table, render_table

LOOKS_FILE = "looks.csv"
COLUMNS = ("corpus", "what", "configurations")


def read_looks(folder: Path) -> pd.DataFrame:
    """The record: the corpus trained on, what was scored, and how many configurations of it."""
    path = folder / LOOKS_FILE
    if not path.is_file():
        return pd.DataFrame(columns=list(COLUMNS))
    looks = read_table(path)
    return looks.assign(configurations=looks["configurations"].astype(int))


def count_looks(looks: pd.DataFrame) -> int:
    """How many configurations were ever scored on the real-news set."""
    return int(looks["configurations"].sum())


def add_looks(folder: Path, corpus: str, done: Iterable[tuple[str, int]]) -> None:
    """Write down what was scored; what the record has already is not counted twice.

    Parameters
    ----------
    folder : Path
        Of the leaderboard.
    corpus : str
        Fingerprint of the corpus trained on.
    done : iterable of (str, int)
        What was scored, and how many configurations of it.
    """
    looks = read_looks(folder)
    known = set(zip(looks["corpus"], looks["what"], strict=True))
    fresh = [(corpus, what, n) for what, n in done if (corpus, what) not in known]
    if fresh:
        rows = [*looks.itertuples(index=False, name=None), *fresh]
        write_text(
            folder / LOOKS_FILE, render_table(pd.DataFrame(rows, columns=list(COLUMNS)), ".csv")
        )
