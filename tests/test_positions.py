from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceasefire_stance.articles.events import plover_events
from ceasefire_stance.articles.positions import (
    CLEAR_SHARE,
    article_positions,
    claim_weights,
    decide,
)
from ceasefire_stance.articles.timeline import (
    LATEST_COLUMNS,
    latest_positions,
    outlet_disagreements,
    position_changes,
)


def claim(number, actor, stance, p=1.0, *, article="a", source="self", when="now", **more):
    return {
        "claim_id": f"{article}:{number}#0",
        "sentence_id": f"{article}:{number}",
        "article_id": article,
        "position": number,
        "published": "2020-01-01",
        "outlet": "The Post",
        "title": "",
        "text": f"Sentence {number} of {article}.",
        "stance": stance,
        "probability": p,
        "abstained": p < 0.5,
        "actor": actor,
        "actor_kind": "state",
        "iso3": "",
        "cow": "",
        "gwno": "",
        "condition": "",
        "source": source,
        "when": when,
        **more,
    }


def test_weights_are_those_of_the_definition():
    claims = pd.DataFrame(
        [
            claim(0, "A", "accepts", 0.8),
            claim(2, "A", "accepts", 0.8, source="others"),
            claim(4, "A", "rejects", 0.5, when="past"),
        ]
    )
    # First sentence: 0.8 · 1.25; middle: 0.8 · 0.5 · 1.125; last: 0.5 · 0.2 · 1.
    assert claim_weights(claims).tolist() == pytest.approx([1.0, 0.45, 0.1])


def test_a_claim_of_which_the_model_is_unsure_counts_by_its_probability():
    rows = [claim(0, "A", "accepts", 0.9), claim(0, "A", "rejects", 0.3)]
    assert [row["abstained"] for row in rows] == [False, True]
    assert claim_weights(pd.DataFrame(rows)).tolist() == pytest.approx([0.9, 0.3])
    assert article_positions(pd.DataFrame(rows)).iloc[0]["share_accepts"] == pytest.approx(0.75)


def test_a_past_refusal_gives_way_to_todays_condition():
    claims = pd.DataFrame(
        [
            claim(0, "Russia", "conditional", 0.9, condition="if it is briefed first"),
            claim(5, "Russia", "rejects", 0.99, when="past"),
        ]
    )
    row = article_positions(claims).iloc[0]
    assert row["position"] == "conditional"
    assert row["past_position"] == "rejects"
    assert row["condition"] == "if it is briefed first"
    assert row["evidence"] == ["a:0#0", "a:5#0"]
    # Weights 0.9 · 1.25 = 1.125 and 0.99 · 0.2 = 0.198; the share times probability 0.9.
    assert row["confidence"] == pytest.approx(1.125 / 1.323 * 0.9, abs=1e-4)


def test_acceptance_against_refusal_is_mixed_and_beside_conditions_conditional():
    both = pd.DataFrame([claim(0, "A", "accepts"), claim(0, "A", "rejects")])
    assert article_positions(both)["position"].tolist() == ["mixed"]
    terms = pd.DataFrame([claim(0, "A", "accepts"), claim(0, "A", "conditional")])
    assert article_positions(terms)["position"].tolist() == ["conditional"]


def test_actors_come_in_the_order_of_their_weight_and_articles_apart():
    claims = pd.DataFrame(
        [
            claim(0, "B", "accepts", 0.6),
            claim(1, "A", "accepts", 0.9),
            claim(0, "A", "rejects", 0.9, article="b"),
        ]
    )
    rows = article_positions(claims)
    assert rows[["article_id", "actor", "position"]].to_numpy().tolist() == [
        ["a", "A", "accepts"],
        ["a", "B", "accepts"],
        ["b", "A", "rejects"],
    ]


@given(st.lists(st.floats(0.01, 1), min_size=3, max_size=3))
def test_a_clear_share_decides(values):
    total = sum(values)
    share = dict(
        zip(("accepts", "conditional", "rejects"), (v / total for v in values), strict=True)
    )
    best = max(share, key=share.get)
    found = decide(share)
    if share[best] >= CLEAR_SHARE:
        assert found == best
    else:
        assert found in ("mixed", "conditional")


def test_no_claims_give_no_positions():
    empty = pd.DataFrame([claim(0, "A", "accepts")]).iloc[:0]
    assert article_positions(empty).empty


def test_a_position_known_from_the_past_or_from_others_is_less_sure():
    old = article_positions(pd.DataFrame([claim(0, "A", "rejects", 0.9, when="past")])).iloc[0]
    told = article_positions(pd.DataFrame([claim(0, "A", "rejects", 0.9, source="others")])).iloc[0]
    assert (old["position"], old["n_past"], old["n_reported"]) == ("rejects", 1, 0)
    assert old["confidence"] == pytest.approx(0.9 * 0.2)
    assert told["n_reported"] == 1
    assert told["confidence"] == pytest.approx(0.9 * 0.5)


