"""One article as it was read."""

from __future__ import annotations

from dataclasses import dataclass

from ceasefire_stance.corpus.errors import DataError


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
        ISO date of publication (YYYY-MM-DD), "" if unknown. From metadata, never from the clock.
    outlet : str
        Newspaper, agency or site, "" if unknown.
    """

    article_id: str
    text: str
    title: str = ""
    published: str = ""
    outlet: str = ""


def article_from_text(
    text: str,
    article_id: str,
    source: str,
    *,
    title: str = "",
    published: str = "",
    outlet: str = "",
) -> Article:
    """An article from text already decoded; raises DataError if there is none."""
    normalised = text.replace("\r\n", "\n").replace("\r", "\n")
    if not normalised.strip():
        raise DataError(
            f"{source}: the file is empty; expected the text of an article. "
            "Check that it is the right file."
        )
    return Article(article_id, normalised, title, published, outlet)
