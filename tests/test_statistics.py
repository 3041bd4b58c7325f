from __future__ import annotations

import pandas as pd

from ceasefire_stance.corpus import corpus_statistics
from ceasefire_stance.corpus.manifest import load_corpus
from ceasefire_stance.corpus.statistics import names_ceasefire, stock_phrases


def test_names_of_a_ceasefire():
    texts = pd.Series(
        ["A cease-fire.", "Ceasefires!", "the armistice", "a humanitarian pause", "peace"]
    )
    assert names_ceasefire(texts).tolist() == [True, True, True, True, False]


def test_counts_are_those_of_the_miniature_corpus(corpus):
    numbers = corpus_statistics(load_corpus(corpus))
    whole = numbers["all"]
    assert whole["sentences"] == 144
    assert whole["articles"] == 24
    # Three of six sentences are none; the others one each. The sentence with two claims counts
    # under its first.
    assert whole["stances"] == {"accepts": 24, "conditional": 24, "none": 72, "rejects": 24}
    assert whole["share_none"] == 0.5
    # Four of six name a ceasefire, three of them with a claim.
    assert whole["share_claims_where_named"] == 0.75
    assert whole["share_claims_that_do_not_name"] == 0.0
    assert numbers["splits"]["train"]["articles"] == 14
    assert numbers["by_writer"]["X"]["sentences"] == 72


def test_a_phrase_of_one_hand_is_found():
    mine = pd.DataFrame(
        {"writer": "A", "text": [f"When the guns fell silent in {i}." for i in range(6)]}
    )
    others = pd.DataFrame({"writer": "B", "text": [f"Plain words number {i}." for i in range(6)]})
    top = stock_phrases(pd.concat([mine, others]))[0]
    assert top["writer"] == "A"
    assert top["count"] == 6
    assert top["elsewhere"] == 0


def test_near_duplicates_leave_out_the_contrast_split():
    row = "The truce in the north began at noon on Friday in the rain."
    frame = pd.DataFrame(
        {
            "sentence_id": list("abcd"),
            "article_id": ["g.1", "g.2", "x", "y"],
            "text": [row, row.replace("noon", "dusk"), row.replace("noon", "dawn"), "It snowed."],
            "stance": "none",
            "split": ["contrast", "contrast", "train", "train"],
            "writer": "A",
        }
    )
    counts = corpus_statistics(frame)["near_duplicates"]
    assert counts == {"pairs": 0, "across_splits": 0, "pairs_per_1000_sentences": 0.0}
    # The same sentences in other splits are counted: all three are alike.
    counts = corpus_statistics(frame.assign(split=["test", "test", "train", "train"]))
    assert counts["near_duplicates"] == {
        "pairs": 3, "across_splits": 2, "pairs_per_1000_sentences": 750.0,
    }  # fmt: skip
    # And the contrast split is in the counts of sentences all the same.
    assert corpus_statistics(frame)["splits"]["contrast"]["sentences"] == 2


def test_a_corpus_of_contrast_sentences_alone_has_statistics():
    frame = pd.DataFrame(
        {
            "sentence_id": ["a"], "article_id": ["g.1"], "text": ["A truce."], "stance": ["none"],
            "split": ["contrast"], "writer": ["A"],
        }
    )  # fmt: skip
    found = corpus_statistics(frame)
    assert found["near_duplicates"]["pairs"] == 0
    assert found["stock_phrases"] == []


def test_stock_phrases_are_not_those_of_contrast_groups():
    frame = pd.DataFrame(
        {
            "sentence_id": [f"s{i}" for i in range(8)],
            "article_id": [f"g.{i}" for i in range(8)],
            "text": [f"When the guns fell silent in {i}." for i in range(6)] + ["A.", "B."],
            "stance": "none",
            "split": ["contrast"] * 6 + ["train"] * 2,
            "writer": ["A"] * 6 + ["A", "B"],
        }
    )
    assert corpus_statistics(frame)["stock_phrases"] == []
