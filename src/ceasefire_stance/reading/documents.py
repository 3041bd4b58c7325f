"""From files to articles."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.tables import decode


@dataclass(frozen=True)
class Article:
    """One article as it was read.

    Parameters
    ----------
    article_id : str
        Name that is unique within a run; for a file its name without the ending.
    text : str
        The body, paragraphs separated by line ends. Offsets of sentences count in this string.
    title : str
        Headline, "" if unknown.
    published : str
        ISO date of publication, "" if unknown. Never taken from the clock.
    """

    article_id: str
    text: str
    title: str = ""
    published: str = ""


def read_article(path: str | Path) -> Article:
    """Read a plain-text article in UTF-8.

    Raises
    ------
    DataError
        If the file is missing, empty or not UTF-8.
    """
    file = Path(path)
    if not file.is_file():
        raise DataError(f"{file}: no such file; expected an article. Check the path.")
    return article_from_text(decode(file.read_bytes(), str(file)), file.stem, str(file))


def article_from_text(text: str, article_id: str, source: str) -> Article:
    """An article from text already decoded; raises DataError if there is none."""
    normalised = text.replace("\r\n", "\n").replace("\r", "\n")
    if not normalised.strip():
        raise DataError(
            f"{source}: the file is empty; expected the text of an article. "
            "Check that it is the right file."
        )
    return Article(article_id, normalised)
