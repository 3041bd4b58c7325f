"""Options that several commands share."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire_stance.experiments.settings import Experiments


def add_command(
    commands: Any, name: str, summary: str, example: str, function: object
) -> argparse.ArgumentParser:
    """A subcommand with an example beneath its help."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(function=function)
    return parser


def add_label_options(parser: argparse.ArgumentParser) -> None:
    """How a user's own table names its columns and labels."""
    parser.add_argument("--text-column", default="text", help="column of the sentences [text]")
    parser.add_argument("--label-column", default="stance", help="column of the labels [stance]")
    parser.add_argument(
        "--map-label",
        action="append",
        default=[],
        type=label_pair,
        metavar="YOURS=OURS",
        help="your label and the stance it means, e.g. accept=accepts; may be repeated",
    )


def label_pair(value: str) -> tuple[str, str]:
    """Parse ``accept=accepts``."""
    yours, sign, ours = value.partition("=")
    if not (sign and yours and ours):
        raise argparse.ArgumentTypeError(f"{value!r}: expected YOURS=OURS, such as accept=accepts")
    return yours, ours


def labelled_sentences(arguments: argparse.Namespace, source: str) -> pd.DataFrame:
    """A user's labelled table, read and checked under the label options."""
    from ceasefire_stance.corpus.sentences import complete
    from ceasefire_stance.corpus.tables import read_table

    return complete(
        read_table(source),
        source=source,
        text_column=arguments.text_column,
        label_column=arguments.label_column,
        map_label=dict(arguments.map_label),
    )


def labelled_data(arguments: argparse.Namespace) -> tuple[pd.DataFrame, str]:
    """The sentences of ``--data`` (a corpus folder or a table) and their fingerprint."""
    from ceasefire_stance.corpus.manifest import (
        MANIFEST,
        corpus_fingerprint,
        frame_fingerprint,
        load_corpus,
    )

    if (Path(arguments.data) / MANIFEST).is_file() or arguments.data == "data":
        return load_corpus(arguments.data), corpus_fingerprint(arguments.data)
    frame = labelled_sentences(arguments, arguments.data)
    return frame, frame_fingerprint(frame)


def experiments_of(arguments: argparse.Namespace) -> Experiments:
    """The recipes: those of ``--experiments``, or the packed ones."""
    from ceasefire_stance.experiments.settings import load_experiments

    return load_experiments(arguments.experiments)


def output_shape_is_usable(command: str, shape: str, out: str | None, endings: str) -> bool:
    """Whether a form of output was found and can go to `out`; says on stderr why not."""
    if not shape:
        print(
            f"ceasefire-stance {command}: --out {out}: expected a name in {endings}, or --format",
            file=sys.stderr,
        )
        return False
    if shape == "parquet" and not out:
        print(f"ceasefire-stance {command}: --format parquet needs --out FILE", file=sys.stderr)
        return False
    return True


def write_output(text: str, out: str | None) -> None:
    """Write `text` to the file `out`, whole or not at all, or to stdout."""
    from ceasefire_stance.corpus.atomic import write_text

    if out:
        write_text(out, text)
    else:
        sys.stdout.write(text)


def progress(line: str) -> None:
    """One line of progress on stderr."""
    print(line, file=sys.stderr, flush=True)
