from __future__ import annotations

import pandas as pd
import pytest

from ceasefire_stance.evaluation.claims import chain_scores, holder_scores


def rows(*values, columns):
    return pd.DataFrame(list(values), columns=columns)


HOLDERS = ["article_id", "sentence_id", "holder", "actor", "holder_probability"]


def test_holder_scores_are_those_counted_by_hand():
    gold = rows(
        ("a", "a:0", "the Kremlin", "Russia", 0),
        ("a", "a:1", "Kyiv", "Ukraine", 0),
        ("a", "a:1", "Moscow", "Russia", 0),
        ("b", "b:0", "he", "Israel", 0),
        columns=HOLDERS,
    )
    found = rows(
        ("a", "a:0", "Kremlin", "Russia", 0.9),
        ("a", "a:1", "Kyiv", "Ukraine", 0.9),
        ("b", "b:0", "Hamas", "Hamas", 0.6),
        ("b", "b:0", "he", "Israel", 0.5),
        columns=HOLDERS,
    )
    scores = holder_scores(gold, found, resamples=50)
    assert scores["n_claims"] == 4
    # Words exactly: "Kyiv", "he"; four found, four gold.
    assert scores["span_exact"]["value"] == pytest.approx(2 * 2 / 8)
    # "Kremlin" covers one of two words: 2/3; "Kyiv" 1; "Moscow" 0; "he" 1.
    assert scores["span_overlap"]["value"] == pytest.approx(2 * (2 / 3 + 2) / 8)
    # One claim in b, and its likeliest is Hamas.
    assert scores["actor_accuracy"]["value"] == pytest.approx(2 / 4)
    # Right: Russia (a:0), Ukraine, Israel; four actors found, four gold.
    assert scores["actor_f1"]["value"] == pytest.approx(2 * 3 / 8)


def test_the_chain_counts_each_actor_and_stance_once_an_article():
    columns = ["article_id", "actor", "stance"]
    gold = rows(
        ("a", "R", "rejects"), ("a", "R", "rejects"), ("b", "U", "accepts"), columns=columns
    )
    found = rows(
        ("a", "R", "rejects"), ("a", "U", "accepts"), ("c", "R", "accepts"), columns=columns
    )
    scores = chain_scores(gold, found, ["a", "b", "c"], resamples=50)
    assert (scores["n_gold"], scores["n_found"]) == (2, 3)
    assert scores["precision"]["value"] == pytest.approx(1 / 3, abs=1e-6)
    assert scores["recall"]["value"] == pytest.approx(1 / 2)
    assert scores["f1"]["value"] == pytest.approx(2 / 5)
