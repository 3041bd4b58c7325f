"""``reproduce``: every reported number afresh, beside the published one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ceasefire_stance.cli.options import add_command, experiments_of, progress

if TYPE_CHECKING:
    from ceasefire_stance.experiments.reproducing import Outcome

MOST_DRIFTS = 8


def add_commands(commands: Any) -> None:
    """Add ``reproduce``."""
    parser = add_command(
        commands,
        "reproduce",
        "run recipes afresh and compare every number with the published one",
        "ceasefire-stance reproduce tfidf-logreg --real-news ../real-news/dev.jsonl",
        reproduce,
    )
    parser.add_argument("recipes", nargs="*", metavar="RECIPE", help="recipes to run [all]")
    parser.add_argument("--data", default="data", help="corpus folder [data]")
    parser.add_argument("--reports", default="reports", help="published reports [reports]")
    parser.add_argument("--readme", default="README.md", help="README with the generated table")
    parser.add_argument("--real-news", metavar="FILE", help="the real-news set, if you have it")
    parser.add_argument("--experiments", help="an experiments.toml of your own")
    parser.add_argument(
        "--update", action="store_true", help="publish the fresh results instead of comparing"
    )
    parser.add_argument(
        "--reuse",
        metavar="FOLDER",
        help="keep results there and take them again while nothing they depend on has changed",
    )


def reproduce(arguments: argparse.Namespace) -> int:
    """Run, compare, print; exit code 1 on drift."""
    from ceasefire_stance.experiments import check_against, publish, read_inputs, run_recipes
    from ceasefire_stance.experiments.publishing import (
        fresh_doubt,
        fresh_explanations,
        fresh_reading,
    )
    from ceasefire_stance.experiments.reproducing import (
        check_doubt,
        check_explanations,
        check_reading,
    )

    experiments = experiments_of(arguments)
    names = arguments.recipes or list(experiments.recipes)
    for name in names:
        experiments.recipe(name)
    real_news = Path(arguments.real_news) if arguments.real_news else None
    inputs = read_inputs(arguments.data, real_news)
    runs = run_recipes(
        names,
        inputs,
        experiments,
        reuse=Path(arguments.reuse) if arguments.reuse else None,
        progress=lambda line: progress(f"  {line}"),
    )
    reports = Path(arguments.reports)
    if arguments.update:
        publish(runs, reports, experiments, real_news, Path(arguments.data))
        _refresh_pages(Path(arguments.readme), Path(arguments.data), reports, experiments)
        print(f"{len(runs)} recipes published in {reports}")
        return 0
    outcomes = check_against(reports, runs)
    if experiments.default_model in runs:
        fresh = fresh_reading(reports, experiments, inputs, Path(arguments.data), real_news)
        if fresh is not None:
            outcomes.append(check_reading(reports, fresh))
        doubt = fresh_doubt(reports, experiments, inputs)
        if doubt is not None:
            outcomes.append(check_doubt(reports, doubt))
        progress("  explanations: occlusion asks the model again for every word")
        explanations = fresh_explanations(reports, experiments, inputs)
        if explanations is not None:
            outcomes.append(check_explanations(reports, explanations))
    print(_table(outcomes))
    if real_news is None:
        print(
            "real-news figures were not checked: no --real-news FILE was given (the texts belong "
            "to their publishers and are not part of the project)"
        )
    return _verdict(outcomes, len(runs))


def _refresh_pages(readme: Path, data: Path, reports: Path, experiments: Any) -> None:
    from ceasefire_stance.corpus.atomic import write_text
    from ceasefire_stance.experiments.publishing import refresh_data_card, refresh_readme

    if readme.is_file():
        write_text(readme, refresh_readme(readme, reports, experiments))
    card = data / "README.md"
    if card.is_file():
        write_text(card, refresh_data_card(card, data))


def _table(outcomes: list[Outcome]) -> str:
    lines = [f"{'recipe':<28}{'set':<20}{'published':>10}{'now':>10}{'difference':>12}"]
    for outcome in outcomes:
        for name, now in outcome.now.items():
            was = outcome.published.get(name)
            published = "–" if was is None else f"{was:.4f}"
            difference = "–" if was is None else f"{now - was:+.4f}"
            lines.append(f"{outcome.name:<28}{name:<20}{published:>10}{now:>10.4f}{difference:>12}")
    return "\n".join(lines)


def _verdict(outcomes: list[Outcome], recipes: int) -> int:
    drifted = [o for o in outcomes if o.drifts]
    for outcome in drifted:
        print(f"\n{outcome.name}: {len(outcome.drifts)} numbers differ", file=sys.stderr)
        for drift in outcome.drifts[:MOST_DRIFTS]:
            print(f"  {drift.where}: {drift.published} → {drift.now}", file=sys.stderr)
        if len(outcome.drifts) > MOST_DRIFTS:
            print(f"  … and {len(outcome.drifts) - MOST_DRIFTS} more", file=sys.stderr)
    if drifted:
        print(
            f"\n{len(drifted)} of {len(outcomes)} pages drifted from what is published. Find the "
            "cause, or publish the new figures with --update.",
            file=sys.stderr,
        )
        return 1
    print(f"all numbers of {recipes} recipes are as published")
    return 0
