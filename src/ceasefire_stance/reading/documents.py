"""From files of many kinds to articles."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.tables import SUFFIXES as TABLE_SUFFIXES
from ceasefire_stance.corpus.tables import decode
from ceasefire_stance.reading.article import Article, article_from_text

if TYPE_CHECKING:
    from ceasefire_stance.reading.article_tables import Columns

TEXT_SUFFIXES = ("", ".txt", ".md")
PAGE_SUFFIXES = (".html", ".htm", ".xhtml")
PDF_SUFFIX = ".pdf"
_Report = Callable[[DataError], None]
STDIN = "-"
"""The path that stands for the standard input."""


def iterate_articles(
    paths: Sequence[str | Path],
    *,
    text_column: str = "text",
    date_column: str | None = None,
    title_column: str | None = None,
    on_error: Callable[[DataError], None] | None = None,
) -> Iterator[Article]:
    """The articles of files and folders, one after the other; one file in memory at a time.

    Folders are walked in sorted order; hidden files and files of unknown kinds in them are passed
    over. The kind is told by the ending: plain text (``.txt``, ``.md``, none), web pages
    (``.html``, ``.htm``, ``.xhtml``), ``.pdf``, and tables with one article a row (``.csv``,
    ``.tsv``, ``.jsonl``, ``.ndjson``, ``.parquet``). A file that is named itself is read as plain
    text if its ending is none of these.

    Parameters
    ----------
    paths : sequence of str or Path
        Files, folders, and "-" for one plain-text article from the standard input.
    text_column, date_column, title_column : str
        The columns of tables. Left out, the date is that of `published` and the title of `title`
        where there is such a column; a column that is named has to be there (in JSONL in one line
        at least).
    on_error : callable, optional
        Is given the error of a file or row that cannot be read; reading goes on behind it.

    Yields
    ------
    Article
        With an `article_id` that no other article of the run has: the name of the file, in a folder
        with the names of the folders below it ("2020-may-report"), in a table the column
        `article_id` or `id` or else the number of the row; "#2" is put behind one that is taken.

    Raises
    ------
    DataError
        At once, if a path does not exist or a folder holds no file of a known kind; later, without
        `on_error`, if a file cannot be read; in the end, if there was no readable article.
    """
    from ceasefire_stance.reading.article_tables import Columns

    named = _checked(paths)
    asked = tuple(name for name in (date_column, title_column) if name)
    columns = Columns(text_column, date_column or "published", title_column or "title", asked)
    return _iterate(named, columns, on_error)


def count_articles(paths: Sequence[str | Path]) -> int | None:
    """How many articles `iterate_articles` will come to, for a progress bar.

    Files that turn out to be unreadable count too. None if there is a CSV or TSV table, whose
    rows only reading it tells.

    Raises
    ------
    DataError
        If a path does not exist or a folder holds no file of a known kind.
    """
    from ceasefire_stance.reading.article_tables import count_rows

    total = 0
    for path in _checked(paths):
        for file, _ in _files(path, _ignore):
            rows = count_rows(file) if file.suffix.lower() in TABLE_SUFFIXES else 1
            if rows is None:
                return None
            total += rows
    return total


def read_article(path: str | Path) -> Article:
    """Read one file of any kind that holds one article.

    Raises
    ------
    DataError
        If the file is missing, empty, unreadable, or holds several articles.
    """
    from ceasefire_stance.reading.article_tables import Columns

    file = Path(path)
    if not file.is_file():
        raise DataError(f"{file}: no such file; expected an article. Check the path.")
    articles = list(itertools.islice(_read(file, _name(file.stem), Columns(), _raise), 2))
    if len(articles) > 1:
        raise DataError(
            f"{file}: the table holds several articles; expected one. Read it with "
            "iterate_articles."
        )
    return articles[0]


def _checked(paths: Sequence[str | Path]) -> list[Path]:
    """The paths, each of them there; whoever names a wrong one hears it before hours of work."""
    # A single name is a sequence too, of letters.
    listed = [paths] if isinstance(paths, (str, Path)) else paths
    named = [Path(path) for path in listed]
    for path in named:
        if str(path) == STDIN:
            continue
        if not path.exists():
            raise DataError(f"{path}: no such file or folder; expected articles. Check the path.")
        if path.is_dir() and next(_files(path, _ignore), None) is None:
            raise DataError(f"{path}: {_NO_ARTICLE}")
    return named


_NO_ARTICLE = (
    "no readable article in the folder; expected files ending in "
    f"{', '.join([*TEXT_SUFFIXES[1:], *PAGE_SUFFIXES, PDF_SUFFIX, *TABLE_SUFFIXES])}. "
    "Check that it is the right folder."
)


def _iterate(paths: list[Path], columns: Columns, on_error: _Report | None) -> Iterator[Article]:
    report = on_error or _raise
    taken: dict[str, int] = {}
    for path in paths:
        before = len(taken)
        for file, article_id in _files(path, report):
            try:
                for article in _read(file, article_id, columns, report):
                    yield replace(article, article_id=_untaken(article.article_id, taken))
            except DataError as error:
                report(error)
        if len(taken) == before and path.is_dir() and len(paths) > 1:
            report(DataError(f"{path}: {_NO_ARTICLE}"))
    if not taken:
        names = ", ".join(map(str, paths)) or "no paths"
        raise DataError(
            f"{names}: found no readable article; expected at least one. See what was said of each "
            "file."
        )


def _raise(error: DataError) -> None:
    raise error


def _ignore(error: DataError) -> None:
    """For looks ahead: whoever reads the files hears of it."""


def _untaken(wanted: str, taken: dict[str, int]) -> str:
    """`wanted`, or with the first number behind it that no article has yet; notes it as taken."""
    number = taken.get(wanted, 0) + 1
    name = wanted if number == 1 else f"{wanted}#{number}"
    while name in taken:
        number += 1
        name = f"{wanted}#{number}"
    taken[wanted] = number
    taken.setdefault(name, 1)
    return name


def _files(path: Path, report: _Report) -> Iterator[tuple[Path, str]]:
    """(file, article_id) pairs of a path: itself, or the files of known kinds below it."""
    if str(path) == STDIN:
        yield path, "stdin"
    elif path.is_dir():
        for file in _walk(path, report):
            yield file, _name("-".join(file.relative_to(path).with_suffix("").parts))
    else:
        yield path, _name(path.stem)


def _name(name: str) -> str:
    """A file name that can be written: bytes that are no UTF-8 become question marks."""
    return os.fsencode(name).decode("utf-8", errors="replace")


def _walk(folder: Path, report: _Report) -> Iterator[Path]:
    """The files of known kinds below a folder, sorted; links to folders are not followed."""
    known = {*TEXT_SUFFIXES, *PAGE_SUFFIXES, PDF_SUFFIX, *TABLE_SUFFIXES}
    try:
        with os.scandir(folder) as entries:
            found = sorted((e.name, e.is_dir(follow_symlinks=False), e.is_file()) for e in entries)
    except OSError as error:
        report(_unopened(folder, error))
        return
    for name, is_folder, is_file in found:
        if name.startswith("."):
            continue
        if is_folder:
            yield from _walk(folder / name, report)
        elif is_file and Path(name).suffix.lower() in known:
            yield folder / name


def _read(file: Path, article_id: str, columns: Columns, report: _Report) -> Iterator[Article]:
    """The articles of one file, by its kind."""
    suffix = file.suffix.lower()
    try:
        if str(file) == STDIN:
            text = decode(sys.stdin.buffer.read(), "stdin")
            yield article_from_text(text, article_id, "stdin")
        elif suffix in TABLE_SUFFIXES:
            from ceasefire_stance.reading.article_tables import table_articles

            yield from table_articles(file, article_id, columns, report)
        elif suffix in PAGE_SUFFIXES:
            from ceasefire_stance.reading.webpages import article_from_page

            yield article_from_page(file.read_bytes(), article_id, str(file))
        elif suffix == PDF_SUFFIX:
            from ceasefire_stance.reading.pdfs import article_from_pdf

            yield article_from_pdf(file.read_bytes(), article_id, str(file))
        else:
            yield article_from_text(_plain_text(file), article_id, str(file))
    except OSError as error:
        raise _unopened(file, error) from error


def _unopened(path: Path, error: OSError) -> DataError:
    return DataError(
        f"{path}: cannot be opened ({error.strerror or error}); expected to be allowed to read it. "
        "Check its permissions."
    )


def _plain_text(file: Path) -> str:
    raw = file.read_bytes()
    if b"\0" in raw:
        raise DataError(
            f"{file}: found zero bytes; expected a UTF-8 text file. If it is UTF-16, convert it "
            "with: iconv -f utf-16 -t utf-8; otherwise save its text as .txt."
        )
    return decode(raw, str(file))
