"""Tables in and out: CSV, TSV, JSONL, Parquet and `datasets` names, read without guessing.

pandas and `datasets` read the strings "none", "NA" and "null" as missing values in some formats.
Here "none" is a class, so every text cell is read as the string it is.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pandas as pd

from ceasefire_stance.corpus.atomic import whole_file
from ceasefire_stance.corpus.errors import DataError

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")


def read_table(source: str | Path) -> pd.DataFrame:
    """Read one file, or a local or Hub `datasets` name, as a frame of strings and numbers.

    Parameters
    ----------
    source : str or Path
        A ``.csv``, ``.tsv``, ``.jsonl``/``.ndjson`` or ``.parquet`` file; otherwise a name for
        ``datasets.load_dataset``, whose splits are put one after the other.

    Raises
    ------
    DataError
        If the file is missing, not UTF-8, or not what its ending says.
    """
    path = Path(source)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        if path.is_file():
            raise DataError(
                f"{path}: the ending is {suffix or 'missing'!r}; expected one of "
                f"{', '.join(SUFFIXES)}. Rename the file to what it holds."
            )
        return _read_dataset(str(source))
    if not path.is_file():
        raise DataError(f"{path}: no such file; expected a table of sentences. Check the path.")
    if suffix == ".parquet":
        return _read_parquet(path)
    text = decode(path.read_bytes(), str(path))
    if suffix in (".jsonl", ".ndjson"):
        return _read_jsonl(text, str(path))
    return _read_separated(text, "\t" if suffix == ".tsv" else ",", str(path))


def decode(raw: bytes, source: str) -> str:
    """Decode UTF-8 (with or without a byte-order mark) or raise DataError with line and byte."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{source}, line {line}: byte 0x{raw[error.start]:02x} is not UTF-8; expected a UTF-8 "
            "text file. Convert it, for instance with: iconv -f latin1 -t utf-8"
        ) from error


def write_table(frame: pd.DataFrame, target: str | Path) -> None:
    """Write `frame` to a file by its ending, whole or not at all."""
    path = Path(target)
    with whole_file(path) as temporary:
        match path.suffix.lower():
            case ".parquet":
                frame.to_parquet(temporary, index=False)
            case ".csv" | ".tsv" | ".jsonl" | ".ndjson" as suffix:
                temporary.write_text(render_table(frame, suffix), encoding="utf-8", newline="\n")
            case suffix:
                raise DataError(
                    f"{path}: the ending is {suffix or 'missing'!r}; expected one of "
                    f"{', '.join(SUFFIXES)}. Choose one of them."
                )


def render_table(frame: pd.DataFrame, suffix: str) -> str:
    """The text of `frame` as ``.csv``, ``.tsv`` or ``.jsonl``."""
    if suffix in (".jsonl", ".ndjson"):
        rows = frame.to_dict("records")
        return "".join(json.dumps(_plain(row), ensure_ascii=False) + "\n" for row in rows)
    buffer = io.StringIO()
    frame.to_csv(buffer, index=False, sep="\t" if suffix == ".tsv" else ",", lineterminator="\n")
    return buffer.getvalue()


def _plain(row: dict[Any, Any]) -> dict[str, object]:
    """A JSON-ready row: numpy scalars become Python's, missing values null."""
    plain: dict[str, object] = {}
    for key, value in row.items():
        if hasattr(value, "item"):
            value = value.item()
        missing = value is None or value is pd.NA or (isinstance(value, float) and value != value)
        plain[str(key)] = None if missing else value
    return plain


def _read_separated(text: str, separator: str, source: str) -> pd.DataFrame:
    if not text.strip():
        raise DataError(
            f"{source}: the file is empty; expected a header line and sentences. "
            "Check that it is the right file."
        )
    try:
        # The python engine counts rows as a person does and refuses ragged lines.
        frame = pd.read_csv(
            io.StringIO(text), sep=separator, dtype=str, keep_default_na=False, engine="python"
        )
    except (pd.errors.ParserError, ValueError) as error:
        raise DataError(
            f"{source}: {error}; expected the same number of fields in every line. "
            "Quote fields that contain the separator."
        ) from error
    return frame


def _read_jsonl(text: str, source: str) -> pd.DataFrame:
    rows: list[dict[str, object]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise DataError(
                f"{source}, line {number}: {error.msg}; expected one JSON object a line. "
                "Mend the line."
            ) from error
        if not isinstance(row, dict):
            raise DataError(
                f"{source}, line {number}: found a JSON {type(row).__name__}; expected an object "
                'such as {"text": "…"}. Mend the line.'
            )
        rows.append(row)
    if not rows:
        raise DataError(
            f"{source}: the file is empty; expected one JSON object a line. "
            "Check that it is the right file."
        )
    return pd.DataFrame(rows)


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path}: not a readable Parquet file ({error}). Write it again or use CSV."
        ) from error


def _read_dataset(name: str) -> pd.DataFrame:
    import datasets

    try:
        loaded = datasets.load_dataset(name)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{name}: neither a file nor a dataset that can be loaded "
            f"({type(error).__name__}: {error}). Check the name, or give a file ending in "
            f"{', '.join(SUFFIXES)}."
        ) from error
    frames = []
    for split, rows in loaded.items():
        frame = rows.to_pandas()
        for column, feature in rows.features.items():
            if isinstance(feature, datasets.ClassLabel):
                frame[column] = [feature.int2str(int(v)) for v in frame[column]]
        frames.append(frame if "split" in frame else frame.assign(split=str(split)))
    return pd.concat(frames, ignore_index=True)
