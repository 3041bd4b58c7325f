from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from ceasefire_stance.corpus import DataError
from ceasefire_stance.corpus.stances import POSITIONS, PROBABILITY_COLUMNS, STANCES
from ceasefire_stance.evaluation import align, compare, evaluate, mcnemar, score_slices
from ceasefire_stance.evaluation.intervals import (
    article_weights,
    holm,
    paired_difference,
    score_task,
)
from ceasefire_stance.evaluation.metrics import (
    average_precision,
    count_metrics,
    detection,
    four_way,
    probability_metrics,
    reliability,
    three_way,
)


def make(seed: int, n: int = 60) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    gold = pd.DataFrame(
        {
            "sentence_id": [f"s{i}" for i in range(n)],
            "article_id": [f"a{i // 4}" for i in range(n)],
            "stance": rng.choice(STANCES, n),
            "text": [f"A truce {'of words ' * (i % 12)}." for i in range(n)],
            "writer": rng.choice(["A", "B"], n),
            "conflict": rng.choice(["x", "y"], n),
        }
    )
    p = rng.dirichlet(np.ones(4), n).round(3) + 0.001
    p /= p.sum(axis=1, keepdims=True)
    predictions = pd.DataFrame(p, columns=list(PROBABILITY_COLUMNS))
    predictions.insert(0, "sentence_id", gold["sentence_id"])
    predictions.insert(1, "stance", np.array(STANCES)[p.argmax(axis=1)])
    return gold, predictions


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_metrics_are_those_of_scikit_learn(seed):
    gold, predictions = make(seed)
    task = four_way(align(gold, predictions))
    ones = np.ones((1, task.n_groups))
    counts, probabilities = count_metrics(task, ones), probability_metrics(task, ones)
    y, z, p = gold["stance"], predictions["stance"], predictions[list(PROBABILITY_COLUMNS)]
    f1 = sk.f1_score(y, z, labels=list(STANCES), average=None, zero_division=0)
    assert counts["macro_f1"][0] == pytest.approx(f1.mean())
    assert counts["positions_macro_f1"][0] == pytest.approx(
        np.mean([f1[STANCES.index(s)] for s in POSITIONS])
    )
    assert counts["accuracy"][0] == pytest.approx(sk.accuracy_score(y, z))
    assert probabilities["log_loss"][0] == pytest.approx(sk.log_loss(y, p, labels=STANCES))
    onehot = pd.get_dummies(y).reindex(columns=list(STANCES), fill_value=0).to_numpy(float)
    brier = ((p.to_numpy() - onehot) ** 2).sum(axis=1).mean()
    assert probabilities["brier"][0] == pytest.approx(brier)
    for stance in STANCES:
        if (y == stance).any():
            # Of the task's own numbers: dividing by a sum of one may part what was tied.
            score = task.probabilities[:, STANCES.index(stance)]
            expected = sk.average_precision_score(y == stance, score)
            assert probabilities[f"{stance}/pr_auc"][0] == pytest.approx(expected)


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_weights_of_articles_are_copies_of_articles(seed):
    gold, predictions = make(seed, 24)
    aligned = align(gold, predictions)
    weights = np.array([[2.0, 0.0, 1.0, 0.0, 3.0, 1.0]])
    copies = []
    for group, times in enumerate(weights[0].astype(int)):
        part = aligned[aligned["article_id"] == f"a{group}"]
        copies += [part.assign(article_id=f"a{group}-{k}") for k in range(times)]
    whole, repeated = four_way(aligned), four_way(pd.concat(copies, ignore_index=True))
    ones = np.ones((1, repeated.n_groups))
    for compute in (count_metrics, probability_metrics):
        first, second = compute(whole, weights), compute(repeated, ones)
        for name, value in first.items():
            assert value[0] == pytest.approx(second[name][0]), name


def test_calibration_error_by_hand():
    # Two sentences at 0.9 (one right), two at 0.6 (both right), in bins of their own:
    # |0.9 - 0.5| * 2/4 + |0.6 - 1| * 2/4 = 0.4
    gold = pd.DataFrame(
        {
            "sentence_id": list("abcd"),
            "article_id": list("wxyz"),
            "stance": ["none", "accepts", "none", "none"],
        }
    )
    p = pd.DataFrame(
        {
            "sentence_id": list("abcd"),
            "stance": "none",
            "p_accepts": [0.1, 0.1, 0.4, 0.4],
            "p_conditional": 0.0,
            "p_none": [0.9, 0.9, 0.6, 0.6],
            "p_rejects": 0.0,
        }
    )
    task = four_way(align(gold, p))
    assert probability_metrics(task, np.ones((1, 4)))["ece"][0] == pytest.approx(0.4)
    assert [r["n"] for r in reliability(task)] == [2, 2]


