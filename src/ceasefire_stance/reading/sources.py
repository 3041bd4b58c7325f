"""Every piece of text in a folder, file or archive, whatever its format."""

from __future__ import annotations

import gzip
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from ceasefire_stance.corpus.errors import DataError

_MARKDOWN_TARGET = re.compile(r"\]\([^)\s]*\)")
_BINARY = (".png", ".jpg", ".jpeg", ".gif", ".pdf", ".parquet", ".skops", ".onnx", ".npy", ".npz")
_ESCAPE = re.compile(r'\\(?:u[0-9a-fA-F]{4}|["\\/bfnrt])')


def iterate_texts(source: str | Path) -> Iterator[tuple[str, str]]:
    """Walk `source` and yield (name of the file, text), one file in memory at a time.

    Text, HTML, Markdown and CSV files are one text each; of JSON and JSONL files every string
    is taken, one a line; zip and gzip archives are opened. Binary files and the folder ``.git``
    are passed over. Text that is not UTF-8 is read as Windows-1252.

    Raises
    ------
    DataError
        If `source` does not exist.
    """
    root = Path(source)
    if not root.exists():
        raise DataError(f"{root}: no such file or folder; expected copies of articles.")
    files = [root] if root.is_file() else sorted(p for p in root.rglob("*") if p.is_file())
    for path in files:
        if ".git" not in path.parts:
            yield from _open(str(path), path.read_bytes())


def _open(name: str, raw: bytes) -> Iterator[tuple[str, str]]:
    suffix = Path(name).suffix.lower()
    if suffix == ".gz" or raw[:2] == b"\x1f\x8b":
        try:
            yield from _open(name.removesuffix(suffix), gzip.decompress(raw))
        except (OSError, EOFError, zlib.error):
            return
    elif raw[:4] == b"PK\x03\x04":
        yield from _unzip(name, raw)
    elif suffix in _BINARY or b"\0" in raw[:4096]:
        return
    elif suffix in (".json", ".jsonl", ".ndjson", ".ipynb"):
        # Put together again: thousands of short strings are slow to look through one by one.
        yield name, "\n".join(_json_strings(_decode(raw)))
    else:
        text = _decode(raw)
        yield name, _MARKDOWN_TARGET.sub("]", text) if suffix in (".md", ".markdown") else text


def _unzip(name: str, raw: bytes) -> Iterator[tuple[str, str]]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
    except zipfile.BadZipFile:
        return
    for entry in archive.namelist():
        if entry.endswith("/"):
            continue
        try:
            content = archive.read(entry)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, zlib.error):
            # Broken or encrypted: the other members may still be whole.
            continue
        yield from _open(f"{name}/{entry}", content)


def _decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _json_strings(text: str) -> Iterator[str]:
    try:
        yield from _strings(json.loads(text))
        return
    except (json.JSONDecodeError, RecursionError):
        pass
    for line in text.split("\n"):
        if line.strip():
            try:
                yield from _strings(json.loads(line))
            except (json.JSONDecodeError, RecursionError):
                # Not JSON after all, or cut off: its text may still be there between the escapes.
                yield _ESCAPE.sub(_unescape, line)


def _unescape(match: re.Match[str]) -> str:
    escape = match[0]
    if escape[1] == "u":
        return chr(int(escape[2:], 16))
    return escape[1] if escape[1] in '"\\/' else " "


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