def test_claims_of_which_the_model_is_unsure_are_counted():
    claims = [
        claim(0, "A", "accepts", 0.9),
        claim(1, "A", "accepts", 0.4),
        claim(2, "B", "rejects"),
    ]
    rows = article_positions(pd.DataFrame(claims))
    assert dict(zip(rows["actor"], rows["n_unsure"], strict=True)) == {"A": 1, "B": 0}


def test_a_claim_of_nobody_known_is_no_position():
    assert article_positions(pd.DataFrame([claim(0, "", "accepts")])).empty


def test_people_without_a_name_are_not_followed_from_day_to_day():
    claims = pd.DataFrame(
        [
            claim(0, "residents", "rejects", article="x", actor_kind=""),
            claim(0, "residents", "accepts", article="y", published="2020-01-03", actor_kind=""),
        ]
    )
    assert position_changes(article_positions(claims), claims).empty


def two_days():
    claims = pd.DataFrame(
        [
            claim(0, "A", "rejects", 0.9, article="x"),
            claim(0, "A", "accepts", 0.8, article="y", published="2020-01-03"),
            claim(0, "A", "accepts", 0.9, article="z", published="2020-01-05"),
            claim(0, "B", "accepts", 0.9, article="z", published=""),
        ]
    )
    return claims, article_positions(claims)


def test_a_change_of_position_is_shown_by_its_two_sentences():
    claims, positions = two_days()
    changes = position_changes(positions, claims)
    assert len(changes) == 1
    row = changes.iloc[0]
    assert (row["actor"], row["before"], row["after"]) == ("A", "rejects", "accepts")
    assert (row["date_before"], row["date_after"]) == ("2020-01-01", "2020-01-03")
    assert row["text_before"] == "Sentence 0 of x."
    assert row["text_after"] == "Sentence 0 of y."


def test_the_latest_position_is_told_with_its_first_day():
    claims, _ = two_days()
    more = [
        claim(0, "A", "rejects", article="w", published="2020-01-06", when="past"),
        claim(0, "C", "rejects", article="x"),
        claim(1, "residents", "rejects", article="x", actor_kind=""),
    ]
    rows = latest_positions(article_positions(pd.concat([claims, pd.DataFrame(more)])))
    assert tuple(rows.columns) == LATEST_COLUMNS
    # A rejects on 1 January and accepts on 3 and 5 January; what it refused before 6 January is no
    # position of that day, but the article counts. B has no date.
    told = rows[["actor", "position", "published", "since", "n_articles"]].to_numpy().tolist()
    assert told == [
        ["A", "accepts", "2020-01-05", "2020-01-03", 4],
        ["C", "rejects", "2020-01-01", "2020-01-01", 1],
    ]


def test_nobody_has_a_latest_position_where_there_is_none():
    _, positions = two_days()
    assert latest_positions(positions.iloc[:0]).empty
    assert latest_positions(positions[positions["actor"] == "B"]).empty


def test_outlets_of_one_day_that_disagree_are_found():
    claims = pd.DataFrame(
        [
            claim(0, "A", "rejects", article="x"),
            claim(0, "A", "accepts", article="y", outlet="The Echo"),
            claim(0, "B", "accepts", article="y"),
        ]
    )
    apart = outlet_disagreements(article_positions(claims))
    assert apart["actor"].tolist() == ["A"]
    assert apart["positions"].tolist() == [["rejects", "accepts"]]
    assert apart["outlets"].tolist() == [["The Post", "The Echo"]]


@pytest.mark.parametrize(
    ("stance", "text", "event"),
    [
        ("accepts", "A signed the truce.", ("AGREE", "ceasefire")),
        ("accepts", "A called for a truce.", ("REQUEST", "ceasefire")),
        ("rejects", "A ruled out a truce.", ("REJECT", "ceasefire")),
        ("conditional", "A wants guarantees.", ("REQUEST", "conditional")),
    ],
)
def test_events_follow_the_mapping(stance, text, event):
    rows = plover_events(pd.DataFrame([claim(0, "A", stance, text=text, iso3="AAA")]))
    assert (rows["event"][0], rows["mode"][0]) == event
    assert rows["source_code"][0] == "AAA"
    assert rows["date"][0] == "2020-01-01"


def test_events_say_what_is_past_reported_or_unsure():
    told = claim(0, "A", "rejects", when="past", source="others", abstained=True)
    rows = plover_events(pd.DataFrame([told, claim(1, "A", "accepts")]))
    assert rows["when"].tolist() == ["past", "now"]
    assert rows["source"].tolist() == ["others", "self"]
    assert rows["unsure"].tolist() == [True, False]
