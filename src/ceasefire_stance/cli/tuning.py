"""``finetune``, ``average-networks``: make the network that recipes of the kind ``network`` use."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from ceasefire_stance.cli.options import add_command, experiments_of, progress

_STEPS_BETWEEN = 50


def add_commands(commands: Any) -> None:
    """Add ``finetune`` and ``average-networks``."""
    parser = add_command(
        commands,
        "finetune",
        "tune a pretrained encoder to the stances, as [tuning] in experiments.toml says "
        "(extra finetune)",
        "ceasefire-stance finetune --out models/network",
        finetune,
    )
    parser.add_argument("--out", required=True, help="folder to write; goes on from a broken run")
    parser.add_argument("--data", default="data", help="corpus folder [data]")
    parser.add_argument("--experiments", help="an experiments.toml of your own")
    parser.add_argument("--weights", help="all-MiniLM-L6-v2, a folder, or hub:owner/name")
    parser.add_argument("--seed", type=int, help="of order and dropout in the first run")
    parser.add_argument("--runs", type=int, help="with seeds one after another; weights averaged")
    parser.add_argument("--writers", nargs="+", help="learn the sentences of these alone [all]")
    parser.add_argument("--epochs", type=int, help="passes over the sentences")
    parser.add_argument("--bits", type=int, choices=(32, 8, 4), help="of a weight in the file")
    parser.add_argument(
        "--start",
        metavar="FOLDER",
        help="go on from this network of 32 bits; its weights and the new ones are averaged",
    )
    parser.add_argument(
        "--teacher",
        action="append",
        default=[],
        metavar="FOLDER",
        help="learn from this tuned network too; may be repeated",
    )
    averaging = add_command(
        commands,
        "average-networks",
        "write the mean of networks that finetune has made with different seeds (extra encoder)",
        "ceasefire-stance average-networks run-0 run-1 run-2 --out models/network",
        average,
    )
    averaging.add_argument("networks", nargs="+", metavar="FOLDER", help="tuned networks")
    averaging.add_argument("--out", required=True, help="folder to write")
    averaging.add_argument("--weights", help="what they were tuned from; as for finetune")
    averaging.add_argument("--bits", type=int, choices=(32, 8, 4), help="of a weight in the file")
    averaging.add_argument("--experiments", help="an experiments.toml of your own")


def average(arguments: argparse.Namespace) -> int:
    """Average networks."""
    from ceasefire_stance.experiments.tuning import average_tuned

    tuning = _tuning_of(arguments, "weights", "bits")
    average_tuned(arguments.networks, arguments.out, tuning)
    print(f"{arguments.out}: the mean of {len(arguments.networks)} networks")
    return 0


def finetune(arguments: argparse.Namespace) -> int:
    """Tune, with progress on stderr."""
    from ceasefire_stance.experiments.tuning import tune_network

    tuning = _tuning_of(arguments, "weights", "seed", "runs", "epochs", "bits", "writers")
    losses = tune_network(
        arguments.data,
        arguments.out,
        tuning,
        teachers=arguments.teacher,
        start=arguments.start,
        progress=_shown,
    )
    progress("")
    print(f"{arguments.out}: tuned in {len(losses)} epochs; mean loss {losses[-1]:.3f} in the last")
    return 0


def _tuning_of(arguments: argparse.Namespace, *options: str) -> dict[str, Any]:
    """The section [tuning], with what the command line says of `options` instead."""
    told = {name: getattr(arguments, name) for name in options}
    section = experiments_of(arguments).tuning
    return {**section, **{name: value for name, value in told.items() if value is not None}}


def _shown(step: int, steps: int, loss: float) -> None:
    # A run takes half an hour: it is shown in logs too, but seldom.
    if sys.stderr.isatty():
        print(f"\rstep {step} of {steps}, loss {loss:.3f} ", end="", file=sys.stderr, flush=True)
    elif step % _STEPS_BETWEEN == 0 or step == steps:
        print(f"step {step} of {steps}, loss {loss:.3f}", file=sys.stderr, flush=True)
