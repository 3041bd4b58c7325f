"""Labelled sentences: what one is, whether a file is valid, which split it is in.

- ``STANCES``, ``POSITIONS``, ``Stance``: the four stances and the three that are positions.
- ``DataError``: raised for every input that cannot be used.
- ``read_table``, ``write_table``: tables in and out, without guessing at missing values.
- ``complete``: a user's table made into a valid sentences frame.
- ``load_corpus``, ``read_claims``, ``save_corpus``: the project's corpus, with its checksums.
- ``assign_splits``, ``near_duplicates``: splits by article, and the check that they are apart.
- ``corpus_statistics``: what a corpus holds, in numbers.
"""

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.manifest import load_corpus, read_claims, save_corpus
from ceasefire_stance.corpus.sentences import complete, single_stance
from ceasefire_stance.corpus.splits import assign_splits, near_duplicates
from ceasefire_stance.corpus.stances import POSITIONS, STANCES, Stance
from ceasefire_stance.corpus.statistics import corpus_statistics
from ceasefire_stance.corpus.tables import read_table, write_table

__all__ = [
    "POSITIONS",
    "STANCES",
    "DataError",
    "Stance",
    "assign_splits",
    "complete",
    "corpus_statistics",
    "load_corpus",
    "near_duplicates",
    "read_claims",
    "read_table",
    "save_corpus",
    "single_stance",
    "write_table",
]
