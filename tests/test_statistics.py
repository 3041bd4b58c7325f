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
