from __future__ import annotations

import numpy as np
import pytest

from ceasefire_stance.articles.holders import (
    FirstNamedActor,
    Ranked,
    SentenceSubject,
    choose_holders,
    coordinated,
    gold_labels,
    holder_features,
    make_holder_model,
    rank_mentions,
)
from ceasefire_stance.articles.mentions import mentions_of

from .invented_war import Ranks, make_gazetteer

GAZETTEER = make_gazetteer()


def mentions(text):
    return mentions_of(text, GAZETTEER)


def texts(found):
    return [r.mention.text for r in found]


def ranked(text, *probabilities):
    return rank_mentions(Ranks(*probabilities), text, mentions(text), "accepts")


def test_names_do_not_count_only_their_place_and_kind():
    one, other = "Norland told Sudria it agreed.", "Sudria told Norland it agreed."
    assert holder_features(one, mentions(one), "accepts") == holder_features(
        other, mentions(other), "accepts"
    )


def test_features_tell_the_speaker_the_quote_and_the_opening():
    text = "“We agree to a truce,” said Norland after Sudria’s offer."
    we, norland, sudria = holder_features(text, mentions(text), "accepts")
    assert {"quoted", "quoted pronoun", "before the truce"} <= set(we)
    assert {"speaks", "speaks beside a quote", "after the truce"} <= set(norland)
    assert "quoted" not in norland
    assert "speaks" not in sudria
    assert (
        "starts sentence" in holder_features("Norland agreed.", mentions("Norland agreed."), "")[0]
    )


def test_mentions_come_most_probable_first_and_ties_in_the_order_of_the_text():
    text = "Norland, Sudria and the Concord agreed."
    assert texts(ranked(text, 0.2, 0.9, 0.2)) == ["Sudria", "Norland", "the Concord"]
    assert [r.probability for r in ranked(text, 0.2, 0.9, 0.2)] == [0.9, 0.2, 0.2]
    assert rank_mentions(Ranks(), "It rained.", [], "accepts") == []


def test_classes_are_read_by_name_not_by_place():
    class Reversed(Ranks):
        classes_ = ("other", "holder")

        def predict_proba(self, X):
            return super().predict_proba(X)[:, ::-1]

    text = "Norland met Sudria."
    found = rank_mentions(Reversed(0.1, 0.8), text, mentions(text), "accepts")
    assert [r.probability for r in found] == [0.8, 0.1]


@pytest.mark.parametrize(
    ("text", "probabilities", "holders"),
    [
        # The best is given however unsure, others from the threshold on.
        ("Norland told Sudria no.", (0.3, 0.2), ["Norland"]),
        ("Norland told Sudria no.", (0.9, 0.5), ["Norland", "Sudria"]),
        ("Norland told Sudria no.", (0.2, 0.4), ["Sudria"]),
        # The same party is given once.
        ("Norland said Nordhaven agreed.", (0.9, 0.8), ["Norland"]),
        # What is said of one of a list is said of all, but not of a place before it.
        ("Norland and Sudria agreed.", (0.9, 0.1), ["Norland", "Sudria"]),
        ("Norland, Sudria and the Concord agreed.", (0.1, 0.1, 0.9),
         ["Norland", "Sudria", "the Concord"]),
        ("In Nordhaven, Sudria and the Concord agreed.", (0.1, 0.9, 0.1),
         ["Sudria", "the Concord"]),
        ("It rained.", (), ["It"]),
    ],
)  # fmt: skip
def test_holders_are_chosen(text, probabilities, holders):
    assert texts(choose_holders(ranked(text, *probabilities), text)) == holders


def test_a_list_shares_the_probability_of_its_best():
    text = "Norland and Sudria agreed."
    assert [r.probability for r in choose_holders(ranked(text, 0.9, 0.1), text)] == [0.9, 0.9]
    assert choose_holders([], "It rained.") == []


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("Norland and Sudria agreed.", [["Norland", "Sudria"]]),
        ("Norland, Sudria, and the Hill Army agreed.", [["Norland", "Sudria", "the Hill Army"]]),
        ("Norland, Sudria agreed.", []),
        ("Norland met Sudria and the Concord.", [["Sudria", "the Concord"]]),
        ("Norland and Sudria met the Concord and the Hill Army.",
         [["Norland", "Sudria"], ["the Concord", "the Hill Army"]]),
        ("Norland and he agreed.", []),
    ],
)  # fmt: skip
def test_lists_of_holders(text, groups):
    assert [[m.text for m in g] for g in coordinated(text, mentions(text))] == groups


@pytest.mark.parametrize(
    ("holders", "labels"),
    [
        (["Norland"], ["holder", "other", None]),
        (["Sudria"], ["other", "holder", "other"]),
        (["Norland", "Sudria"], ["holder", "holder", None]),
        (["nobody in the sentence"], ["other", "other", "other"]),
        (["land"], ["other", "other", "other"]),
        ([], ["other", "other", "other"]),
    ],
)
def test_gold_labels_leave_out_what_is_not_certain(holders, labels):
    text = "Norland told Sudria that Norland agreed."
    assert gold_labels(text, mentions(text), holders) == labels


def test_the_first_named_actor_is_the_first_that_the_gazetteer_knows():
    text = "Eva Lund, who met Sudria, told Norland it would agree."
    found = rank_mentions(FirstNamedActor(), text, mentions(text), "accepts")
    assert (found[0].mention.text, found[0].probability) == ("Sudria", 1.0)
    unknown = "It was Eva Lund and Ivo Tal."
    assert rank_mentions(FirstNamedActor(), unknown, mentions(unknown), "")[0].mention.text == "It"


def test_the_subject_opens_the_sentence_or_a_clause():
    text = "On the pier of Sudria, rebels refused a truce with Norland."
    found = rank_mentions(SentenceSubject(), text, mentions(text), "rejects")
    assert found[0].mention.text == "rebels"


def test_a_model_learns_who_speaks_and_finds_it_in_names_it_has_not_seen():
    sentences = [
        f"{a} told {b} that a truce was near." for a in ("Norland", "Sudria", "The Concord")
        for b in ("the Hill Army", "the Marsh Front")
    ]  # fmt: skip
    X, y = [], []
    for text in sentences:
        found = mentions(text)
        X += holder_features(text, found, "accepts")
        y += gold_labels(text, found, [found[0].text])
    model = make_holder_model().fit(X, y)
    assert sorted(model.classes_) == ["holder", "other"]
    text = "Eva Lund told Ada Brandt that a truce was near."
    best = rank_mentions(model, text, mentions(text), "accepts")
    assert texts(best) == ["Eva Lund", "Ada Brandt"]
    assert best[0].probability > 0.5 > best[1].probability
    assert isinstance(best[0], Ranked)
    assert np.isclose(model.predict_proba(X).sum(axis=1), 1).all()
