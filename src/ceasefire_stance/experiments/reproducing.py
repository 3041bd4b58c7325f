"""Reproduce every reported number and compare it with the published one."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd
from joblib import Parallel, delayed

from ceasefire_stance.corpus.atomic import write_text
from ceasefire_stance.corpus.manifest import sha256
from ceasefire_stance.corpus.tables import read_table, render_table
from ceasefire_stance.evaluation.doubt_page import DOUBT_FILE
from ceasefire_stance.evaluation.drift import Drift, find_drift
from ceasefire_stance.evaluation.explanations_page import EXPLANATIONS_FILE
from ceasefire_stance.evaluation.pages import METRICS_FILE, PREDICTIONS_FILE
from ceasefire_stance.evaluation.reading_page import READING_FILE
from ceasefire_stance.evaluation.tables import with_numbers
from ceasefire_stance.experiments.publishing import (
    DOUBT_FOLDER,
    EXPLANATIONS_FOLDER,
    READING_FOLDER,
)
from ceasefire_stance.experiments.running import Inputs, Run, run_recipe
from ceasefire_stance.experiments.settings import Experiments
from ceasefire_stance.learning.recipes import network_folder
from ceasefire_stance.learning.store import library_versions
from ceasefire_stance.learning.tuned_folder import tuned_information

REAL_NEWS_SETS = ("real_news_all", "real_news_window")


@dataclass(frozen=True)
class Outcome:
    """What a reproduction of one recipe found.

    Parameters
    ----------
    name : str
        The recipe.
    published, now : dict
        Headline figures by set; `published` is empty if nothing was committed.
    drifts : list of Drift
        Every number and label that differs.
    """

    name: str
    published: dict[str, float]
    now: dict[str, float]
    drifts: list[Drift]


def run_recipes(
    names: Sequence[str],
    inputs: Inputs,
    experiments: Experiments,
    *,
    reuse: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Run]:
    """Run recipes, two at a time, and return their results in the order of `names`.

    Parameters
    ----------
    reuse : Path, optional
        A folder of earlier results. A recipe whose inputs (package code, recipe, corpus, real
        news, library versions) are the same as before is taken from there.
    progress : callable
        Called with one line when a recipe is done.
    """
    keys = {name: _key(name, inputs, experiments) for name in names}
    done: dict[str, Run] = {}
    for name in names:
        if reuse and (run := _recall(reuse, keys[name])):
            done[name] = run
            progress(f"{name}: inputs unchanged, earlier results taken")
    todo = [n for n in names if n not in done]
    # A network computes on all cores: one after the other, after those that are run in pairs.
    alone = [n for n in todo if network_folder(experiments.recipe(n))]
    paired = [n for n in todo if n not in alone]
    workers = max(1, min(2, os.cpu_count() or 1, len(paired) or 1))
    results = Parallel(n_jobs=workers, return_as="generator")(
        delayed(run_recipe)(experiments.recipe(name), inputs, experiments) for name in paired
    )
    rest = (run_recipe(experiments.recipe(name), inputs, experiments) for name in alone)
    for name, run in zip([*paired, *alone], chain(results, rest), strict=True):
        done[name] = run
        progress(f"{name}: trained and scored")
        if reuse:
            _remember(reuse, keys[name], run)
    return {name: done[name] for name in names}


def check_against(reports: Path, runs: dict[str, Run]) -> list[Outcome]:
    """Compare fresh runs with the committed ones."""
    outcomes = []
    for name, run in runs.items():
        path = reports / name / METRICS_FILE
        published = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        drifts = list(find_drift(*_comparable(published, run.metrics)))
        drifts += _label_drift(reports / name / PREDICTIONS_FILE, run.predictions)
        outcomes.append(Outcome(name, _headline(published), _headline(run.metrics), drifts))
    return outcomes


def check_reading(reports: Path, fresh: dict[str, Any]) -> Outcome:
    """Compare fresh figures on holders and actors with the committed ones."""

    def whole(scores: dict[str, Any]) -> float:
        return float(next(iter(scores["chain"].values()))["f1"]["value"])

    return _check_page(reports / READING_FOLDER / READING_FILE, fresh, "chain", whole)


def check_doubt(reports: Path, fresh: dict[str, Any]) -> Outcome:
    """Compare fresh figures on abstention with the committed ones."""

    def answered(scores: dict[str, Any]) -> float:
        return float(scores["abstention"]["coverage"]["value"])

    return _check_page(reports / DOUBT_FOLDER / DOUBT_FILE, fresh, "answered", answered)


def check_explanations(reports: Path, fresh: dict[str, Any]) -> Outcome:
    """Compare fresh figures on explanations with the committed ones."""

    def area(scores: dict[str, Any]) -> float:
        return float(scores["area"]["value"])

    path = reports / EXPLANATIONS_FOLDER / EXPLANATIONS_FILE
    return _check_page(path, fresh, "area", area)


def _check_page(
    path: Path, fresh: dict[str, Any], headline: str, value: Callable[[dict[str, Any]], float]
) -> Outcome:
    """Compare a page's fresh figures with the committed ones; `value` is its headline of a set."""
    published = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if not set(REAL_NEWS_SETS) & set(fresh["sets"]):
        published = _without_real_news(published)

    def headlines(metrics: dict[str, Any]) -> dict[str, float]:
        return {f"{name}, {headline}": value(s) for name, s in metrics.get("sets", {}).items()}

    drifts = list(find_drift(published, fresh))
    return Outcome(path.parent.name, headlines(published), headlines(fresh), drifts)


