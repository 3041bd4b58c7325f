from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from ceasefire_stance.articles.claims import CLAIM_COLUMNS, read_claims_of
from ceasefire_stance.learning.predicting import predict_with
from ceasefire_stance.reading import Article
from ceasefire_stance.reading.segmentation import article_sentences

from .invented_war import make_reader


def claims_of(text, *probabilities, title="", published="", article_id="a"):
    reader = make_reader(*probabilities)
    sentences = article_sentences(Article(article_id, text, title, published))
    predictions = predict_with(sentences, reader.stances.pipeline)
    return read_claims_of(sentences, predictions, reader)


def triples(claims):
    return claims[["actor", "holder", "stance"]].to_numpy().tolist()


def test_a_claim_has_holder_actor_stance_and_its_codes():
    (row,) = claims_of("Nordhaven rejected the truce.", published="2015-06-01").to_dict("records")
    assert list(row) == list(CLAIM_COLUMNS)
    assert (row["claim_id"], row["sentence_id"], row["article_id"]) == ("a:0#0", "a:0", "a")
    assert (row["actor"], row["holder"], row["stance"]) == ("Norland", "Nordhaven", "rejects")
    assert (row["actor_kind"], row["iso3"], row["cow"], row["gwno"]) == (
        "state", "NRL", "9901", "9901",
    )  # fmt: skip
    assert row["published"] == "2015-06-01"
    assert row["probability"] == row["p_rejects"] == 0.94
    assert (row["condition"], row["condition_start"], row["condition_end"]) == ("", -1, -1)
    assert (row["source"], row["when"]) == ("self", "now")


def test_a_claim_below_the_threshold_of_the_model_is_marked():
    never = dict.fromkeys(("accepts", "conditional", "none", "rejects"), 2.0)
    rule = {
        "error_target": 0.1, "delta": 0.1, "per_stance": False, "thresholds": never, "alpha": 0.1,
        "class_conditional": False, "quantiles": never, "n_calibration": 10,
    }  # fmt: skip
    reader = make_reader()
    doubtful = replace(reader, stances=replace(reader.stances, info={"doubt": rule}))
    sentences = article_sentences(Article("a", "Norland rejected the truce."))
    predictions = predict_with(sentences, reader.stances.pipeline)
    assert not read_claims_of(sentences, predictions, reader)["abstained"].any()
    assert read_claims_of(sentences, predictions, doubtful)["abstained"].all()


def test_the_answer_and_not_the_most_probable_stance_makes_the_claim():
    reader = make_reader()
    sentences = article_sentences(Article("a", "Norland spoke. Sudria slept."))
    predictions = predict_with(sentences, reader.stances.pipeline)
    assert predictions["p_none"].min() > 0.9
    answered = predictions.assign(stance=["conditional", "none"])
    (row,) = read_claims_of(sentences, answered, reader).to_dict("records")
    assert (row["actor"], row["stance"], row["probability"]) == ("Norland", "conditional", 0.02)


def test_sentences_without_a_stance_give_no_claim():
    claims = claims_of("Shells fell on Nordhaven. Sudria was calm. Nobody slept.")
    assert claims.empty
    assert list(claims.columns) == list(CLAIM_COLUMNS)


def told_by_network(text, *probabilities, **positions):
    """The claims of a sentence, with a network that says what each word's position is."""
    reader = make_reader(*probabilities, positions=positions)
    sentences = article_sentences(Article("a", text))
    predictions = predict_with(sentences, reader.stances.pipeline)
    return read_claims_of(sentences, predictions, reader)


def test_a_network_finds_the_holder_that_the_ranking_would_not_and_its_stance():
    text = "Norland accepted what Sudria had turned down."
    assert triples(told_by_network(text, 0.9, 0.2)) == [["Norland", "Norland", "accepts"]]
    claims = told_by_network(text, 0.9, 0.2, Norland=(0.9, 0.05, 0), Sudria=(0.1, 0.1, 0.9))
    assert triples(claims) == [
        ["Norland", "Norland", "accepts"], ["Sudria", "Sudria", "rejects"],
    ]  # fmt: skip
    # That there is a claim stays as probable as the sentence makes it.
    parts = claims[["p_accepts", "p_conditional", "p_rejects"]].sum(axis=1)
    assert parts.tolist() == pytest.approx([0.98, 0.98])


