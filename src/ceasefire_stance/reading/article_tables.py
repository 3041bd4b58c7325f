"""Articles in tables, one a row, read piece by piece."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.tables import decode
from ceasefire_stance.reading.article import Article, article_from_text
from ceasefire_stance.reading.dates import iso_date

_BATCH = 64
"""Rows of a Parquet file in memory at once."""
_LONGEST_FIELD = 1 << 27
_ID_COLUMNS = ("article_id", "id")
_MOST_NAMES = 40
"""How many of the columns found a message lists."""


@dataclass(frozen=True)
class Columns:
    """The names of the columns that hold an article.

    Parameters
    ----------
    text, published, title : str
        Of these only `text` has to be there.
    asked : tuple of str
        Names that a user has given: these have to be there too. In JSONL it is enough that one line
        has it: a line may leave out what it does not know.
    """

    text: str = "text"
    published: str = "published"
    title: str = "title"
    asked: tuple[str, ...] = ()

    def required(self) -> list[str]:
        """The columns without which a table is refused."""
        return list(dict.fromkeys([self.text, *self.asked]))


def table_articles(
    path: Path, article_id: str, columns: Columns, report: Callable[[DataError], None]
) -> Iterator[Article]:
    """The articles of a table, in the order of its rows.

    Parameters
    ----------
    path : Path
        A ``.csv``, ``.tsv``, ``.jsonl``, ``.ndjson`` or ``.parquet`` file.
    article_id : str
        Id of the file; an article without an id of its own (column `article_id` or `id`) is called
        by it and the number of its row, from 1.
    columns : Columns
        Where the text, the date and the title are.
    report : callable
        Is told what is wrong with a single row; the row is then left out, unless `report` raises.

    Raises
    ------
    DataError
        If the file as a whole cannot be read, or lacks a column.
    """
    number = 0
    for number, (place, row) in enumerate(_rows(path, columns), 1):
        try:
            if isinstance(row, DataError):
                raise row
            yield _article(row, f"{article_id}-{number}", f"{path}, {place}", columns)
        except DataError as error:
            report(error)
    if not number:
        raise DataError(
            f"{path}: the file holds no rows; expected one article a row. "
            "Check that it is the right file."
        )


def count_rows(path: Path) -> int | None:
    """How many rows a table has, None where only reading it all would tell."""
    try:
        match path.suffix.lower():
            case ".parquet":
                import pyarrow.parquet

                return int(pyarrow.parquet.read_metadata(path).num_rows)
            case ".jsonl" | ".ndjson":
                with path.open("rb") as lines:
                    return sum(1 for line in lines if line.strip())
    except (OSError, ValueError):
        # Whoever reads it will hear why it cannot be read.
        return 1
    return None


def _article(row: dict[str, object], default: str, source: str, columns: Columns) -> Article:
    own = next((_identifier(row[c]) for c in _ID_COLUMNS if _identifier(row.get(c))), "")
    text = _string(row[columns.text])
    if not text:
        raise DataError(
            f"{source}: {columns.text!r} is empty; expected the text of an article. "
            "Fill it in or leave the row out."
        )
    return article_from_text(
        text,
        own or default,
        source,
        title=" ".join(_string(row.get(columns.title)).split()),
        published=iso_date(row.get(columns.published), source),
        outlet=" ".join(_string(row.get("outlet")).split()),
    )


def _string(value: object) -> str:
    missing = value is None or (isinstance(value, float) and value != value)
    return "" if missing else str(value).strip()


def _identifier(value: object) -> str:
    """An id as text; a whole number read as 3.0 is 3."""
    return _string(int(value) if isinstance(value, float) and value.is_integer() else value)


def _rows(path: Path, columns: Columns) -> Iterator[tuple[str, dict[str, object] | DataError]]:
    """(place, row) pairs; an error in place of a row that cannot be read."""
    match path.suffix.lower():
        case ".parquet":
            return _parquet_rows(path, columns)
        case ".jsonl" | ".ndjson":
            return _jsonl_rows(path, columns)
        case suffix:
            return _separated_rows(path, columns, "\t" if suffix == ".tsv" else ",")


def _jsonl_rows(
    path: Path, columns: Columns
) -> Iterator[tuple[str, dict[str, object] | DataError]]:
    _require_somewhere(path, columns.required())
    with path.open("rb") as lines:
        for number, raw in enumerate(lines, 1):
            if raw.strip():
                place = f"line {number}"
                try:
                    yield place, _json_object(raw, f"{path}, {place}", columns)
                except DataError as error:
                    yield place, error


def _require_somewhere(path: Path, wanted: list[str]) -> None:
    """Refuse a JSONL file in which no line has a column; reads on only until all are found."""
    found: dict[str, None] = {}
    with path.open("rb") as lines:
        for raw in lines:
            try:
                row = json.loads(raw.decode("utf-8-sig"))
            except (ValueError, RecursionError):
                continue  # Whoever reads the lines will hear of it.
            if isinstance(row, dict):
                found.update(dict.fromkeys(map(str, row)))
            if found.keys() >= set(wanted):
                return
    if found:
        _require(wanted, list(found), str(path))


def _json_object(raw: bytes, source: str, columns: Columns) -> dict[str, object]:
    try:
        row = json.loads(decode(raw, source))
    except (json.JSONDecodeError, RecursionError) as error:
        raise DataError(
            f"{source}: not JSON ({error}); expected one JSON object a line. Mend the line."
        ) from error
    if not isinstance(row, dict):
        raise DataError(
            f"{source}: found a JSON {type(row).__name__}; expected an object such as "
            '{"text": "…"}. Mend the line.'
        )
    _require(columns.required()[:1], list(row), source)
    return row


def _separated_rows(
    path: Path, columns: Columns, separator: str
) -> Iterator[tuple[str, dict[str, object] | DataError]]:
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_FIELD))
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=separator, strict=True)
        header: list[str] = []
        number = 0
        try:
            for cells in reader:
                if not cells:
                    continue
                if not header:
                    header = cells
                    _require(columns.required(), header, str(path))
                    continue
                number += 1
                place = f"row {number}"
                if len(cells) == len(header):
                    yield place, dict(zip(header, cells, strict=True))
                else:
                    yield (
                        place,
                        DataError(
                            f"{path}, {place} (line {reader.line_num}): found {len(cells)} fields; "
                            f"expected {len(header)}. Quote fields that contain the separator."
                        ),
                    )
        except csv.Error as error:
            raise DataError(
                f"{path}, line {reader.line_num}: {error}; expected fields quoted as in RFC 4180. "
                "Write the table again."
            ) from error
        except UnicodeDecodeError as error:
            raise DataError(
                f"{path}, behind line {reader.line_num}: {error}; expected UTF-8. Convert the "
                "file, for instance with: iconv -f latin1 -t utf-8"
            ) from error


def _parquet_rows(
    path: Path, columns: Columns
) -> Iterator[tuple[str, dict[str, object] | DataError]]:
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            names = file.schema_arrow.names
            _require(columns.required(), names, str(path))
            wanted = {columns.text, columns.published, columns.title, "outlet", *_ID_COLUMNS}
            number = 0
            for batch in file.iter_batches(_BATCH, columns=[n for n in names if n in wanted]):
                for row in batch.to_pylist():
                    number += 1
                    yield f"row {number}", row
    except (OSError, pyarrow.ArrowException) as error:
        raise DataError(
            f"{path}: not a readable Parquet file ({error}). Write it again or use CSV."
        ) from error


def _require(wanted: list[str], found: list[str], source: str) -> None:
    missing = [name for name in wanted if name not in found]
    several = [name for name in wanted if found.count(name) > 1]
    if several:
        raise DataError(
            f"{source}: found column {several[0]!r} {found.count(several[0])} times; expected it "
            "once. Rename the others."
        )
    if missing:
        names = [*map(str, found[:_MOST_NAMES]), *["…"][: len(found) > _MOST_NAMES]]
        raise DataError(
            f"{source}: column {', '.join(map(repr, missing))} is missing; found "
            f"{', '.join(names) or 'no columns'}. Rename the column or name yours with "
            "--text-column, --date-column or --title-column (in Python text_column, …)."
        )
