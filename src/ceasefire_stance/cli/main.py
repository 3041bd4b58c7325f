"""Entry point: the parser, exit codes, and nothing that computes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from ceasefire_stance import __version__
from ceasefire_stance.cli import (
    articles,
    data,
    explaining,
    learning,
    predicting,
    real_news,
    reproducing,
    runs,
    toolkits,
    tuning,
)

EXIT_DONE, EXIT_CHECK_FAILED, EXIT_USAGE, EXIT_DATA, EXIT_MODEL = 0, 1, 2, 3, 4
EXIT_INTERRUPTED = 130

_EPILOG = """exit codes:
  0 done   1 a check failed (drift)   2 usage   3 bad data
  4 model missing, incompatible or untrusted   130 interrupted

example:
  ceasefire-stance predict article.txt
"""


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="ceasefire-stance",
        description="Who accepts, who rejects and who sets conditions for a ceasefire.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for group in (
        articles,
        predicting,
        explaining,
        learning,
        tuning,
        reproducing,
        data,
        real_news,
        runs,
        toolkits,
    ):
        group.add_commands(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors go to stderr in one line."""
    arguments = build_parser().parse_args(argv)
    try:
        return int(arguments.function(arguments))
    except KeyboardInterrupt:
        print("interrupted; nothing half-written was left", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has gone; that is no error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_DONE
    except OSError as error:
        print(
            f"ceasefire-stance: {error.filename or ''}: {error.strerror or error}. Check the path "
            "and its permissions.",
            file=sys.stderr,
        )
        return EXIT_DATA
    except Exception as error:
        code = _exit_code(error)
        if code is None:
            raise
        print(f"ceasefire-stance: {error}", file=sys.stderr)
        return code


def _exit_code(error: Exception) -> int | None:
    # By name, so that the help needs none of the heavy imports.
    names = {t.__name__ for t in type(error).__mro__ if t.__module__.startswith("ceasefire_stance")}
    if "DataError" in names:
        return EXIT_DATA
    if "ModelError" in names:
        return EXIT_MODEL
    return None


def run() -> None:
    """Entry point of the console script."""
    sys.exit(main())


if __name__ == "__main__":
    run()