def test_what_the_network_says_of_one_of_a_list_it_says_of_all():
    claims = told_by_network(
        "Norland, Sudria and the Concord rejected the truce.", 0.9, Norland=(0, 0, 0.9)
    )
    assert claims["actor"].tolist() == ["Norland", "Sudria", "Concord of Nations"]
    assert set(claims["stance"]) == {"rejects"}


def test_a_network_that_sees_nobody_leaves_the_stance_to_the_clause():
    text = "Norland agreed to it, but the Marsh Front rejected it."
    claims = told_by_network(text, 0.99, 0.05, 0.99, Norland=(0, 0, 0.15), Marsh=(0.15, 0, 0))
    assert claims["stance"].tolist() == ["accepts", "rejects"]


def test_a_holder_whom_the_rules_pass_over_is_taken_from_the_network():
    text = "In the end several accepted the truce."
    assert triples(told_by_network(text)) == [["", "", "accepts"]]
    assert triples(told_by_network(text, several=(0.9, 0, 0))) == [
        ["several", "several", "accepts"],
    ]  # fmt: skip


def test_a_network_is_asked_of_claims_alone_and_only_if_wanted():
    reader = make_reader(0.9, positions={})
    sentences = article_sentences(Article("a", "Norland accepted the truce. Shells fell."))
    predictions = predict_with(sentences, reader.stances.pipeline)
    read_claims_of(sentences.drop(columns="context"), predictions, reader)
    assert reader.stances.pipeline.asked == ["Norland accepted the truce."]
    read_claims_of(sentences, predictions, replace(reader, tagging=False))
    assert len(reader.stances.pipeline.asked) == 1


def test_a_threat_to_those_who_refuse_is_urging():
    reader = make_reader(0.9)
    text = "Norland warned on terms of its own that if Sudria rejects the truce it will be shelled."
    sentences = article_sentences(Article("a", text))
    predictions = predict_with(sentences, reader.stances.pipeline)
    assert predictions["stance"].tolist() == ["conditional"]
    (row,) = read_claims_of(sentences, predictions, reader).to_dict("records")
    assert (row["actor"], row["stance"], row["condition"]) == ("Norland", "accepts", "")
    assert row["probability"] == pytest.approx(0.96)
    assert row["p_conditional"] == 0


def test_two_holders_of_a_sentence_have_each_the_stance_of_their_clause():
    claims = claims_of("Norland agreed to the truce, but the Marsh Front rejected it.", 0.9, 0.8)
    assert triples(claims) == [
        ["Norland", "Norland", "accepts"], ["Marsh Front", "the Marsh Front", "rejects"],
    ]  # fmt: skip
    assert claims["claim_id"].tolist() == ["a:0#0", "a:0#1"]
    assert claims["holder_probability"].tolist() == [0.9, 0.8]
    assert claims["sentence_id"].tolist() == ["a:0", "a:0"]


def test_a_second_holder_whose_clause_says_nothing_is_left_out():
    claims = claims_of("Norland rejected the truce while Sudria buried its dead.", 0.9, 0.8)
    assert triples(claims) == [["Norland", "Norland", "rejects"]]


def test_a_party_has_one_claim_a_stance_however_often_a_sentence_names_it():
    claims = claims_of("Norland rejected the truce; it will never sign.", 0.9, 0.8)
    assert triples(claims) == [["Norland", "Norland", "rejects"]]
    claims = claims_of("Norland agreed to the truce; it will never extend it.", 0.9, 0.8)
    assert claims[["actor", "stance"]].to_numpy().tolist() == [
        ["Norland", "accepts"], ["Norland", "rejects"],
    ]  # fmt: skip
    assert claims["claim_id"].is_unique


