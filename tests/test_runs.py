"""Several runs of a tuning, scored side by side, with tiny random networks."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from ceasefire_stance.cli.main import main
from ceasefire_stance.corpus.atomic import write_text
from ceasefire_stance.corpus.tables import render_table
from ceasefire_stance.evaluation.runs_page import runs_table, write_runs_page
from ceasefire_stance.evaluation.tables import with_numbers
from ceasefire_stance.experiments import read_inputs, run_recipes, runs
from ceasefire_stance.experiments.settings import load_experiments

from .test_weights import skip_without_the_extra, tiny_folder, tuned_folder

skip_without_the_extra()

REPORTS = Path(__file__).resolve().parents[1] / "reports"
RECIPES = """
[settings]
seed = 0
folds = 2
learning_curve_shares = [1.0]
learning_curve_repeats = 1
default_model = "both"

[prior]
accepts = 0.12
conditional = 0.06
none = 0.76
rejects = 0.06

[recipes.cues-tfidf-logreg]
description = "words and cues"
classifier = "logreg"
features = ["cues", "words"]
grid = { C = [1.0] }

[recipes.alone]
description = "a network"
classifier = "network"
network = "NETWORK"
context = true

[recipes.both]
description = "a network beside words"
classifier = "network"
network = "NETWORK"
network_share = 0.6
features = ["cues", "words"]
grid = { C = [1.0] }
"""


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    out = []
    for seed in (0, 1):
        base = tiny_folder(folder / f"base-{seed}", seed=seed)
        tuned_folder(base, folder / f"run-{seed}", runs=[f"run {seed}"])
        out.append(str(folder / f"run-{seed}"))
    return out


@pytest.fixture(scope="module")
def third(tmp_path_factory):
    """The second network under the name of another run."""
    folder = tmp_path_factory.mktemp("third")
    tuned_folder(tiny_folder(folder / "base", seed=1), folder / "run", runs=["run 2"])
    return str(folder / "run")


@pytest.fixture
def places(corpus, real_news, networks, tmp_path, monkeypatch):
    labels = pd.read_json(real_news, lines=True, dtype=False)
    monkeypatch.setattr(runs, "read_standoff", lambda folder: labels)
    file = tmp_path / "experiments.toml"
    file.write_text(RECIPES.replace("NETWORK", networks[0]), encoding="utf-8")
    experiments = load_experiments(file)
    names = ["cues-tfidf-logreg", "both"]
    done = run_recipes(names, read_inputs(corpus, real_news), experiments)
    for name, run in done.items():
        text = render_table(run.predictions, ".csv")
        write_text(tmp_path / "reports" / name / "predictions.csv", text)
    return ["--data", str(corpus), "--reports", str(tmp_path / "reports"),
            "--out", str(tmp_path / "runs"), "--experiments", str(file)]  # fmt: skip


def test_every_run_answers_alone_and_beside_the_words(
    places, networks, real_news, tmp_path, capsys
):
    command = ["compare-runs", *networks, "--averaged", networks[0], *places]
    assert main([*command, "--real-news", str(real_news)]) == 0
    shown = capsys.readouterr().out
    assert "alone, weights averaged" in shown
    page = (tmp_path / "runs" / "README.md").read_text(encoding="utf-8")
    assert "is what is shipped, with the network of one run." in page
    out = tmp_path / "runs"
    metrics = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    seeds = {name: entry["seeds"] for name, entry in metrics["rows"].items()}
    assert seeds == {
        "alone": [0, 1], "both": [0, 1],
        "alone, weights averaged": [0], "both, weights averaged": [0],
    }  # fmt: skip
    # The first run is the network of the published recipe: it has to say the same.
    rows = with_numbers(pd.read_csv(out / "predictions.csv", dtype=str))
    first = rows[(rows["toolkit"] == "both") & (rows["seed"] == "0") & (rows["set"] == "test")]
    published = with_numbers(
        pd.read_csv(tmp_path / "reports" / "both" / "predictions.csv", dtype=str)
    )
    published = published[published["set"] == "test"]
    assert first["p_none"].tolist() == pytest.approx(published["p_none"].tolist())
    other = rows[(rows["toolkit"] == "both") & (rows["seed"] == "1") & (rows["set"] == "test")]
    assert first["p_none"].tolist() != pytest.approx(other["p_none"].tolist())
    looks = pd.read_csv(tmp_path / "reports" / "real-news" / "looks.csv")
    assert "alone, seed 1" in set(looks["what"])
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    assert main(["compare-runs", "--score-only", *places]) == 0
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before


def test_a_run_is_added_to_those_that_the_page_has(
    places, networks, third, real_news, tmp_path, capsys
):
    told = ["--real-news", str(real_news)]
    assert main(["compare-runs", networks[0], "--add", *places, *told]) == 3
    assert "expected one to add to" in capsys.readouterr().err
    assert main(["compare-runs", *networks, *places, *told]) == 0
    page = tmp_path / "runs" / "predictions.csv"
    before = pd.read_csv(page, dtype=str)
    assert main(["compare-runs", networks[1], "--add", *places, *told]) == 3
    assert "a run is there twice" in capsys.readouterr().err
    assert main(["compare-runs", "--add", *places, *told]) == 3
    assert "No folder is given" in capsys.readouterr().err
    assert main(["compare-runs", third, "--add", *places, *told]) == 0
    after = pd.read_csv(page, dtype=str)
    assert set(after["seed"]) == {"0", "1", "2"}
    key = ["toolkit", "seed", "set", "sentence_id"]
    old = after[after["seed"] != "2"].sort_values(key, ignore_index=True)
    assert old.equals(before.sort_values(key, ignore_index=True))
    # The third is the second once more.
    second, third = (after[after["seed"] == s].drop(columns="seed") for s in "12")
    assert third.reset_index(drop=True).equals(second.reset_index(drop=True))
    looks = pd.read_csv(tmp_path / "reports" / "real-news" / "looks.csv")
    assert looks["what"].value_counts()["alone, seed 2"] == 1
    assert looks["what"].value_counts()["alone, seed 1"] == 1


def test_runs_of_another_corpus_are_not_added_to(places, networks, real_news, tmp_path, capsys):
    told = ["--real-news", str(real_news)]
    assert main(["compare-runs", *networks, *places, *told]) == 0
    file = tmp_path / "runs" / "metrics.json"
    metrics = json.loads(file.read_text(encoding="utf-8")) | {"corpus": "0.1.0-0123456789abcdef"}
    file.write_text(json.dumps(metrics), encoding="utf-8")
    assert main(["compare-runs", networks[0], "--add", *places, *told]) == 3
    assert "Score new runs without --add" in capsys.readouterr().err


def test_runs_that_answered_by_other_settings_are_not_added_to(
    places, networks, third, real_news, capsys
):
    told = ["--real-news", str(real_news)]
    assert main(["compare-runs", *networks, *places, *told]) == 0
    file = Path(places[places.index("--experiments") + 1])
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("network_share = 0.6", "network_share = 0.7"), encoding="utf-8")
    # What is scored again stays what it was.
    assert main(["compare-runs", "--score-only", *places]) == 0
    assert main(["compare-runs", third, "--add", *places, *told]) == 3
    assert "other settings of the recipes" in capsys.readouterr().err


def test_one_run_shows_nothing_of_seeds(places, networks, real_news, capsys):
    command = ["compare-runs", networks[0], *places]
    assert main([*command, "--real-news", str(real_news)]) == 3
    assert "expected two or more folders" in capsys.readouterr().err
    assert main(command) == 3
    assert "--real-news is missing" in capsys.readouterr().err


def test_the_published_page_follows_from_the_published_predictions(tmp_path):
    folder = REPORTS / "runs"
    published = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    rows = with_numbers(pd.read_csv(folder / "predictions.csv", dtype=str))
    rows["seed"] = rows["seed"].astype(int)
    corpus = REPORTS.parent / "data"
    networks = published["networks"]
    fresh = runs.score_runs(rows, load_experiments(), corpus, REPORTS, published, networks)
    assert fresh == published
    write_runs_page(tmp_path, published, rows)
    for name in ("README.md", "metrics.json", "predictions.csv", "comparison.svg"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()
    assert runs_table(published) in (folder / "README.md").read_text(encoding="utf-8")
