from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceasefire_stance.corpus import DataError, complete
from ceasefire_stance.corpus.sentences import (
    require_trainable,
    sentences_from_claims,
    single_stance,
    with_context,
)
from ceasefire_stance.corpus.stances import STANCES, nearest_stance


def test_context_is_up_to_three_sentences_before_in_the_same_article():
    frame = pd.DataFrame(
        {
            "article_id": ["b", "a", "a", "a", "a", "a"],
            "position": [0, 4, 3, 2, 1, 0],
            "text": ["B0", "A4", "A3", "A2", "A1", "A0"],
        }
    )
    assert with_context(frame)["context"].tolist() == [
        "", "A1 A2 A3", "A0 A1 A2", "A0 A1", "A0", "",
    ]  # fmt: skip


def test_context_of_a_sentence_with_two_claims_holds_it_once():
    frame = pd.DataFrame({"article_id": "a", "position": [0, 0, 1], "text": ["x", "x", "y"]})
    assert with_context(frame)["context"].tolist() == ["", "", "x"]


def test_sentences_whose_claims_differ_are_marked_and_left_out(claims):
    sentences = sentences_from_claims(claims)
    assert len(sentences) == 24 * 6
    assert sentences.loc[sentences["several"], "sentence_id"].tolist() == ["m00:1"]
    assert len(single_stance(sentences)) == 24 * 6 - 1


def test_complete_makes_ids_and_empty_context():
    out = complete(pd.DataFrame({"text": ["One.", "Two."]}), source="x.csv")
    assert out["sentence_id"].tolist() == ["row000000:0", "row000001:0"]
    assert out["context"].tolist() == ["", ""]


def test_complete_makes_context_where_there_are_articles():
    out = complete(pd.DataFrame({"text": ["One.", "Two."], "article_id": "a"}), source="x.csv")
    assert out["context"].tolist() == ["", "One."]


@pytest.mark.parametrize("word", ["none", "None", "NA", "null", "N/A", "nan"])
def test_words_for_none_stay_the_class_none(word):
    frame = pd.DataFrame({"text": ["x"], "stance": [word]})
    assert complete(frame, source="x", label_column="stance")["stance"].tolist() == ["none"]


@pytest.mark.parametrize(
    ("frame", "parts"),
    [
        (pd.DataFrame({"text": []}), ["no rows"]),
        (pd.DataFrame({"body": ["x"]}), ["'text' is missing", "found body", "--text-column"]),
        (pd.DataFrame({"text": ["x", " "], "stance": "none"}), ["row 2", "text is empty"]),
        (
            pd.DataFrame({"text": ["x", "y"], "stance": ["none", None]}),
            ["row 2", "stance is empty"],
        ),
        (
            pd.DataFrame({"text": ["x"], "stance": ["accept"]}),
            ["row 1", "'accept'", "accepts, conditional, none, rejects", "accept=accepts"],
        ),
        (
            pd.DataFrame({"text": ["x", "y"], "stance": "none", "sentence_id": ["a", "a"]}),
            ["row 2", "'a'", "earlier row"],
        ),
    ],
)  # fmt: skip
def test_bad_tables_say_row_and_remedy(frame, parts):
    with pytest.raises(DataError) as caught:
        complete(frame, source="mine.csv", label_column="stance" if "stance" in frame else None)
    message = str(caught.value)
    assert message.startswith("mine.csv")
    assert all(part in message for part in parts), message


def test_labels_are_mapped_and_bad_maps_refused():
    frame = pd.DataFrame({"text": ["x"], "label": ["yes"]})
    out = complete(frame, source="x", label_column="label", map_label={"yes": "accepts"})
    assert out["stance"].tolist() == ["accepts"]
    with pytest.raises(DataError, match="maps to 'agree'"):
        complete(frame, source="x", label_column="label", map_label={"yes": "agree"})


def test_positions_are_numbers_and_order_the_context():
    frame = pd.DataFrame({"article_id": "a", "position": ["9", "10"], "text": ["Nine.", "Ten."]})
    assert complete(frame, source="x")["context"].tolist() == ["", "Nine."]
    with pytest.raises(DataError, match="row 2: position is 'ten'"):
        complete(frame.assign(position=["9", "ten"]), source="x")


def test_several_is_read_as_true_or_false():
    frame = pd.DataFrame({"text": ["x", "y"], "several": ["False", "true"]})
    assert complete(frame, source="x")["several"].tolist() == [False, True]
    assert single_stance(frame)["text"].tolist() == ["x"]
    with pytest.raises(DataError, match="several is 'perhaps'"):
        complete(frame.assign(several="perhaps"), source="x")


def test_the_column_the_user_names_is_the_one_that_is_read():
    frame = pd.DataFrame({"text": ["theirs"], "sentence": ["mine"]})
    assert complete(frame, source="x", text_column="sentence")["text"].tolist() == ["mine"]


@pytest.mark.parametrize(
    ("frame", "part"),
    [
        (pd.DataFrame({"text": [12]}), "row 1: text is 12"),
        (pd.DataFrame({"text": ["x"], "article_id": [None]}), "row 1: article_id is empty"),
        (pd.DataFrame({"text": ["x"], "sentence_id": [[1]]}), "row 1: sentence_id is empty or a"),
    ],
)
def test_values_of_the_wrong_kind_are_bad_data(frame, part):
    with pytest.raises(DataError, match=part):
        complete(frame, source="x")


def test_one_class_or_too_few_articles_cannot_be_trained_on():
    frame = pd.DataFrame({"stance": ["none", "none"], "article_id": ["a", "b"]})
    with pytest.raises(DataError, match="every label is 'none'"):
        require_trainable(frame, "x")
    frame["stance"] = ["none", "accepts"]
    with pytest.raises(DataError, match=r"1 sentence\(s\) with .*, 2 expected"):
        require_trainable(frame, "x")
    frame = pd.DataFrame({"stance": ["none", "accepts"] * 5, "article_id": ["a", "b"] * 5})
    with pytest.raises(DataError, match=r"2 article\(s\) found, 5 expected"):
        require_trainable(frame, "x", 5)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("accept", "accepts"), ("Reject", "rejects"), ("condtional", "conditional"), ("zzz", None)],
)
def test_nearest_stance(typed, meant):
    assert nearest_stance(typed) == meant


@given(st.lists(st.sampled_from(STANCES), min_size=1, max_size=20))
def test_complete_keeps_every_label_and_its_order(labels):
    frame = pd.DataFrame({"text": [f"t{i}" for i in range(len(labels))], "stance": labels})
    assert complete(frame, source="x", label_column="stance")["stance"].tolist() == labels
