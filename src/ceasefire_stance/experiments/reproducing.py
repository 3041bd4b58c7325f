"""Reproduce every reported number and compare it with the published one."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from joblib import Parallel, delayed

from ceasefire_stance.corpus.atomic import write_text
from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.manifest import sha256
from ceasefire_stance.corpus.tables import read_table, render_table
from ceasefire_stance.evaluation.agreement import annotator_agreement
from ceasefire_stance.evaluation.drift import Drift, find_drift
from ceasefire_stance.evaluation.intervals import compare
from ceasefire_stance.evaluation.metrics import align
from ceasefire_stance.evaluation.pages import (
    METRICS_FILE,
    PREDICTIONS_FILE,
    leaderboard,
    read_metrics,
    replace_between_markers,
    write_front,
    write_recipe,
)
from ceasefire_stance.experiments.running import Inputs, Run, read_inputs, run_recipe
from ceasefire_stance.experiments.settings import Experiments
from ceasefire_stance.learning.store import library_versions

AGREEMENT_FILE = "agreement.json"
REFERENCE = "keyword-rules"
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
    workers = max(1, min(2, os.cpu_count() or 1, len(todo) or 1))
    results = Parallel(n_jobs=workers, return_as="generator")(
        delayed(run_recipe)(experiments.recipe(name), inputs, experiments) for name in todo
    )
    for name, run in zip(todo, results, strict=True):
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


def read_agreement(real_news: Path) -> dict[str, Any]:
    """The agreement of the two annotators on the doubly labelled part of the real-news set."""
    claims = read_table(real_news)
    if not {"first", "second"} <= set(claims.columns):
        return {}
    both = claims.dropna(subset=["first", "second"]).drop_duplicates("sentence_id")
    result: dict[str, Any] = json.loads(
        json.dumps(annotator_agreement(both.reset_index(drop=True), "first", "second"))
    )
    return result


def publish(
    runs: dict[str, Run],
    reports: Path,
    experiments: Experiments,
    real_news: Path | None,
    corpus: Path,
) -> None:
    """Write the pages of `runs` and the front page over all recipes in `reports`.

    Raises
    ------
    DataError
        If real-news figures are published already and `real_news` is not given: they would be
        lost.
    """
    committed = read_metrics(reports, list(experiments.recipes))
    if real_news is None and any("real_news_all" in m["sets"] for m in committed.values()):
        raise DataError(
            f"{reports}: the published reports hold real-news figures, and no real-news file is "
            "given; expected one, so that they are not lost. Add --real-news FILE."
        )
    for name, run in runs.items():
        write_recipe(reports / name, run.metrics, run.predictions)
    if real_news is not None:
        text = json.dumps(read_agreement(real_news), indent=1) + "\n"
        write_text(reports / AGREEMENT_FILE, text)
    write_front(
        reports,
        read_metrics(reports, list(experiments.recipes)),
        front_context(reports, experiments, read_inputs(corpus, real_news)),
    )


def front_context(reports: Path, experiments: Experiments, inputs: Inputs) -> dict[str, Any]:
    """What the front page shows beside the recipes' own metrics."""
    agreement = reports / AGREEMENT_FILE
    set_name = "real_news_all" if "real_news_all" in inputs.sets else "test"
    gold = inputs.sets[set_name]
    aligned = {}
    for name in experiments.recipes:
        path = reports / name / PREDICTIONS_FILE
        if path.is_file():
            predictions = _with_numbers(read_table(path))
            part = predictions[predictions["set"] == set_name]
            aligned[name] = align(gold, part)
    comparison = compare(aligned, REFERENCE) if REFERENCE in aligned else []
    return {
        "agreement": json.loads(agreement.read_text("utf-8")) if agreement.is_file() else None,
        "comparison": [_rounded(r) for r in comparison],
        "comparison_set": {"real_news_all": "real news, all"}.get(set_name, "written test split"),
        "default_model": experiments.default_model,
    }


def refresh_readme(readme: Path, reports: Path, experiments: Experiments) -> str:
    """The README's text with its generated table made anew from ``reports/``."""
    metrics = read_metrics(reports, list(experiments.recipes))
    table = leaderboard(metrics).replace("{reports}", "reports/")
    return replace_between_markers(readme.read_text(encoding="utf-8"), "leaderboard", table)


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
        return []
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


def _with_numbers(predictions: pd.DataFrame) -> pd.DataFrame:
    columns = [c for c in predictions.columns if c.startswith("p_")]
    return predictions.astype(dict.fromkeys(columns, float))


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    return round(value, 6) if isinstance(value, float) else value


def _key(name: str, inputs: Inputs, experiments: Experiments) -> str:
    package = Path(__file__).resolve().parents[1]
    sources = [p for p in sorted(package.rglob("*")) if p.suffix in (".py", ".toml")]
    settings = {k: v for k, v in asdict(experiments).items() if k != "recipes"}
    parts = {
        "recipe": experiments.recipe(name).as_dict(),
        "settings": settings,
        "corpus": inputs.fingerprint,
        "sets": {n: [len(g), *_digest(g)] for n, g in inputs.sets.items()},
        "code": [sha256(p) for p in sources if "cli" not in p.parts],
        "versions": [library_versions(), platform.machine(), platform.python_version()],
    }
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _digest(gold: pd.DataFrame) -> list[str]:
    text = render_table(gold[["sentence_id", "text", "context", "stance"]], ".jsonl")
    return [hashlib.sha256(text.encode()).hexdigest()]


def _recall(folder: Path, key: str) -> Run | None:
    metrics, predictions = folder / f"{key}.json", folder / f"{key}.csv"
    if not (metrics.is_file() and predictions.is_file()):
        return None
    frame = _with_numbers(read_table(predictions))
    return Run(json.loads(metrics.read_text(encoding="utf-8")), frame)


def _remember(folder: Path, key: str, run: Run) -> None:
    write_text(folder / f"{key}.csv", render_table(run.predictions, ".csv"))
    write_text(folder / f"{key}.json", json.dumps(run.metrics))
