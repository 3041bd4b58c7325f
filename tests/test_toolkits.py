"""Scores of the comparison with toolkits of others, checked by hand."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from ceasefire_stance.corpus.stances import PROBABILITY_COLUMNS, STANCES
from ceasefire_stance.evaluation.intervals import evaluate
from ceasefire_stance.evaluation.toolkits import move_prior, score_toolkits
from ceasefire_stance.evaluation.toolkits_page import (
    conclusions,
    toolkits_table,
    write_toolkits_page,
)
from ceasefire_stance.experiments.comparisons import decided
from ceasefire_stance.experiments.settings import load_experiments

EVEN = dict.fromkeys(STANCES, 0.25)
PRIORS = {"training": EVEN, "stated": EVEN}
GOLD = ["accepts", "conditional", "none", "rejects"]


def answers(stances: list[str], **more: object) -> pd.DataFrame:
    rows = pd.DataFrame({"sentence_id": [f"s{i}" for i in range(len(stances))], "stance": stances})
    for stance, column in zip(STANCES, PROBABILITY_COLUMNS, strict=True):
        rows[column] = [0.7 if s == stance else 0.1 for s in stances]
    return rows.assign(set="test", **more)


@pytest.fixture(scope="module")
def gold():
    ids = [f"s{i}" for i in range(4)]
    rows = pd.DataFrame({"sentence_id": ids, "article_id": ["a", "a", "b", "b"], "stance": GOLD})
    return {"test": rows.assign(several=False)}


@pytest.fixture(scope="module")
def scores(gold):
    right, half = answers(GOLD), answers(["accepts", "none", "none", "none"])
    theirs = pd.concat(
        [right.assign(toolkit="x", seed=0), half.assign(toolkit="x", seed=1)], ignore_index=True
    )
    return score_toolkits(gold, theirs, {"ours": half, "all right": right}, "ours", PRIORS)


def test_toolkits_answer_by_the_rule_of_our_recipes():
    settings = load_experiments()
    rows = answers(["none"])
    rows[list(PROBABILITY_COLUMNS)] = [[0.35, 0.05, 0.55, 0.05]]
    prior = settings.prior
    assert 0.35 / prior["accepts"] ** 0.5 > 0.55 / prior["none"] ** 0.5
    assert decided(rows, settings)["stance"].tolist() == ["accepts"]
    ours = dataclasses.replace(settings.recipe(settings.default_model), logit_adjustment=0.0)
    plain = dataclasses.replace(settings, recipes={**settings.recipes, ours.name: ours})
    assert decided(rows, plain)["stance"].tolist() == ["none"]


def test_scores_are_means_over_seeds_with_their_spread(scores):
    # Seed 0 has all four right: 1. Seed 1: accepts 1, none 2·1/(3+1) = 0.5, the others 0: 0.375.
    cell = scores["toolkits"]["x"]["sets"]["test"]["four_way"]
    assert cell["value"] == 0.6875
    assert (cell["lowest"], cell["highest"]) == (0.375, 1.0)
    assert cell["std"] == pytest.approx(0.625 / 2**0.5, abs=1e-6)
    # Claims: seed 1 finds one of three and nothing else, F1 = 2·1/(1+3) = 0.5; mean 0.75.
    assert scores["toolkits"]["x"]["sets"]["test"]["claim_f1"]["value"] == 0.75


def test_one_system_alone_is_scored_as_everywhere_else(gold, scores):
    # A system of one seed has the very numbers, intervals included, that evaluate gives it.
    usual = evaluate(gold["test"], answers(["accepts", "none", "none", "none"]))
    cells = scores["beside"]["ours"]["sets"]["test"]
    assert cells["four_way"] == usual["four_way"]["macro_f1"]
    assert cells["three_way"] == usual["three_way"]["macro_f1"]
    assert cells["claim_f1"] == usual["detection"]["per_class"]["claim"]["f1"]


def test_the_difference_is_theirs_minus_ours(scores):
    cell = scores["toolkits"]["x"]["difference"]["test"]
    assert cell["difference"] == 0.3125
    assert cell["low"] <= cell["difference"] <= cell["high"]
    assert cell["p_holm"] == cell["p_value"]


def test_the_class_mix_can_be_moved_there_and_back():
    old, new = EVEN, {"accepts": 0.1, "conditional": 0.1, "none": 0.7, "rejects": 0.1}
    moved = move_prior(answers(["accepts"]), old, new)
    # 0.7·0.4, 0.1·0.4, 0.1·2.8, 0.1·0.4 = 0.28, 0.04, 0.28, 0.04; their sum is 0.64.
    assert moved[list(PROBABILITY_COLUMNS)].to_numpy()[0] == pytest.approx(
        [0.4375, 0.0625, 0.4375, 0.0625]
    )
    back = move_prior(moved, new, old)
    assert back[list(PROBABILITY_COLUMNS)].to_numpy()[0] == pytest.approx([0.7, 0.1, 0.1, 0.1])
    assert back["stance"].tolist() == ["accepts"]


def test_the_class_mix_left_as_it_was_can_give_another_label(gold):
    stated = {"accepts": 0.01, "conditional": 0.02, "none": 0.95, "rejects": 0.02}
    priors = {"training": EVEN, "stated": stated}
    rows = answers(["none"] * 4, toolkit="x", seed=0)
    # Moved back by 0.25/0.95 and 0.25/0.01, the 0.1 of accepts outweighs the 0.7 of none.
    entry = score_toolkits(gold, rows, {"ours": answers(GOLD)}, "ours", priors)["toolkits"]["x"]
    # All none: F1 of none 2·1/(4+1) = 0.4, over four 0.1; all accepts scores the same.
    assert entry["sets"]["test"]["four_way"]["value"] == 0.1
    assert entry["own_prior"]["test"] == 0.1


def published(scores: dict, sets: tuple[str, ...]) -> dict:
    """The scores of one set under the names of all."""

    def spread(entry: dict) -> dict:
        return {
            k: {s: v["test"] for s in sets} if k in ("sets", "difference", "own_prior") else v
            for k, v in entry.items()
        }

    return {
        "reference": "ours",
        "toolkits": {n: spread(e) | {"description": n} for n, e in scores["toolkits"].items()},
        "beside": {n: spread(e) for n, e in scores["beside"].items()},
    }


def test_the_table_has_the_best_first_and_marks_ours(scores):
    metrics = published(scores, ("real_news_all", "real_news_window", "test", "challenge"))
    rows = [line.split("|")[1].strip() for line in toolkits_table(metrics).splitlines()[2:]]
    assert rows == ["all right", "x", "ours (ours)"]
    first = conclusions(metrics)[0]
    assert "best of them **x**, 0.69" in first
    assert "ours 0.38" in first


def test_a_bar_in_a_setting_does_not_end_its_cell(scores, tmp_path):
    metrics = published(scores, ("real_news_all", "real_news_window", "test", "challenge"))
    metrics |= {"corpus": "1", "training_sentences": 4}
    metrics["toolkits"]["x"] |= {"chosen": {"separator": "|||"}, "versions": {"x-lib": "2.0"}}
    write_toolkits_page(tmp_path, metrics, answers(GOLD, toolkit="x", seed=0))
    page = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "Versions: x-lib 2.0." in page
    (row,) = [line for line in page.splitlines() if line.startswith("| x: x |")]
    assert row.replace("\\|", "").count("|") == 7
