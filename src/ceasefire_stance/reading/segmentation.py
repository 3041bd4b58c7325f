"""From an article to its sentences, with offsets into the original text."""

from __future__ import annotations

import pandas as pd
from sentencex import get_sentence_boundaries

from ceasefire_stance.corpus.sentences import with_context
from ceasefire_stance.reading.documents import Article


def article_sentences(article: Article) -> pd.DataFrame:
    """Split an article into sentences.

    Every line of the text is a paragraph of its own; no sentence runs over a line end.

    Parameters
    ----------
    article : Article
        Title and body as read.

    Returns
    -------
    DataFrame
        One row per sentence in reading order: `sentence_id` (``article_id:position``),
        `article_id`, `position` (from 0), `text`, `context`, `title`, `published`, `start`, `end`
        (character offsets into ``article.text``, end exclusive). No rows for an empty article.
    """
    rows = [
        {"start": start, "end": end, "text": article.text[start:end]}
        for start, end in sentence_spans(article.text)
    ]
    frame = pd.DataFrame(rows, columns=["start", "end", "text"])
    frame.insert(0, "article_id", article.article_id)
    frame.insert(1, "position", range(len(frame)))
    frame.insert(0, "sentence_id", [f"{article.article_id}:{p}" for p in frame["position"]])
    frame["title"] = article.title
    frame["published"] = article.published
    return with_context(frame)[
        ["sentence_id", "article_id", "position", "text", "context", "title", "published",
         "start", "end"]
    ]  # fmt: skip


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """The (start, end) offsets of the sentences of `text`, white space at the edges left out."""
    spans = []
    offset = 0
    for line in text.split("\n"):
        if line.strip():
            for piece in get_sentence_boundaries("en", line):
                start, end = _stripped(
                    text, offset + piece["start_index"], offset + piece["end_index"]
                )
                if start < end:
                    spans.append((start, end))
        offset += len(line) + 1
    return spans


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