def test_who_only_tells_of_a_position_does_not_hold_it():
    claims = claims_of("Norland said that Sudria rejected the truce.", 0.9, 0.8)
    assert triples(claims) == [["Sudria", "Sudria", "rejects"]]
    assert claims["source"].tolist() == ["others"]


def test_who_urges_another_keeps_its_own_position():
    claims = claims_of("Norland urged Sudria to accept: it agreed to the truce.", 0.9, 0.2)
    assert claims["actor"].tolist() == ["Norland"]


def test_an_unknown_start_does_not_undo_an_acceptance():
    claims = claims_of(
        "Norland agreed to the truce, but it is unclear whether Sudria will.", 0.9, 0.8
    )
    assert triples(claims) == [["Norland", "Norland", "accepts"]]


def test_members_of_a_list_hold_the_same():
    claims = claims_of("Norland, Sudria and the Concord welcomed the truce.", 0.9, 0.1, 0.1)
    assert claims["actor"].tolist() == ["Norland", "Sudria", "Concord of Nations"]
    assert set(claims["stance"]) == {"accepts"}


TEXT = """\
Il pleuvait — 🕊️ — à Élva.

The Marsh Front said it would sign only if Norland’s siege of Élva were lifted, its envoy told us.
Norland will not sign unless the prisoners are freed.
"""


def test_conditions_and_holders_stand_where_the_offsets_say():
    claims = claims_of(TEXT)
    assert claims["stance"].tolist() == ["conditional", "conditional"]
    assert claims["condition"].tolist() == [
        "only if Norland’s siege of Élva were lifted",
        "unless the prisoners are freed",
    ]
    for row in claims.to_dict("records"):
        assert TEXT[row["start"] : row["end"]] == row["text"]
        assert TEXT[row["holder_start"] : row["holder_end"]] == row["holder"] != ""
        assert TEXT[row["condition_start"] : row["condition_end"]] == row["condition"]


def test_a_condition_is_looked_for_in_the_clause_of_its_holder_alone():
    text = "Norland agreed to the truce, but Sudria will sign only if it is paid."
    first, second = claims_of(text, 0.9, 0.8).to_dict("records")
    assert (first["stance"], first["condition"]) == ("accepts", "")
    assert (second["stance"], second["condition"]) == ("conditional", "only if it is paid")
    assert second["condition_start"] == text.index("only if")
    text = "Norland will sign only if it is paid, but Sudria waits until its guns are back."
    assert claims_of(text, 0.9, 0.1, 0.8)["condition"].tolist() == [
        "only if it is paid", "until its guns are back",
    ]  # fmt: skip


def test_a_headline_gives_claims_without_offsets():
    claims = claims_of("It rained.", title="Norland will sign only if paid")
    (row,) = claims.to_dict("records")
    assert (row["position"], row["start"], row["end"]) == (0, -1, -1)
    assert (row["holder"], row["holder_start"], row["holder_end"]) == ("Norland", -1, -1)
    assert (row["condition"], row["condition_start"]) == ("only if paid", -1)


@pytest.mark.parametrize(
    "text",
    [
        "Analysts rejected the truce as unwise.",
        "Military experts welcomed the truce.",
        "A professor, an observer of the war, ruled out a truce.",
    ],
)
def test_an_outsiders_own_view_is_nobodys_position(text):
    assert claims_of("Norland’s envoy spoke. " + text, 0.9, 0.1).empty


def test_what_analysts_say_a_party_wants_is_the_partys():
    claims = claims_of("Analysts said Norland would never sign a truce.", 0.9, 0.1)
    assert triples(claims) == [["Norland", "Norland", "rejects"]]
    assert claims["source"].tolist() == ["others"]


def test_what_nobody_knows_is_no_claim():
    assert claims_of("It was not clear if Norland would accept the truce.").empty
    assert len(claims_of("It was clear that Norland would accept the truce.")) == 1


