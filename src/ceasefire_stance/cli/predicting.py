"""``predict``: sentences or articles in, stances out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ceasefire_stance.cli.options import add_command, output_shape_is_usable, write_output

if TYPE_CHECKING:
    import pandas as pd

TABLE_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")


def add_commands(commands: Any) -> None:
    """Add ``predict``."""
    parser = add_command(
        commands,
        "predict",
        "predict the stance of each sentence of articles or tables",
        "ceasefire-stance predict article.txt --format csv --out stances.csv",
        predict,
    )
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="an article (.txt .html .pdf; split into sentences), a table (.csv .tsv .jsonl "
        ".parquet; "
        "one sentence a row), or - for stdin (one sentence a line)",
    )
    parser.add_argument("--model", help="name of a shipped model or a model folder [default]")
    parser.add_argument("--text-column", default="text", help="column of the sentences [text]")
    parser.add_argument(
        "--format", choices=("table", "csv", "jsonl", "parquet"), help="form of the output [table]"
    )
    parser.add_argument("--out", help="file to write to [stdout]")
    parser.add_argument(
        "--claims-only", action="store_true", help="table only: leave out the sentences with none"
    )


def predict(arguments: argparse.Namespace) -> int:
    """Read, predict, write."""
    from ceasefire_stance.learning.predicting import predict_sentences
    from ceasefire_stance.learning.store import load_model

    shape = arguments.format or _shape_of(arguments.out)
    endings = ".csv, .jsonl, .parquet or .txt"
    if not output_shape_is_usable("predict", shape, arguments.out, endings):
        return 2
    model = load_model(arguments.model)
    sentences = _read_all(arguments.files, arguments.text_column)
    predictions = predict_sentences(sentences, model)
    result = sentences.drop(
        columns=[c for c in predictions if c != "sentence_id" and c in sentences]
    )
    result = result.reset_index(drop=True)
    for column in predictions.columns.drop("sentence_id"):
        result[column] = predictions[column]
    _write(result, shape, arguments)
    return 0


def _shape_of(out: str | None) -> str:
    suffix = Path(out).suffix.lower() if out else ""
    shapes = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
    return shapes.get(suffix, "" if suffix and suffix != ".txt" else "table")


def _read_all(files: list[str], text_column: str) -> pd.DataFrame:
    import pandas as pd

    frames = []
    for name in files:
        frames.append(_read_one(name, text_column))
    if len(frames) == 1:
        return frames[0]
    joined = pd.concat(frames, ignore_index=True)
    joined["sentence_id"] = _unique(joined["sentence_id"].tolist())
    return joined


def _unique(ids: list[str]) -> list[str]:
    """Ids of several files made unique: a repeated one gets a number behind it."""
    seen: dict[str, int] = {}
    out = []
    for one in ids:
        seen[one] = seen.get(one, 0) + 1
        out.append(one if seen[one] == 1 else f"{one}#{seen[one]}")
    return out


def _read_one(name: str, text_column: str) -> pd.DataFrame:
    import pandas as pd

    from ceasefire_stance.corpus.errors import DataError
    from ceasefire_stance.corpus.sentences import complete
    from ceasefire_stance.corpus.tables import decode, read_table
    from ceasefire_stance.reading import article_sentences, read_article

    if name == "-":
        text = decode(sys.stdin.buffer.read(), "stdin")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if not lines:
            raise DataError(
                "stdin: nothing to read; expected one sentence a line. Check what is piped in."
            )
        frame = pd.DataFrame({"article_id": "stdin", "position": range(len(lines)), "text": lines})
        return complete(frame.assign(context=""), source="stdin")
    if Path(name).suffix.lower() in TABLE_SUFFIXES:
        return complete(read_table(name), source=name, text_column=text_column)
    return article_sentences(read_article(name))


def _write(result: pd.DataFrame, shape: str, arguments: argparse.Namespace) -> None:
    from ceasefire_stance.corpus.atomic import whole_file
    from ceasefire_stance.corpus.tables import render_table

    if shape == "parquet":
        with whole_file(arguments.out) as temporary:
            result.to_parquet(temporary, index=False)
        return
    if shape == "table":
        text = _as_table(result, arguments.claims_only)
    else:
        text = render_table(result, f".{shape}")
    write_output(text, arguments.out)


def _as_table(result: pd.DataFrame, claims_only: bool) -> str:
    import textwrap

    width = 100
    lines = [f"{'sentence':<22} {'stance':<12} {'p':>4}  text"]
    for row in result.to_dict("records"):
        stance = row["stance"]
        if claims_only and stance == "none":
            continue
        head = f"{row['sentence_id']!s:<22} {stance:<12} {row[f'p_{stance}']:4.2f}  "
        body = textwrap.wrap(str(row["text"]), width - 20) or [""]
        lines.append(head + body[0])
        lines += [" " * len(head) + more for more in body[1:]]
    counts = result["stance"].value_counts()
    tally = ", ".join(f"{counts.get(s, 0)} {s}" for s in sorted(counts.index))
    return "\n".join([*lines, "", f"{len(result)} sentences: {tally}"]) + "\n"
