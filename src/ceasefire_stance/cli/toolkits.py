"""``compare-toolkits``, ``compare-public``: others on our sentences, we on others' tweets."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ceasefire_stance.cli.options import add_command, experiments_of, progress


def add_commands(commands: Any) -> None:
    """Add ``compare-toolkits`` and ``compare-public``."""
    parser = add_command(
        commands,
        "compare-toolkits",
        "train toolkits of others on the corpus and score them beside the shipped recipe",
        "ceasefire-stance compare-toolkits --real-news dev.jsonl --only fasttext spacy-bow",
        compare_toolkits,
    )
    parser.add_argument("--real-news", metavar="FILE", help="the real-news set; needed to train")
    parser.add_argument("--out", default="reports/toolkits", help="folder [reports/toolkits]")
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", help="train these and keep what is there of others"
    )
    parser.add_argument(
        "--predictions",
        action="append",
        default=[],
        type=_named_file,
        metavar="NAME=FILE",
        help="add a row from predictions with the column set, such as a recipe's; give it again "
        "for another seed. All rows answer by our rule; nothing is trained",
    )
    parser.add_argument(
        "--score-only", action="store_true", help="score the predictions there are; train nothing"
    )
    parser.add_argument("--data", default="data", help="corpus folder [data]")
    parser.add_argument("--reports", default="reports", help="published reports [reports]")
    parser.add_argument("--experiments", help="an experiments.toml of your own")

    parser = add_command(
        commands,
        "compare-public",
        "train the recipes of words on TweetEval's stance task, beside its published baselines",
        "ceasefire-stance compare-public tweeteval/datasets/stance",
        compare_public,
    )
    parser.add_argument("folder", help="the folder datasets/stance of a checkout of TweetEval")
    parser.add_argument("--out", default="reports/public", help="folder [reports/public]")
    parser.add_argument("--experiments", help="an experiments.toml of your own")


def compare_toolkits(arguments: argparse.Namespace) -> int:
    """Train and score, or score alone, and print the table."""
    import json

    from ceasefire_stance.corpus.errors import DataError
    from ceasefire_stance.evaluation.toolkits_page import toolkits_table
    from ceasefire_stance.experiments import toolkits
    from ceasefire_stance.experiments.comparisons import TOOLKITS

    experiments = experiments_of(arguments)
    places = {k: Path(getattr(arguments, v)) for k, v in
              (("corpus", "data"), ("reports", "reports"), ("out", "out"))}  # fmt: skip
    if arguments.score_only or arguments.predictions:
        added: dict[str, list[Path]] = {}
        for name, path in arguments.predictions:
            added.setdefault(name, []).append(path)
        toolkits.rescore(added, experiments, **places)
    elif arguments.real_news:
        toolkits.compare_toolkits(
            arguments.only or list(TOOLKITS),
            Path(arguments.real_news),
            experiments,
            **places,
            progress=lambda line: progress(f"  {line}"),
        )
    else:
        raise DataError(
            "--real-news is missing; expected the file with the texts, to train and predict. Give "
            "it, or score the published predictions again with --score-only."
        )
    text = (places["out"] / "metrics.json").read_text(encoding="utf-8")
    print(toolkits_table(json.loads(text)))
    return 0


def compare_public(arguments: argparse.Namespace) -> int:
    """Train, score and print the table."""
    from ceasefire_stance.evaluation.public_page import public_table
    from ceasefire_stance.experiments.public_stances import compare_public as run

    metrics = run(
        Path(arguments.folder),
        experiments_of(arguments),
        Path(arguments.out),
        progress=lambda line: progress(f"  {line}"),
    )
    print(public_table(metrics))
    return 0


def _named_file(value: str) -> tuple[str, Path]:
    name, sign, path = value.partition("=")
    if not (name and sign and path):
        raise argparse.ArgumentTypeError(f"{value!r}: expected NAME=FILE")
    return name, Path(path)
