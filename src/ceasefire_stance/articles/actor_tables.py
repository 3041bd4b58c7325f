"""The gazetteer as a table: its columns, what is refused, how a user's rows extend ours."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.tables import decode

COLUMNS = (
    "name", "kind", "actor", "iso3", "cow", "gwno", "adjectives", "aliases", "since", "until",
)  # fmt: skip
PERSON = "person"
_NEEDED = ("kind", "name")
_LISTS = ("adjectives", "aliases")
_NUMBERS = ("since", "until", "cow", "gwno")


def read_rows(path: str | Path, known: Collection[str] = ()) -> list[dict[str, str]]:
    """The rows of a table of actors, a CSV file in UTF-8.

    Its columns, in any order; all but `name` and `kind` can be missing, and others are passed over:

    - ``name``: the one spelling of the actor in all outputs, once in a table. Rows without a name
      are passed over.
    - ``kind``: ``state``, ``armed group``, ``party``, ``body``, ``organisation``, ``opposition``,
      or ``person`` for somebody who speaks for an actor. Any other words are taken as they are and
      shown as they are: such an actor is found by its names, but a bare "the group" or "the
      government" is not led back to it.
    - ``actor``: of a person, the `name` of the actor spoken for.
    - ``iso3``, ``cow``, ``gwno``: codes to join other data by (ISO 3166-1 alpha-3, and the numbers
      in the state lists of the Correlates of War project and of Gleditsch and Ward).
    - ``adjectives``: "Norlandish|Norlanders", ``aliases``: "Nordhaven|Grey Palace"; written as in
      the news, upper and lower case as there, "|" between them.
    - ``since``, ``until``: the first and the last year in which the words mean it, for a person
      those in office.

    Parameters
    ----------
    path : str or Path
        The file.
    known : collection of str
        Names of a table that these rows extend: of them `kind` and `actor` may be left empty.

    Returns
    -------
    list of dict
        One a row, with all `COLUMNS`, "" where there is nothing.

    Raises
    ------
    DataError
        If the file is missing or not UTF-8, lacks a column or misspells one, if a row has more or
        fewer fields than the header, a name that stands above, no kind, nobody to speak for, or a
        number that is none.
    """
    file = Path(path)
    if not file.is_file():
        raise DataError(f"{file}: no such file; expected a table of actors. Check the path.")
    text = decode(file.read_bytes(), str(file))
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: dict[str, dict[str, str]] = {}
    try:
        header = [cell.strip() for cell in next(reader, [])]
        _check_header(header, str(file))
        for cells in reader:
            place = f"{file}, line {reader.line_num}"
            row = _row(cells, header, place)
            if row["name"]:
                _check_row(row, place, rows, known)
                rows[row["name"]] = row
    except csv.Error as error:
        raise DataError(
            f"{file}, line {reader.line_num}: {error}; expected fields quoted as in RFC 4180. "
            "Write the table again."
        ) from error
    return list(rows.values())


def extend_rows(
    ours: Iterable[dict[str, str]], own: Iterable[dict[str, str]]
) -> list[dict[str, str]]:
    """Our rows with those of a user.

    A row with a name of ours extends that row: aliases and adjectives are added to ours, other
    cells take the place of ours, and an empty cell leaves what is there. Every other row is a new
    actor, also one whose name is an alias of ours.

    Returns
    -------
    list of dict
        The user's rows come first: where two rows claim the same word, theirs is meant.
    """
    by_name = {row["name"]: row for row in ours}
    first = [_merged(by_name.pop(row["name"], {}), row) for row in own]
    return [*first, *by_name.values()]


def actors_file() -> Path:
    """The project's gazetteer: inside the installed package, or in a checkout."""
    package = Path(__file__).resolve().parents[1]
    packed = package / "actors.csv"
    return packed if packed.is_file() else package.parents[1] / "data" / "actors.csv"


def split_cell(cell: str) -> Iterator[str]:
    """The words of a cell that lists several, separated by "|"."""
    return (part.strip() for part in cell.split("|") if part.strip())


def _merged(ours: dict[str, str], own: dict[str, str]) -> dict[str, str]:
    merged = {column: own[column] or ours.get(column, "") for column in COLUMNS}
    for column in _LISTS:
        both = (*split_cell(ours.get(column, "")), *split_cell(own[column]))
        merged[column] = "|".join(dict.fromkeys(both))
    return merged


def _check_header(header: list[str], source: str) -> None:
    found = f"found {', '.join(map(repr, header)) or 'nothing'}"
    for column in header:
        if header.count(column) > 1 and column in COLUMNS:
            raise DataError(
                f"{source}: found column {column!r} {header.count(column)} times; expected it "
                "once. Rename the others."
            )
        absent = [c for c in COLUMNS if c not in header]
        near = get_close_matches(column.lower(), absent, 1, 0.75) if column not in COLUMNS else []
        if near:
            # Left alone, a column "alias" would be passed over and every alias with it.
            raise DataError(
                f"{source}: found column {column!r}; expected {near[0]!r}. Rename it, or give it "
                "a name that is less like it."
            )
    for column in _NEEDED:
        if column not in header:
            raise DataError(
                f"{source}: column {column!r} is missing; expected {', '.join(COLUMNS)} (all but "
                f"{' and '.join(_NEEDED)} can be left out), {found}. Add it to the header, and "
                "put commas between the fields."
            )


def _row(cells: list[str], header: list[str], place: str) -> dict[str, str]:
    if any(cell.strip() for cell in cells) and len(cells) != len(header):
        raise DataError(
            f"{place}: found {len(cells)} fields; expected {len(header)} as in the header. Quote "
            "fields that contain a comma, and write a comma for each empty one."
        )
    given = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
    return {column: given.get(column, "") for column in COLUMNS}


def _check_row(
    row: dict[str, str], place: str, above: Collection[str], known: Collection[str]
) -> None:
    name = row["name"]
    if name in above:
        raise DataError(
            f"{place}: {name!r} stands above already; expected each name once. Put the two rows "
            "together, or give the second a fuller name."
        )
    if not row["kind"] and name not in known:
        raise DataError(
            f"{place}: the kind of {name!r} is empty; expected state, armed group, party, body, "
            "organisation, opposition, person or a word of yours. Fill it in."
        )
    if row["kind"] == PERSON and not row["actor"] and name not in known:
        raise DataError(
            f"{place}: {name!r} is a person whose actor is empty; expected the name of the actor "
            "spoken for. Fill it in."
        )
    for column in _NUMBERS:
        if row[column] and not row[column].isdecimal():
            raise DataError(
                f"{place}: {column} is {row[column]!r}; expected a number or nothing. Correct it."
            )
    if row["since"] and row["until"] and int(row["since"]) > int(row["until"]):
        raise DataError(
            f"{place}: since is {row['since']} and until {row['until']}; expected them in order. "
            "Correct them."
        )
