"""What the repository says of itself is true and current."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import venv
from dataclasses import replace
from pathlib import Path

import datasets
import numpy as np
import pytest
import yaml

from ceasefire_stance import __version__, load_model, predict_sentences
from ceasefire_stance.corpus.manifest import (
    corpus_fingerprint,
    load_corpus,
    read_claims,
    verify_manifest,
)
from ceasefire_stance.corpus.real_news import read_standoff
from ceasefire_stance.corpus.sentences import sentences_from_claims, with_context
from ceasefire_stance.corpus.splits import near_duplicates
from ceasefire_stance.corpus.stances import PROBABILITY_COLUMNS, STANCES
from ceasefire_stance.corpus.tables import read_table
from ceasefire_stance.evaluation.leaderboard import read_entries, score_entries, write_leaderboard
from ceasefire_stance.evaluation.pages import read_metrics
from ceasefire_stance.experiments.publishing import refresh_data_card, refresh_readme
from ceasefire_stance.experiments.settings import load_experiments
from ceasefire_stance.experiments.shipping import headline_scores
from ceasefire_stance.learning.cards import model_card

from .conftest import ROOT

REPORTS = ROOT / "reports"
DATA = ROOT / "data"
TOP = {
    "notebooks", "src", "data", "models", "reports", "tests", "environment.yml", "README.md",
    "pyproject.toml", "requirements.lock", "Makefile", "LICENSE", "CITATION.cff", "CHANGELOG.md",
    "CONTRIBUTING.md", ".ci", ".gitignore", ".pre-commit-config.yaml", "experiments.toml",
}  # fmt: skip


def tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_the_top_level_is_as_agreed():
    assert {name.split("/")[0] for name in tracked()} <= TOP


def everything_locked(extras: dict[str, list[str]]) -> list[str]:
    """What the locked environment holds: all extras but those with torch or spaCy, the heaviest."""
    heavy = {"comparison", "finetune", "parser"}
    return [r for name, listed in extras.items() if name not in heavy for r in listed]


def test_conda_and_pip_users_get_the_same_packages():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = {*project["dependencies"], *everything_locked(extras)}
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    pip = next(entry["pip"] for entry in conda if isinstance(entry, dict))
    got = {e for e in [*conda, *pip] if isinstance(e, str)} - {"pip", "-e ."}
    python = {e for e in got if e.startswith("python>")}
    assert python == {"python" + project["requires-python"]}
    assert got - python == wanted


def test_the_lock_holds_every_dependency_with_hashes_and_no_address():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    locked = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE))
    for requirement in [*project["dependencies"], *everything_locked(extras)]:
        assert re.split(r"[><=]", requirement)[0] in locked
    assert "://" not in lock
    pins = re.split(r"^(?=[a-z0-9-]+==)", lock, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in pin for pin in pins)


def test_versions_agree():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == __version__
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_corpus_loads_with_the_hubs_library_as_the_card_says(tmp_path):
    sentences = datasets.load_dataset(str(DATA), cache_dir=str(tmp_path))
    assert {"train", "validation", "test", "challenge"} <= set(sentences)
    assert sentences["train"].features["stance"].names == list(STANCES)
    frame = load_corpus(DATA)
    assert sum(len(rows) for rows in sentences.values()) == len(frame)
    labels = sentences["test"].features["stance"].int2str(sentences["test"]["stance"][:])
    assert labels == frame.loc[frame["split"] == "test", "stance"].tolist()
    claims = datasets.load_dataset(str(DATA), "claims", cache_dir=str(tmp_path))
    assert sum(len(rows) for rows in claims.values()) == len(read_claims(DATA))
    assert set(claims["test"]["synthetic"]) == {True}


def test_derived_sentences_are_those_of_the_claims():
    claims = read_claims(DATA)
    made = with_context(sentences_from_claims(claims))
    stored = load_corpus(DATA)
    for column in ("sentence_id", "text", "context", "stance", "several", "split"):
        assert made[column].tolist() == stored[column].tolist(), column


def test_labels_are_consistent():
    claims = read_claims(DATA)
    none = claims["stance"] == "none"
    assert (claims.loc[none, ["holder", "actor"]] == "").all(axis=None)
    assert (claims.loc[~none, "actor"] != "").all()
    held = claims[claims["holder"] != ""]
    assert all(h in t for h, t in zip(held["holder"], held["text"], strict=True))
    assert claims["published"].str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    # The sentences of the contrast split stand alone.
    assert ((claims["title"] != "") == (claims["split"] != "contrast")).all()


def test_no_near_duplicates_across_splits_and_held_out_conflicts_are_held_out():
    frame = load_corpus(DATA)
    assert not near_duplicates(frame)["across"].any()
    train = set(frame.loc[frame["split"] == "train", "conflict"])
    assert {"Nagorno-Karabakh", "South Sudan", "Sri Lanka"}.isdisjoint(train)
    for split in ("train", "validation", "test", "challenge"):
        assert set(frame.loc[frame["split"] == split, "stance"]) == set(STANCES)


def test_generated_tables_are_current():
    readme, card = ROOT / "README.md", DATA / "README.md"
    assert refresh_readme(readme, REPORTS, load_experiments()) == readme.read_text("utf-8")
    assert refresh_data_card(card, DATA) == card.read_text("utf-8")


def test_the_curve_of_the_corpus_is_of_the_recipe_as_it_is():
    curve = json.loads((REPORTS / "corpus" / "curve.json").read_text(encoding="utf-8"))
    # Under one class mix for all sentences.
    recipe = replace(load_experiments().recipe(curve["recipe"]), topic_prior=None)
    assert curve["settings"] == recipe.as_dict()
    assert curve["corpus"] == corpus_fingerprint(DATA)


def test_every_recipe_has_a_report_made_from_this_corpus():
    experiments = load_experiments()
    metrics = read_metrics(REPORTS, list(experiments.recipes))
    assert set(metrics) == set(experiments.recipes)
    manifest = verify_manifest(DATA)
    for name, m in metrics.items():
        assert m["recipe"] == json.loads(json.dumps(experiments.recipe(name).as_dict()))
        assert m["corpus"].startswith(f"{manifest['version']}-")
        assert "real_news_all" in m["sets"]


def test_the_real_news_figures_follow_from_labels_without_text_and_committed_predictions():
    experiments = load_experiments()
    labels = read_standoff(DATA)
    entries = read_entries(REPORTS, list(experiments.recipes))
    scores = json.loads(json.dumps(score_entries(labels, entries)))
    for name in experiments.recipes:
        path = REPORTS / name / "metrics.json"
        published = json.loads(path.read_text(encoding="utf-8"))["sets"]
        for set_name in ("real_news_all", "real_news_window"):
            assert scores[name][set_name] == published[set_name], name


def test_the_real_news_leaderboard_is_current(tmp_path):
    names = list(load_experiments().recipes)
    for name in names:
        target = tmp_path / name / "predictions.csv"
        target.parent.mkdir()
        target.symlink_to(REPORTS / name / "predictions.csv")
    write_leaderboard(tmp_path, read_standoff(DATA), names)
    for file in ("README.md", "leaderboard.json"):
        fresh = (tmp_path / "real-news" / file).read_text(encoding="utf-8")
        assert fresh == (REPORTS / "real-news" / file).read_text(encoding="utf-8"), file


def test_real_news_labels_load_and_hold_no_text(tmp_path):
    rows = datasets.load_dataset(str(DATA), "real-news", cache_dir=str(tmp_path))["dev"]
    labels = read_standoff(DATA)
    assert len(rows) == len(labels)
    assert {"text", "context", "title", "holder"}.isdisjoint(rows.column_names)


# A network's sums are rounded differently by processors of other kinds; the linear model's are not.
@pytest.mark.parametrize(("name", "same", "apart"), [("fast", 1.0, 1e-6), ("default", 0.99, 0.01)])
def test_a_shipped_model_gives_the_published_predictions(name, same, apart):
    model = load_model(name)
    if name == "default":
        assert model.info["recipe"]["name"] == load_experiments().default_model
    frame = load_corpus(DATA)
    test = frame[frame["split"] == "test"].reset_index(drop=True)
    published = read_table(REPORTS / model.info["recipe"]["name"] / "predictions.csv")
    published = published[published["set"] == "test"].reset_index(drop=True)
    now = predict_sentences(test, model)
    assert (now["stance"] == published["stance"]).mean() >= same
    columns = list(PROBABILITY_COLUMNS)
    assert np.abs(now[columns] - published[columns].astype(float)).to_numpy().mean() < apart


@pytest.mark.parametrize(("name", "megabytes"), [("default", 90), ("fast", 5)])
def test_a_shipped_models_card_and_scores_are_current_and_its_files_small(name, megabytes):
    folder = ROOT / "models" / name
    model = load_model(folder)
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert model_card(model.info, model.classes) == card
    path = REPORTS / model.info["recipe"]["name"] / "metrics.json"
    assert model.info["scores"] == headline_scores(json.loads(path.read_text(encoding="utf-8")))
    assert sum(p.stat().st_size for p in folder.iterdir()) < megabytes * 1_000_000


def test_the_project_speaks_of_itself_alone():
    # Written so that this file does not hold what it looks for.
    words = ["sub" + "agent", "help" + "er session", "index" + "-url", "pythonhos" + "ted"]
    pattern = re.compile("|".join([*words, "/ro" + "ot/", "/wo" + "rk/"]), re.IGNORECASE)
    for name in tracked():
        path = ROOT / name
        if path.suffix in {".png", ".skops", ".onnx"} or not path.is_file():
            continue
        found = pattern.search(path.read_text(encoding="utf-8"))
        assert not found, f"{name}: {found}"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The wheel, built and put in an environment of its own, dependencies from this one."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env", with_pip=False)
    python = folder / "env" / "bin" / "python"
    (site,) = (folder / "env" / "lib").glob("*/site-packages")
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--no-deps", "--target", site, wheel],
        check=True,
        capture_output=True,
    )
    # The dependencies are those of the environment that runs the tests; the package itself is not
    # found there, because the path entry of the editable install is not read from a .pth line.
    (site / "dependencies.pth").write_text(f"{Path(np.__file__).parents[1]}\n", encoding="utf-8")
    return python


@pytest.mark.slow
def test_the_wheel_works_away_from_the_checkout(installed, tmp_path):
    article = tmp_path / "report.txt"
    article.write_text(
        "The government agreed to an immediate ceasefire. Shelling killed four people.",
        encoding="utf-8",
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "COV"))}
    base = [installed, "-m", "ceasefire_stance.cli.main"]
    where = subprocess.run(
        [installed, "-c", "import ceasefire_stance; print(ceasefire_stance.__file__)"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert str(ROOT) not in where.stdout
    done = subprocess.run(
        [*base, "predict", article, "--format", "jsonl"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [r["stance"] for r in rows] == ["accepts", "none"]
    listed = subprocess.run(
        [*base, "recipes"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "keyword-rules" in listed.stdout