def _headline(metrics: dict[str, Any]) -> dict[str, float]:
    return {
        name: scores["four_way"]["macro_f1"]["value"]
        for name, scores in metrics.get("sets", {}).items()
    }


def _comparable(
    published: dict[str, Any], now: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both without real-news figures where the real-news file is not at hand."""
    if "real_news_all" in now["sets"]:
        return published, now
    return _without_real_news(published), now


def _without_real_news(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_real_news(v) for k, v in value.items() if k not in REAL_NEWS_SETS}
    if isinstance(value, list):
        return [_without_real_news(v) for v in value]
    return value


def _label_drift(path: Path, now: pd.DataFrame) -> list[Drift]:
    if not path.is_file():
        return [Drift(PREDICTIONS_FILE, None, f"{len(now)} predictions")]
    published = read_table(path)
    published = published[published["set"].isin(set(now["set"]))]
    old = _labels(published)
    new = _labels(now)
    return [
        Drift(f"{PREDICTIONS_FILE}: {key[0]} {key[1]}", old.get(key), new.get(key))
        for key in [*old, *[k for k in new if k not in old]]
        if old.get(key) != new.get(key)
    ]


def _labels(predictions: pd.DataFrame) -> dict[tuple[str, str], str]:
    columns = [predictions[c].tolist() for c in ("set", "sentence_id", "stance")]
    return {(name, number): stance for name, number, stance in zip(*columns, strict=True)}


def _key(name: str, inputs: Inputs, experiments: Experiments) -> str:
    package = Path(__file__).resolve().parents[1]
    settings = {k: v for k, v in asdict(experiments).items() if k not in ("recipes", "tuning")}
    network = network_folder(experiments.recipe(name))
    parts = {
        "recipe": experiments.recipe(name).as_dict(),
        "settings": settings,
        "network": tuned_information(network)["sha256"] if network else "",
        "corpus": inputs.fingerprint,
        "sets": {n: [len(g), *_digest(g)] for n, g in inputs.sets.items()},
        "code": [sha256(p) for p in _sources(package, "experiments/running.py")],
        "versions": [_libraries(), platform.machine(), platform.python_version()],
    }
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _libraries() -> dict[str, str]:
    """Versions of the libraries alone: the package's own code is in the key file by file."""
    versions = library_versions(with_network=True)
    return {k: v for k, v in versions.items() if k != "ceasefire-stance"}


def _sources(package: Path, first: str) -> list[Path]:
    """The module `first` and all that it imports of the package, and the data files beside them."""
    todo, found = [package / first], set[Path]()
    while todo:
        path = todo.pop()
        if path in found or not path.is_file():
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith(package.name):
                parts = str(node.module).split(".")[1:]
                todo.append(package.joinpath(*parts).with_suffix(".py"))
                todo += [package.joinpath(*parts, f"{name.name}.py") for name in node.names]
    beside = {p for path in found for p in path.parent.glob("*.toml")}
    return sorted(found | beside)


def _digest(gold: pd.DataFrame) -> list[str]:
    text = render_table(gold[[c for c in gold if c not in ("first", "second")]], ".jsonl")
    return [hashlib.sha256(text.encode()).hexdigest()]


def _recall(folder: Path, key: str) -> Run | None:
    metrics, predictions = folder / f"{key}.json", folder / f"{key}.csv"
    if not (metrics.is_file() and predictions.is_file()):
        return None
    frame = with_numbers(read_table(predictions))
    return Run(json.loads(metrics.read_text(encoding="utf-8")), frame)


def _remember(folder: Path, key: str, run: Run) -> None:
    write_text(folder / f"{key}.csv", render_table(run.predictions, ".csv"))
    write_text(folder / f"{key}.json", json.dumps(run.metrics))