def test_three_way_takes_the_runner_up_where_none_was_predicted():
    gold = pd.DataFrame(
        {"sentence_id": ["a", "b"], "article_id": "x", "stance": ["rejects", "none"]}
    )
    p = pd.DataFrame(
        {
            "sentence_id": ["a", "b"],
            "stance": "none",
            "p_accepts": [0.1, 0.0],
            "p_conditional": [0.1, 0.0],
            "p_none": [0.6, 1.0],
            "p_rejects": [0.2, 0.0],
        }
    )
    aligned = align(gold, p)
    three, found = three_way(aligned), detection(aligned)
    assert [three.classes[i] for i in three.predicted] == ["rejects"]
    assert three.probabilities.tolist() == [[0.25, 0.25, 0.5]]
    assert found.gold.tolist() == [0, 1]
    assert found.predicted.tolist() == [1, 1]


def test_sentences_with_several_stances_are_not_scored():
    gold, predictions = make(1)
    gold["several"] = [i < 10 for i in range(len(gold))]
    assert evaluate(gold, predictions, resamples=10)["n_sentences"] == 50


def test_labels_without_probabilities_can_be_scored():
    gold, predictions = make(2)
    scores = evaluate(gold, predictions[["sentence_id", "stance"]], resamples=10)
    assert 0 <= scores["four_way"]["macro_f1"]["value"] <= 1
    # What labels do not say is not made up.
    assert "three_way" not in scores
    assert "log_loss" not in scores["four_way"]


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda p: p.iloc[1:], "have none, first 's0'"),
        (lambda p: p.assign(stance="maybe"), "stance is 'maybe'"),
        (lambda p: p.assign(p_none=2.0), r"outside \[0, 1\]"),
        (lambda p: p.assign(p_none=float("nan")), "missing"),
        (lambda p: p.assign(p_none=0.9, p_accepts=0.9), "do not sum to 1"),
        (lambda p: p.drop(columns="p_none"), "expected all of"),
        (lambda p: pd.concat([p, p.iloc[:1]]), "'s0' stands twice"),
    ],
)
def test_bad_predictions_are_bad_data(change, part):
    gold, predictions = make(3)
    with pytest.raises(DataError, match=part):
        align(gold, change(predictions))


def test_nothing_to_score_is_bad_data():
    gold, predictions = make(3)
    with pytest.raises(DataError, match="no sentence with a single stance"):
        align(gold.assign(several=True), predictions)


def test_intervals_hold_the_value_and_are_the_same_for_a_seed():
    gold, predictions = make(4, 200)
    one = evaluate(gold, predictions, resamples=200)
    cell = one["four_way"]["macro_f1"]
    assert cell["low"] < cell["value"] < cell["high"]
    assert one == evaluate(gold, predictions, resamples=200)


def test_resamples_draw_as_many_articles_as_there_are():
    weights = article_weights(7, 50)
    assert weights.shape == (51, 7)
    assert (weights.sum(axis=1) == 7).all()
    assert (weights[0] == 1).all()


def test_a_model_does_not_differ_from_itself():
    gold, predictions = make(5)
    task = four_way(align(gold, predictions))
    same = paired_difference(task, task, resamples=100)
    assert same["difference"] == 0
    assert same["p_value"] == 1
    assert mcnemar(task, task)["p_value"] == 1


def test_a_perfect_model_beats_a_random_one():
    gold, predictions = make(6, 200)
    perfect = gold[["sentence_id", "stance"]]
    aligned = {"random": align(gold, predictions), "perfect": align(gold, perfect)}
    (row,) = compare(aligned, "random", resamples=200)
    assert row["bootstrap"]["low"] > 0.4
    assert row["bootstrap"]["p_holm"] == pytest.approx(1 / 200)
    assert row["mcnemar"]["only_second"] == 0
    assert row["mcnemar"]["p_holm"] < 1e-6


def test_mcnemar_by_hand():
    # 6 only the first right, 1 only the second: 2 * (1 + 7) / 2**7 = 0.125
    gold = pd.DataFrame({"sentence_id": range(7), "article_id": range(7), "stance": "none"})
    one = gold.assign(stance=["none"] * 6 + ["accepts"])[["sentence_id", "stance"]]
    two = gold.assign(stance=["accepts"] * 6 + ["none"])[["sentence_id", "stance"]]
    result = mcnemar(four_way(align(gold, one)), four_way(align(gold, two)))
    assert (result["only_first"], result["only_second"]) == (6, 1)
    assert result["p_value"] == pytest.approx(0.125)


def test_holm_by_hand():
    # Sorted 0.01, 0.03, 0.04 -> 3 * 0.01, 2 * 0.03, and no less than that before.
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])


def test_average_precision_without_positives_is_zero():
    assert average_precision(np.zeros(3, bool), np.ones(3), np.ones((1, 3))).tolist() == [0.0]


def test_a_task_can_be_scored_alone():
    gold, predictions = make(7)
    assert score_task(detection(align(gold, predictions)), 10)["classes"] == ["claim", "none"]


def test_slices_cover_every_sentence_once_and_small_parts_are_left_out():
    gold, predictions = make(8, 120)
    slices = score_slices(align(gold, predictions), {"x"}, resamples=20)
    assert set(slices) == {"length", "names a ceasefire", "direct speech", "conflict", "writer"}
    assert sum(p["n_sentences"] for p in slices["writer"].values()) == 120
    assert set(slices["conflict"]) == {"seen", "unseen"}
    assert set(slices["names a ceasefire"]) == {"yes"}
