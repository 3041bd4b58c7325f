"""``compare-runs``: what the network's scores owe to the seed of its tuning."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ceasefire_stance.cli.options import add_command, experiments_of, progress


def add_commands(commands: Any) -> None:
    """Add ``compare-runs``."""
    parser = add_command(
        commands,
        "compare-runs",
        "score several networks that finetune has made from different seeds",
        "ceasefire-stance compare-runs models/default models/run-1 --real-news dev.jsonl",
        compare_runs,
    )
    parser.add_argument("runs", nargs="*", metavar="FOLDER", help="tuned networks, one a seed")
    parser.add_argument(
        "--averaged", action="append", default=[], metavar="FOLDER",
        help="a network that is the mean of several runs; may be repeated",
    )  # fmt: skip
    parser.add_argument("--add", action="store_true", help="keep the runs that the page has")
    parser.add_argument("--real-news", metavar="FILE", help="the real-news set; needed to predict")
    parser.add_argument("--out", default="reports/runs", help="folder [reports/runs]")
    parser.add_argument("--score-only", action="store_true", help="score the predictions there are")
    parser.add_argument("--data", default="data", help="corpus folder [data]")
    parser.add_argument("--reports", default="reports", help="published reports [reports]")
    parser.add_argument("--experiments", help="an experiments.toml of your own")


def compare_runs(arguments: argparse.Namespace) -> int:
    """Predict and score, or score alone, and print the table."""
    from ceasefire_stance.corpus.errors import DataError
    from ceasefire_stance.evaluation.runs_page import runs_table
    from ceasefire_stance.experiments import runs

    experiments = experiments_of(arguments)
    places = {k: Path(getattr(arguments, v)) for k, v in
              (("corpus", "data"), ("reports", "reports"), ("out", "out"))}  # fmt: skip
    if arguments.score_only:
        metrics = runs.rescore_runs(experiments, **places)
    elif arguments.real_news:
        metrics = runs.compare_runs(
            [Path(folder) for folder in arguments.runs],
            [Path(folder) for folder in arguments.averaged],
            Path(arguments.real_news),
            experiments,
            **places,
            add=arguments.add,
            progress=lambda line: progress(f"  {line}"),
        )
    else:
        raise DataError(
            "--real-news is missing; expected the file with the texts, to predict. Give it, or "
            "score the published predictions again with --score-only."
        )
    print(runs_table(metrics))
    return 0
