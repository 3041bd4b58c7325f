"""Tables with one article a row."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from ceasefire_stance.corpus import DataError
from ceasefire_stance.corpus.tables import write_table
from ceasefire_stance.reading import Article, count_articles, iterate_articles

ROWS = pd.DataFrame(
    {
        "id": ["x7", "", "x7"],
        "text": ["Varn agreed.\nOrm did not.", "none", "He said, \"no\"; she said 'NA'."],
        "title": ["Truce  in Varn", "", "null"],
        "published": ["2020-03-04", "", "2020-03-05T10:00:00Z"],
        "outlet": ["The Harbour Gazette", "", "Orm Post"],
    }
)
ARTICLES = [
    Article(
        "x7", "Varn agreed.\nOrm did not.", "Truce in Varn", "2020-03-04", "The Harbour Gazette"
    ),
    Article("news-2", "none"),
    Article("x7#2", "He said, \"no\"; she said 'NA'.", "null", "2020-03-05", "Orm Post"),
]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".ndjson", ".parquet"])
def test_each_row_is_an_article_in_every_format(tmp_path, suffix):
    path = tmp_path / f"news{suffix}"
    write_table(ROWS, path)
    assert list(iterate_articles([path])) == ARTICLES
    assert count_articles([path]) == (None if suffix in (".csv", ".tsv") else 3)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_columns_can_have_other_names_and_may_then_not_be_missing(tmp_path, suffix):
    path = tmp_path / f"news{suffix}"
    frame = pd.DataFrame({"body": ["Varn agreed."], "day": ["4 March 2020"], "head": ["Truce"]})
    write_table(frame, path)
    names = {"text_column": "body", "date_column": "day", "title_column": "head"}
    assert list(iterate_articles([path], **names)) == [
        Article("news-1", "Varn agreed.", "Truce", "2020-03-04")
    ]
    with pytest.raises(DataError, match=r"column 'text' is missing; found body, day, head"):
        list(iterate_articles([path]))
    assert next(iterate_articles([path], text_column="body")).published == ""


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".ndjson", ".parquet"])
@pytest.mark.parametrize("option", ["text_column", "date_column", "title_column"])
def test_a_named_column_that_is_not_there_is_bad_data_and_those_there_are_named(
    tmp_path, suffix, option
):
    path = tmp_path / f"news{suffix}"
    write_table(ROWS, path)
    wanted = (
        rf"news\{suffix}: column 'when' is missing; found id, text, title, published, outlet\. "
        r"Rename the column or name yours with --text-column, --date-column or --title-column"
    )
    with pytest.raises(DataError, match=wanted):
        list(iterate_articles([path], **{option: "when"}))
    errors: list[DataError] = []
    with pytest.raises(DataError, match="found no readable article"):
        list(iterate_articles([path], **{option: "when"}, on_error=errors.append))
    assert len(errors) == 1  # Once for the file, not for every row.


@pytest.mark.parametrize(
    ("option", "name"), [("date_column", "published"), ("title_column", "title")]
)
def test_a_usual_name_has_to_be_there_too_once_it_is_asked_for(tmp_path, option, name):
    path = tmp_path / "a.csv"
    path.write_text("text\nVarn agreed.\n", "utf-8")
    assert len(list(iterate_articles([path]))) == 1
    with pytest.raises(DataError, match=f"column '{name}' is missing"):
        list(iterate_articles([path], **{option: name}))


def test_a_line_may_leave_out_a_named_column_that_another_line_has(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(
        'broken\n{"text": "Varn agreed."}\n{"text": "Orm did not.", "day": "2020-03-04"}\n', "utf-8"
    )
    read = iterate_articles([path], date_column="day", on_error=lambda error: None)
    assert [a.published for a in read] == ["", "2020-03-04"]


def test_a_message_lists_no_more_columns_than_can_be_read(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({f"k{i}": i for i in range(100)}), "utf-8")
    with pytest.raises(DataError, match=r"found k0, k1, .*, k39, …\. Rename"):
        list(iterate_articles([path]))


def test_parquet_dates_numbers_and_missing_values_are_understood(tmp_path):
    path = tmp_path / "news.parquet"
    pd.DataFrame(
        {
            "article_id": [3.0, None],
            "text": ["Varn agreed.", "Orm did not."],
            "published": [pd.Timestamp("2020-03-04T23:00"), pd.NaT],
            "title": [None, "Truce"],
        }
    ).to_parquet(path, index=False)
    assert list(iterate_articles([path])) == [
        Article("3", "Varn agreed.", "", "2020-03-04"),
        Article("news-2", "Orm did not.", "Truce"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"text,title\nVarn,x\nOrm\nDell,y\n", r"row 2 \(line 3\): found 1 fields"),
        ("a.csv", b"text,published\nVarn,\nOrm,03/04/2020\nDell,\n", "row 2: found '03/04/2020'"),
        ("a.tsv", b"text\ttitle\nVarn\t\n \tx\nDell\t\n", "row 2: 'text' is empty"),
        ("a.jsonl", b'{"text": "Varn"}\n{"text": \n\n{"text": "Dell"}\n', "line 2: not JSON"),
        ("a.jsonl", b'{"text": "Varn"}\n[1]\n{"text": "Dell"}', "line 2: found a JSON list"),
        ("a.jsonl", b'{"text": "Varn"}\n{"t": 1}\n{"text": "Dell"}', "line 2: column 'text' is"),
        ("a.jsonl", b'{"text": "Varn"}\n"caf\xe9"\n{"text": "Dell"}', "line 2.*not UTF-8"),
    ],
)
def test_a_bad_row_is_told_and_the_others_are_read(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    errors: list[DataError] = []
    texts = [a.text for a in iterate_articles([path], on_error=errors.append)]
    assert texts == ["Varn", "Dell"]
    assert len(errors) == 1
    with pytest.raises(DataError, match=words):
        raise errors[0]
    with pytest.raises(DataError, match=words):
        list(iterate_articles([path]))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"", "holds no rows"),
        ("a.csv", b"text\n", "holds no rows"),
        ("a.jsonl", b"\n", "holds no rows"),
        ("a.csv", b'text\n"Varn', "line 2: unexpected end of data"),
        ("a.csv", b"text\ncaf\xe9\n", "utf-8"),
        ("a.csv", b"text,text\nVarn,Orm\n", "found column 'text' 2 times"),
        ("a.parquet", b"PAR1", "not a readable Parquet file"),
    ],
)
def test_a_table_that_cannot_be_read_is_bad_data(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=words):
        list(iterate_articles([path]))


def test_long_articles_and_byte_order_marks_are_read(tmp_path):
    text = "Varn agreed. " * 20_000
    (tmp_path / "a.csv").write_text(f'text\n"{text}"\n', encoding="utf-8-sig")
    (tmp_path / "b.jsonl").write_text(json.dumps({"text": text}), encoding="utf-8-sig")
    assert [len(a.text) for a in iterate_articles([tmp_path])] == [len(text.strip())] * 2


def test_rows_are_read_as_they_are_asked_for(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "Varn"}\n' * 3 + "broken\n", encoding="utf-8")
    articles = iterate_articles([path])
    assert [next(articles).article_id for _ in range(3)] == ["a-1", "a-2", "a-3"]
    with pytest.raises(DataError, match="line 4"):
        next(articles)
