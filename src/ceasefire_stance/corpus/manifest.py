"""The project's corpus on disk: its files, their checksums and its fingerprint."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pandas as pd

from ceasefire_stance.corpus.atomic import write_text
from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.sentences import sentences_from_claims, with_context
from ceasefire_stance.corpus.splits import SPLITS
from ceasefire_stance.corpus.stances import STANCES
from ceasefire_stance.corpus.tables import read_table, render_table

MANIFEST = "manifest.json"
SENTENCE_COLUMNS = (
    "sentence_id", "article_id", "position", "text", "context", "title", "stance", "several",
    "holder", "actor", "conflict", "split", "synthetic", "writer", "style", "published",
)  # fmt: skip
CLAIM_COLUMNS = (
    "sentence_id", "article_id", "position", "text", "title", "stance", "holder", "actor",
    "conflict", "split", "synthetic", "writer", "style", "published", "label_a", "label_b",
)  # fmt: skip


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def read_claims(folder: str | Path) -> pd.DataFrame:
    """The claims configuration of the corpus in `folder`, all splits, in stored order."""
    return _read_splits(Path(folder), "claims")


def load_corpus(folder: str | Path) -> pd.DataFrame:
    """The sentences configuration of the corpus in `folder`, checked against its manifest.

    Raises
    ------
    DataError
        If a file is missing or its checksum is not the manifest's.
    """
    root = Path(folder)
    verify_manifest(root)
    return _read_splits(root, "sentences")


def save_corpus(claims: pd.DataFrame, folder: str | Path, version: str) -> None:
    """Write claims, the sentences made from them, and the manifest.

    Parameters
    ----------
    claims : DataFrame
        One row per claim with the columns of `CLAIM_COLUMNS`; `split` decides the file.
    """
    root = Path(folder)
    check_claims(claims, str(root))
    sentences = with_context(sentences_from_claims(claims))
    for kind, frame, columns in (
        ("claims", claims, CLAIM_COLUMNS),
        ("sentences", sentences, SENTENCE_COLUMNS),
    ):
        for split in SPLITS:
            rows = frame.loc[frame["split"] == split, list(columns)]
            path = root / kind / f"{split}.jsonl"
            if len(rows):
                write_text(path, render_table(rows, ".jsonl"))
            else:
                path.unlink(missing_ok=True)
    write_manifest(root, version)


def check_claims(claims: pd.DataFrame, source: str) -> None:
    """Raise DataError for unknown stances or splits, empty texts, or an article in two splits."""
    for column, known in (("stance", set(STANCES)), ("split", set(SPLITS))):
        bad = claims[~claims[column].isin(known)]
        if len(bad):
            raise DataError(
                f"{source}: sentence {bad['sentence_id'].iloc[0]} has the {column} "
                f"{bad[column].iloc[0]!r}; expected one of {', '.join(sorted(known))}. Correct it."
            )
    empty = claims[claims["text"].str.strip() == ""]
    if len(empty):
        raise DataError(
            f"{source}: sentence {empty['sentence_id'].iloc[0]} has no text; expected a string. "
            "Fill it in or remove the row."
        )
    splits = claims.groupby("article_id")["split"].nunique()
    if (splits > 1).any():
        raise DataError(
            f"{source}: article {splits.idxmax()} is in {splits.max()} splits; expected one. Put "
            "all of its sentences in the same file."
        )


def write_manifest(folder: str | Path, version: str) -> None:
    """Record the checksum of every data file of `folder` under `version`."""
    root = Path(folder)
    files = {str(p.relative_to(root).as_posix()): sha256(p) for p in _data_files(root)}
    manifest = {"version": version, "files": files}
    write_text(root / MANIFEST, json.dumps(manifest, indent=2) + "\n")


def verify_manifest(folder: str | Path) -> dict[str, object]:
    """Check every file the manifest names; return the manifest.

    Raises
    ------
    DataError
        If the manifest or a file is missing, altered, or not listed.
    """
    root = Path(folder)
    manifest = _read_manifest(root)
    listed = manifest["files"]
    assert isinstance(listed, dict)
    for name, checksum in listed.items():
        file = root / name
        if not file.is_file():
            raise DataError(f"{file}: missing, but the manifest lists it. Restore it from git.")
        if sha256(file) != checksum:
            raise DataError(
                f"{file}: the SHA-256 is {sha256(file)[:12]}…, the manifest says {checksum[:12]}…. "
                "Restore the file, or after an intended change run: ceasefire-stance data build"
            )
    extra = {p.relative_to(root).as_posix() for p in _data_files(root)} - set(listed)
    if extra:
        raise DataError(
            f"{root}: {sorted(extra)[0]} is not in the manifest. Remove it, or run: "
            "ceasefire-stance data build"
        )
    return manifest


def manifest_version(folder: str | Path) -> str:
    """The version of a corpus, whether or not its files are as the manifest says."""
    return str(_read_manifest(Path(folder))["version"])


def _read_manifest(root: Path) -> dict[str, object]:
    path = root / MANIFEST
    if not path.is_file():
        raise DataError(
            f"{path}: no such file; expected the manifest of a corpus. Give the folder that holds "
            "it (in a checkout: data), or a table with --data FILE."
        )
    manifest: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return manifest


def corpus_fingerprint(folder: str | Path) -> str:
    """Version and SHA-256 of the sentence files of a corpus, as one short string."""
    manifest = verify_manifest(folder)
    files = manifest["files"]
    assert isinstance(files, dict)
    joined = "\n".join(f"{n} {c}" for n, c in sorted(files.items()) if n.startswith("sentences/"))
    return f"{manifest['version']}-{hashlib.sha256(joined.encode()).hexdigest()[:16]}"


def frame_fingerprint(frame: pd.DataFrame) -> str:
    """SHA-256 over ids, texts and labels of a frame that is not the project's corpus."""
    columns = [c for c in ("sentence_id", "text", "context", "stance") if c in frame]
    text = render_table(frame[columns], ".jsonl")
    return "user-" + hashlib.sha256(text.encode()).hexdigest()[:16]


def _data_files(root: Path) -> list[Path]:
    return sorted(p for kind in ("claims", "sentences", "real-news")
                  for p in (root / kind).glob("*.jsonl"))  # fmt: skip


def _read_splits(root: Path, kind: str) -> pd.DataFrame:
    present = [s for s in SPLITS if (root / kind / f"{s}.jsonl").is_file()]
    if not present:
        raise DataError(
            f"{root / kind}: no split files; expected {', '.join(f'{s}.jsonl' for s in SPLITS)}. "
            "Give the folder of a corpus."
        )
    frames = [read_table(root / kind / f"{split}.jsonl") for split in present]
    return pd.concat(frames, ignore_index=True)
