from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from ceasefire_stance.cli.main import main
from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.evaluation.pages import METRICS_FILE, PREDICTIONS_FILE
from ceasefire_stance.evaluation.public_page import (
    PUBLISHED,
    opinion_f1,
    public_table,
    score_public,
    write_public_page,
)
from ceasefire_stance.experiments.public_stances import (
    TARGETS,
    compare_public,
    public_recipes,
    read_tweets,
)
from ceasefire_stance.experiments.settings import load_experiments

from .conftest import ROOT

PUBLIC = ROOT / "reports" / "public"
LINES = {
    "0": ("the sun is out", "a bus went by", "the bus was late", "sun at noon", "a bus at noon"),
    "1": (
        "ban the dam now",
        "no to the dam",
        "the dam is wrong",
        "no dam, ban it",
        "no, wrong dam",
    ),
    "2": ("yes to the dam", "build the dam", "yes, build it", "we want the dam", "yes, we want it"),
}


@pytest.fixture
def tweets(tmp_path):
    """Invented tweets in the benchmark's layout, the same for all targets and parts."""
    folder = tmp_path / "stance"
    texts = [t for lines in LINES.values() for t in lines]
    labels = [k for k, lines in LINES.items() for _ in lines]
    for target in TARGETS:
        (folder / target).mkdir(parents=True)
        for part in ("train", "val", "test"):
            for kind, rows in (("text", texts), ("labels", labels)):
                path = folder / target / f"{part}_{kind}.txt"
                path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def test_the_score_is_the_mean_f1_of_favor_and_against_alone():
    gold = np.array(["favor", "favor", "against", "none", "none"])
    given = np.array(["favor", "against", "against", "none", "favor"])
    # favor: one hit of two given and two gold, 2·1/4; against: one hit of two and one, 2·1/3.
    assert opinion_f1(gold, given) == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert opinion_f1(gold, gold) == 1
    assert opinion_f1(np.array(["none"]), np.array(["none"])) == 0


def test_recipes_of_words_learn_invented_tweets_and_are_published(tweets, tmp_path):
    experiments = load_experiments()
    out = tmp_path / "public"
    lines = []
    metrics = compare_public(tweets, experiments, out, lines.append)
    names = [r.name for r in public_recipes(experiments)]
    assert names
    assert lines == names == list(metrics["recipes"])
    for found in metrics["recipes"].values():
        assert found["n"] == 15 * len(TARGETS)
        assert found["opinion_f1"]["value"] > 0.9
        assert set(found["targets"]) == set(TARGETS)
    page = (out / "README.md").read_text(encoding="utf-8")
    assert "outside that interval" in page
    assert "dam" not in (out / PREDICTIONS_FILE).read_text(encoding="utf-8")


def test_cues_contexts_and_networks_are_left_out():
    names = {r.name for r in public_recipes(load_experiments())}
    assert names == {"tfidf-nb", "tfidf-logreg", "tfidf-chars-logreg", "tfidf-svm"}


def test_a_missing_file_and_labels_that_do_not_fit_are_named(tweets):
    labels = tweets / "climate" / "val_labels.txt"
    labels.write_text("0\n3\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"val_labels\.txt: 2 labels for 15 tweets"):
        read_tweets(tweets, "climate", "val")
    labels.unlink()
    with pytest.raises(DataError, match="expected the folder datasets/stance"):
        read_tweets(tweets, "climate", "val")


def test_the_command_prints_the_table_and_names_a_wrong_folder(
    tweets, experiments_file, tmp_path, capsys
):
    options = ["--out", str(tmp_path / "out")]
    assert main(["compare-public", str(tweets), *options]) == 0
    assert "SVM on n-grams, as published" in capsys.readouterr().out
    assert main(["compare-public", str(tmp_path), *options]) == 3
    assert "no such file" in capsys.readouterr().err
    # The miniature's recipes read the context, which tweets do not have.
    options += ["--experiments", str(experiments_file)]
    assert main(["compare-public", str(tweets), *options]) == 3
    assert "no recipe learns from the words" in capsys.readouterr().err


def test_the_published_page_follows_from_the_published_predictions(tmp_path):
    predictions = pd.read_csv(PUBLIC / PREDICTIONS_FILE, keep_default_na=False)
    published = json.loads((PUBLIC / METRICS_FILE).read_text(encoding="utf-8"))
    assert {"recipes": score_public(predictions, load_experiments().seed)} == published
    write_public_page(tmp_path, published, predictions)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (PUBLIC / path.name).read_bytes(), path.name
    table = public_table(published)
    assert all(name in table for name in PUBLISHED)
