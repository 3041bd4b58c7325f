from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceasefire_stance.corpus import DataError
from ceasefire_stance.reading import Article, article_from_text, article_sentences, read_article
from ceasefire_stance.reading.segmentation import sentence_spans

TEXT = """KYIV, March 3 (Own report) — The army held its fire. \
Lt. Gen. Ivan Petrenko of the U.S. mission said so at 5 a.m. on Friday.

“We will wait … and see,” he said. "No truce without guarantees."
"""


def test_sentences_have_offsets_into_the_text_and_context():
    article = Article("a", TEXT, "Title", "2020-03-03")
    frame = article_sentences(article, title_as_sentence=False)
    assert frame["text"].tolist() == [
        "KYIV, March 3 (Own report) — The army held its fire.",
        "Lt. Gen. Ivan Petrenko of the U.S. mission said so at 5 a.m. on Friday.",
        "“We will wait … and see,” he said.",
        '"No truce without guarantees."',
    ]
    for row in frame.itertuples():
        assert TEXT[row.start : row.end] == row.text
    assert frame["sentence_id"].tolist() == ["a:0", "a:1", "a:2", "a:3"]
    assert frame.loc[3, "context"] == " ".join(frame["text"][:3])
    assert set(frame["title"]) == {"Title"}


@given(st.text(max_size=300))
def test_spans_are_in_order_and_lose_no_visible_character(text):
    spans = sentence_spans(text)
    assert all(a < b for a, b in spans)
    assert all(one[1] <= two[0] for one, two in itertools.pairwise(spans))
    inside = "".join(text[a:b] for a, b in spans)
    assert [c for c in inside if not c.isspace()] == [c for c in text if not c.isspace()]


def test_articles_are_read_from_utf8_files(tmp_path):
    path = tmp_path / "report.txt"
    path.write_bytes("Première phrase.\r\nSecond.".encode())
    article = read_article(path)
    assert article == Article("report", "Première phrase.\nSecond.")


def test_empty_missing_and_other_encodings_are_bad_data(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read_article(tmp_path / "absent.txt")
    with pytest.raises(DataError, match="empty"):
        article_from_text(" \n", "x", "x.txt")
    path = tmp_path / "latin.txt"
    path.write_bytes(b"caf\xe9")
    with pytest.raises(DataError, match="not UTF-8"):
        read_article(path)
