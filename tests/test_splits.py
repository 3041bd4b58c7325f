from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from ceasefire_stance.corpus import assign_splits, near_duplicates
from ceasefire_stance.corpus.sentences import sentences_from_claims
from ceasefire_stance.corpus.splits import shingles

SHARES = {"train": 0.6, "validation": 0.2, "test": 0.2}


def test_splits_are_by_article_hold_all_stances_and_held_out_conflicts_go_to_test(claims):
    sentences = sentences_from_claims(claims)
    split = assign_splits(sentences, SHARES, held_out={"Island war"}, seed=1)
    assert set(split) == set(sentences["article_id"])
    where = sentences["article_id"].map(split)
    assert set(where[sentences["conflict"] == "Island war"]) == {"test"}
    for name in SHARES:
        assert set(sentences.loc[where == name, "stance"]) == set(sentences["stance"])


def test_splits_are_the_same_for_the_same_seed(claims):
    sentences = sentences_from_claims(claims)
    assert assign_splits(sentences, SHARES, seed=3) == assign_splits(sentences, SHARES, seed=3)


def test_near_duplicates_are_found_and_said_to_cross_splits():
    frame = pd.DataFrame(
        {
            "sentence_id": ["a", "b", "c"],
            "split": ["train", "test", "train"],
            "text": [
                "The truce in the north began at noon on Friday.",
                "The truce in the north began at noon on Monday.",
                "Nothing else was said by the ministers of the two states.",
            ],
        }
    )
    pairs = near_duplicates(frame)
    # 8 trigrams each, 7 shared: 7 / 9.
    assert pairs.to_dict("records") == [
        {"first": "a", "second": "b", "similarity": 7 / 9, "across": True}
    ]


def test_short_texts_are_one_shingle():
    assert shingles("Yes, we do.") == {("yes", "we", "do")}
    assert shingles("...") == frozenset()


@given(st.lists(st.text("abc ", max_size=12), min_size=2, max_size=8))
def test_near_duplicates_are_those_of_the_definition(texts):
    frame = pd.DataFrame({"sentence_id": [str(i) for i in range(len(texts))], "text": texts})
    found = {(r.first, r.second) for r in near_duplicates(frame, 0.6).itertuples()}
    sets = [shingles(t) for t in texts]
    expected = {
        (str(i), str(j))
        for j in range(len(texts))
        for i in range(j)
        if sets[i] & sets[j] and len(sets[i] & sets[j]) / len(sets[i] | sets[j]) >= 0.6
    }
    assert found == expected
