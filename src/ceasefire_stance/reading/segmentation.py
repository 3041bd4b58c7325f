"""From an article to its sentences, with offsets into the original text."""

from __future__ import annotations

import itertools

import pandas as pd

from ceasefire_stance.corpus.sentences import with_context
from ceasefire_stance.reading.article import Article
from ceasefire_stance.reading.line_fronts import front_length
from ceasefire_stance.reading.sentence_breaks import sentence_starts

_COLUMNS = ["sentence_id", "article_id", "position", "text", "context", "title", "published",
            "part", "start", "end"]  # fmt: skip


def article_sentences(article: Article, *, title_as_sentence: bool = True) -> pd.DataFrame:
    """Split an article into sentences.

    Every line of the text is a paragraph of its own; no sentence runs over a line end. An item of a
    list is one sentence. Bullets and the times of live reports belong to no sentence.

    Parameters
    ----------
    article : Article
        Title and body as read.
    title_as_sentence : bool
        Put the title before the body as a sentence of its own, unless the text begins with it.

    Returns
    -------
    DataFrame
        One row per sentence in reading order: `sentence_id` (``article_id:position``),
        `article_id`, `position` (from 0), `text`, `context`, `title`, `published`, `part` ("title"
        or "body"), `start`, `end` (character offsets into ``article.text``, end exclusive; both -1
        for the title, which stands outside it). No rows for an empty article.
    """
    rows: list[dict[str, object]] = []
    if title_as_sentence and _title_stands_apart(article):
        title = " ".join(article.title.split())
        rows.append({"part": "title", "start": -1, "end": -1, "text": title})
    for start, end in body_spans(article.text):
        rows.append({"part": "body", "start": start, "end": end, "text": article.text[start:end]})
    frame = pd.DataFrame(rows, columns=["part", "start", "end", "text"])
    frame.insert(0, "article_id", article.article_id)
    frame.insert(1, "position", range(len(frame)))
    frame.insert(0, "sentence_id", [f"{article.article_id}:{p}" for p in frame["position"]])
    frame["title"] = article.title
    frame["published"] = article.published
    return with_context(frame)[_COLUMNS]


def body_spans(text: str) -> list[tuple[int, int]]:
    """The offsets of the sentences of an article: `sentence_spans` without what is no sentence.

    Bullets and the times of live reports at the front of a line are left out ("14:32 GMT — The
    army …" starts at "The"); a line that holds nothing else has no sentence. An item of a list is
    one sentence, however many full stops it has. Signs alone ("* * *") are none.
    """
    spans = []
    offset = 0
    for line in text.split("\n"):
        front, is_item = front_length(line)
        body = line[front:]
        starts = [0] if is_item and body else sentence_starts(body)
        found = _spans(text, offset + front, body, starts)
        spans += [(a, b) for a, b in found if any(map(str.isalnum, text[a:b]))]
        offset += len(line) + 1
    return spans


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """The (start, end) offsets of the sentences of `text`, white space at the edges left out.

    No visible character is lost; see `body_spans` for the sentences of an article.
    """
    spans = []
    offset = 0
    for line in text.split("\n"):
        spans += _spans(text, offset, line, sentence_starts(line))
        offset += len(line) + 1
    return spans


def _spans(text: str, offset: int, line: str, starts: list[int]) -> list[tuple[int, int]]:
    pieces = itertools.pairwise([*starts, len(line)])
    found = [_stripped(text, offset + a, offset + b) for a, b in pieces]
    return [(a, b) for a, b in found if a < b]


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _title_stands_apart(article: Article) -> bool:
    """Whether there is a title that the text does not begin with."""
    title = _plain(article.title)
    first = next((line for line in article.text.split("\n") if line.strip()), "")
    return bool(title) and _plain(first) != title


def _plain(line: str) -> str:
    return " ".join(line.split()).casefold().rstrip(".")
