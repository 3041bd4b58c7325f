"""Vectors kept on disk under the checksum of what they were made from."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path

import numpy as np

from ceasefire_stance.corpus.errors import DataError

CACHE_FILE = "vectors.sqlite"
CACHE_BYTES = 256 * 2**20
"""What the kept vectors may take on disk: about 75,000 sentences of the default encoder."""
_TABLE = (
    "CREATE TABLE IF NOT EXISTS vectors "
    "(number INTEGER PRIMARY KEY, key BLOB UNIQUE, vector BLOB, seal BLOB)"
)
_OLDEST = "number IN (SELECT number FROM vectors ORDER BY number LIMIT 64)"


class VectorCache:
    """Keep vectors in a folder, within a stated size.

    Safe for several processes at once. A damaged entry, or a damaged file, counts as absent.

    Parameters
    ----------
    folder : path
        Holds the file ``vectors.sqlite``; made if it is not there.
    width : int
        Numbers in a vector.
    size_bytes : int, default=256 MiB
        The most that the content may take on disk; the oldest entries go first.
    """

    def __init__(self, folder: str | Path, width: int, size_bytes: int = CACHE_BYTES) -> None:
        self.path = Path(folder).expanduser() / CACHE_FILE
        self.width = width
        self.size_bytes = size_bytes

    def read(self, keys: Iterable[bytes]) -> dict[bytes, np.ndarray]:
        """The vectors of those `keys` that are there and undamaged.

        Raises
        ------
        DataError
            If the folder cannot be used.
        """
        found: dict[bytes, np.ndarray] = {}
        with self._open() as base:
            for key in set(keys):
                query = "SELECT vector, seal FROM vectors WHERE key = ?"
                row = base.execute(query, (key,)).fetchone()
                if row is not None and _seal(key, row[0]) == row[1]:
                    vector = np.frombuffer(row[0], dtype="<f4")
                    if len(vector) == self.width:
                        found[key] = vector
        return found

    def write(self, vectors: Mapping[bytes, np.ndarray]) -> None:
        """Keep `vectors`; the oldest entries make room for them.

        Raises
        ------
        DataError
            If the folder cannot be used.
        """
        rows = []
        for key, vector in vectors.items():
            content = np.asarray(vector, dtype="<f4").tobytes()
            rows.append((key, content, _seal(key, content)))
        with self._open() as base:
            # The lock is taken before anything is read, so that two writers wait for each other
            # and neither gives up. REPLACE mends a damaged entry.
            base.execute("BEGIN IMMEDIATE")
            base.executemany(
                "INSERT OR REPLACE INTO vectors (key, vector, seal) VALUES (?, ?, ?)", rows
            )
            while _used(base) > self.size_bytes:
                if not base.execute(f"DELETE FROM vectors WHERE {_OLDEST}").rowcount:
                    break

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection whose changes are kept if the block ends well."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connected()) as base, base:
                yield base
        except sqlite3.OperationalError as error:
            raise self._unusable(error) from error
        except sqlite3.DatabaseError:
            # Damaged: what it held can be computed again.
            self._remove()
        except OSError as error:
            raise self._unusable(error) from error

    def _connected(self) -> sqlite3.Connection:
        try:
            return self._prepared()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            self._remove()
            return self._prepared()

    def _prepared(self) -> sqlite3.Connection:
        base = sqlite3.connect(self.path, timeout=60, isolation_level=None)
        try:
            if not base.execute("SELECT 1 FROM sqlite_master WHERE name = 'vectors'").fetchone():
                with base:
                    base.execute("BEGIN IMMEDIATE")
                    base.execute(_TABLE)
        except BaseException:
            base.close()
            raise
        return base

    def _remove(self) -> None:
        # A journal left behind would be played back into the next file.
        for path in (self.path.with_name(CACHE_FILE + "-journal"), self.path):
            with suppress(FileNotFoundError):
                path.unlink()

    def _unusable(self, error: Exception) -> DataError:
        return DataError(
            f"{self.path}: expected a file that vectors can be kept in, but {error}. Choose "
            "another folder as cache, or delete the file."
        )


def _used(base: sqlite3.Connection) -> int:
    """Bytes of the file that are not free to be written again."""
    pages, free, size = (
        int(base.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _seal(key: bytes, content: bytes) -> bytes:
    return sha256(key + content).digest()[:16]