def test_a_quote_is_that_of_the_speaker_in_the_sentence_before():
    text = "Sudria’s envoy, Eva Lund, told reporters at the pier.\n\n“We will not sign,” she added."
    (row,) = claims_of(text).to_dict("records")
    assert (row["actor"], row["stance"], row["source"]) == ("Sudria", "rejects", "self")
    alone = "Sudria’s envoy, Eva Lund, told reporters at the pier.\n\n“Never.”"
    (row,) = claims_of(alone).to_dict("records")
    assert (row["actor"], row["holder"], row["holder_start"]) == ("Sudria", "", -1)
    assert row["holder_probability"] == 0.0


def test_a_surname_at_the_head_of_a_sentence_is_the_holder():
    text = "The Norlandish spokesman, Ivo Tal, was calm. Sudria fired. Tal rejected the truce."
    assert triples(claims_of(text)) == [["Norland", "Tal", "rejects"]]


def test_a_party_that_is_not_known_is_called_by_its_words():
    (row,) = claims_of("On Friday Eva Lund rejected the truce.").to_dict("records")
    assert (row["actor"], row["actor_kind"], row["iso3"]) == ("Eva Lund", "", "")


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("Norland rejects the truce.", "now"),
        ("Norland has repeatedly rejected a truce.", "past"),
        ("Last year Norland rejected a truce.", "past"),
        ("Norland rejected the truce on Monday.", "now"),
    ],
)
def test_positions_of_earlier_days_are_marked(text, when):
    assert claims_of(text)["when"].tolist() == [when]


@pytest.mark.parametrize(
    ("text", "probabilities", "source"),
    [
        ("Norland rejected the truce.", (0.9,), "self"),
        ("Norland said it rejected the truce.", (0.9, 0.1), "self"),
        ("Norland said it rejected the truce.", (0.1, 0.9), "self"),
        ("“We reject the truce,” said Norland.", (0.9, 0.1), "self"),
        ("Norland said the Marsh Front had refused the truce.", (0.1, 0.9), "others"),
        ("Sudria’s envoy said Sudria rejected the truce.", (0.1, 0.9), "self"),
        ("Eva Lund said the Hill Army rejected the truce.", (0.1, 0.9), "others"),
    ],
)
def test_who_says_it_is_told_from_whose_it_is(text, probabilities, source):
    (row,) = claims_of(text, *probabilities).to_dict("records")
    assert row["source"] == source


def test_the_year_of_the_article_decides_whom_a_name_means():
    text = "Brandt rejected the truce."
    assert claims_of(text, published="1994-05-01")["actor"].tolist() == ["Norland"]
    assert claims_of(text, published="2014-05-01")["actor"].tolist() == ["Sudria"]


def test_articles_do_not_hear_of_each_other():
    reader = make_reader()
    frames = [
        article_sentences(Article("a", "Norland fired on Elva.")),
        article_sentences(Article("b", "It rejected the truce.")),
    ]
    sentences = pd.concat(frames, ignore_index=True)
    claims = read_claims_of(sentences, predict_with(sentences, reader.stances.pipeline), reader)
    assert triples(claims) == [["", "It", "rejects"]]


def test_what_stands_in_the_context_of_a_picked_sentence_is_known():
    reader = make_reader()
    picked = pd.DataFrame(
        {
            "sentence_id": ["a:7"],
            "article_id": ["a"],
            "position": [7],
            "text": ["It rejected the truce."],
            "context": ["Rain fell. The Hill Army met Eva Lund."],
            "title": ["Guns over Elva"],
        }
    )
    claims = read_claims_of(picked, predict_with(picked, reader.stances.pipeline), reader)
    (row,) = claims.to_dict("records")
    assert (row["actor"], row["start"], row["holder_start"]) == ("Hill Army", -1, -1)
    assert (row["published"], row["outlet"]) == ("", "")
