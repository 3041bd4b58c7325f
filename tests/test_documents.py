"""Files and folders of many kinds as articles."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from ceasefire_stance.corpus import DataError
from ceasefire_stance.reading import Article, count_articles, iterate_articles, read_article

from .test_pdfs import INFO, PAGES, make_pdf
from .test_webpages import whole_page


def write(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.fixture
def folder(tmp_path):
    write(tmp_path, "news/b/report.txt", "Orm did not agree.")
    write(tmp_path, "news/a/report.txt", "Varn agreed.\r\nAll was calm.")
    write(tmp_path, "news/a/report.html", whole_page())
    write(tmp_path, "news/c.PDF", make_pdf(PAGES, INFO))
    write(tmp_path, "news/rows.jsonl", '{"text": "One."}\n{"text": "Two.", "id": "c"}\n')
    write(tmp_path, "news/README", "A note.")
    write(tmp_path, "news/notes.md", "# A note")
    write(tmp_path, "news/picture.png", b"\x89PNG")
    write(tmp_path, "news/.hidden.txt", "Hidden.")
    write(tmp_path, "news/.git/x.txt", "Hidden.")
    return tmp_path / "news"


def test_a_folder_is_walked_in_order_and_ids_are_unique(folder):
    articles = {a.article_id: a for a in iterate_articles([folder])}
    assert list(articles) == [
        "README", "a-report", "a-report#2", "b-report", "c", "notes", "rows-1", "c#2",
    ]  # fmt: skip
    assert articles["a-report"].title == "Varn council offers truce"
    assert articles["a-report#2"].text == "Varn agreed.\nAll was calm."
    assert articles["c"].published == "2021-05-04"
    assert articles["c#2"].text == "Two."
    assert count_articles([folder]) == 8
    assert [a.article_id for a in iterate_articles([folder])] == list(articles)


def test_ids_that_look_like_numbered_ones_stay_unique(tmp_path):
    for name in ("1/x.txt", "2/x#2.txt", "3/x.txt", "4/x.md"):
        write(tmp_path, name, "Varn agreed.")
    paths = [next((tmp_path / str(i)).iterdir()) for i in range(1, 5)]
    assert [a.article_id for a in iterate_articles(paths)] == ["x", "x#2", "x#3", "x#4"]


def test_one_path_need_not_be_in_a_list(folder):
    assert len(list(iterate_articles(str(folder / "notes.md")))) == 1


def test_a_file_is_opened_when_its_turn_comes(tmp_path):
    write(tmp_path, "a.txt", "First.")
    later = write(tmp_path, "b.txt", "Not yet written.")
    articles = iterate_articles([tmp_path])
    assert next(articles).text == "First."
    later.write_text("Second.", encoding="utf-8")
    assert next(articles).text == "Second."


def test_files_that_cannot_be_read_are_told_and_do_not_stop_the_run(tmp_path):
    write(tmp_path, "a.txt", b"caf\xe9")
    write(tmp_path, "b.html", "<html></html>")
    write(tmp_path, "c.pdf", make_pdf([[]]))
    write(tmp_path, "d.txt", "Varn agreed.")
    write(tmp_path, "e.txt", " \n")
    write(tmp_path, "f.txt", "A\0B")
    write(tmp_path, "g.csv", "body\nx\n")
    errors: list[DataError] = []
    articles = list(iterate_articles([tmp_path], on_error=errors.append))
    assert [a.article_id for a in articles] == ["d"]
    told = [str(e) for e in errors]
    parts = [
        "not UTF-8",
        "no main text",
        "no text layer",
        "empty",
        "zero bytes",
        "'text' is missing",
    ]
    assert len(told) == len(parts)
    for line, name, part in zip(told, "abcefg", parts, strict=True):
        assert part in line
        assert f"{os.sep}{name}." in line
    with pytest.raises(DataError, match="not UTF-8"):
        list(iterate_articles([tmp_path]))


def test_files_that_may_not_be_opened_are_bad_data(tmp_path, monkeypatch):
    write(tmp_path, "a/x.txt", "Varn agreed.")
    write(tmp_path, "b/x.txt", "Orm did not.")
    scan, read = os.scandir, Path.read_bytes
    locked = [str(tmp_path / "a")]

    def may_open(path):
        if str(path) in locked:
            raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", lambda path: may_open(path) or scan(path))
    monkeypatch.setattr(Path, "read_bytes", lambda path: may_open(path) or read(path))
    errors: list[DataError] = []
    assert [a.text for a in iterate_articles([tmp_path], on_error=errors.append)] == [
        "Orm did not."
    ]
    locked[:] = [str(tmp_path / "b" / "x.txt")]
    assert [a.text for a in iterate_articles([tmp_path], on_error=errors.append)] == [
        "Varn agreed."
    ]
    assert [str(e).split(": ")[1] for e in errors] == [
        "cannot be opened (Permission denied); expected to be allowed to read it. Check its "
        "permissions."
    ] * 2


def test_links_to_folders_do_not_lead_in_circles(tmp_path):
    write(tmp_path, "a/x.txt", "Varn agreed.")
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert [a.article_id for a in iterate_articles([tmp_path])] == ["a-x"]


def test_paths_that_lead_nowhere_are_told_before_anything_is_read(tmp_path):
    good = write(tmp_path, "x.txt", "Varn agreed.")
    (tmp_path / "empty").mkdir()
    write(tmp_path, "pictures/x.png", b"\x89PNG")
    for bad, words in [
        ("absent", "no such file or folder"),
        ("empty", "no readable article"),
        ("pictures", r"expected files ending in \.txt"),
    ]:
        for function in (iterate_articles, count_articles):
            with pytest.raises(DataError, match=words):
                function([good, tmp_path / bad])


def test_a_run_or_a_folder_without_a_readable_article_is_bad_data(tmp_path):
    write(tmp_path, "bad/x.txt", " ")
    good = write(tmp_path, "x.txt", "Varn agreed.")
    errors: list[DataError] = []
    with pytest.raises(DataError, match="found no readable article"):
        list(iterate_articles([tmp_path / "bad"], on_error=errors.append))
    assert len(errors) == 1
    assert len(list(iterate_articles([tmp_path / "bad", good], on_error=errors.append))) == 1
    assert "no readable article in the folder" in str(errors[-1])
    with pytest.raises(DataError, match="no paths: found no readable article"):
        list(iterate_articles([]))


def test_standard_input_is_one_article(monkeypatch, tmp_path):
    raw = io.BytesIO(b"Varn agreed.\nOrm did not.\n")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=raw))
    other = write(tmp_path, "x.txt", "Nobody knew.")
    assert count_articles(["-", other]) == 2
    assert list(iterate_articles(["-", other])) == [
        Article("stdin", "Varn agreed.\nOrm did not.\n"),
        Article("x", "Nobody knew."),
    ]


def test_one_file_of_any_kind_can_be_read_alone(folder, tmp_path):
    assert read_article(folder / "a" / "report.html").outlet == "The Harbour Gazette"
    assert read_article(folder / "c.PDF").title == "Varn council offers truce"
    assert read_article(write(tmp_path, "x.text", "Varn.")) == Article("x", "Varn.")
    assert read_article(write(tmp_path, "x.jsonl", '{"text": "Varn."}')) == Article("x-1", "Varn.")
    with pytest.raises(DataError, match="holds several articles; expected one"):
        read_article(folder / "rows.jsonl")
    with pytest.raises(DataError, match="no such file"):
        read_article(folder)
