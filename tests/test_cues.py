"""Clauses: whose verb it is, which way it points, what it is about. All sentences are invented."""

from __future__ import annotations

import time

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceasefire_stance.learning import CueVectorizer
from ceasefire_stance.learning.clause_features import OBJECTS
from ceasefire_stance.learning.clauses import MARKERS, OPENERS, SUBJECTS, fold, split_clauses
from ceasefire_stance.learning.cues import load_cues

PARTS = {"", "verb", *OBJECTS}


def features_of(text: str, context: str = "") -> set[str]:
    vectorizer = CueVectorizer().fit(pd.DataFrame({"text": [text], "context": [context]}))
    row = vectorizer.transform(pd.DataFrame({"text": [text], "context": [context]}))
    return set(vectorizer.get_feature_names_out()[row.nonzero()[1]])


def clauses_of(text: str) -> list[tuple[str, str, str]]:
    return [
        (c.opener, c.subject, text[c.start : c.end].strip())
        for c in split_clauses(text, fold(text))
    ]


def test_reporting_verbs_and_conjunctions_end_a_clause():
    assert clauses_of("Oslo said it would sign, but the rebels left after dark.") == [
        ("main", "name", "Oslo"),
        ("speech", "pronoun", "it would sign"),
        ("contrast", "role", "the rebels left"),
        # A clause without a subject of its own has that of the clause before.
        ("time", "role", "dark"),
    ]


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("Oslo waits.", "name"),
        ("The rebels wait.", "role"),
        ("They wait.", "pronoun"),
        ("We wait.", "we"),
        ("The US waits.", "name"),
        ("Analysts wait.", "outsider"),
        ("It is unclear how long.", "impersonal"),
        ("It was waiting.", "pronoun"),
        ("There is a list.", "impersonal"),
        ("Nobody waits.", "nobody"),
        ("The truce waits.", "truce"),
        ("THE REBELS WAIT.", "role"),
        ("On the hills.", "unsaid"),
    ],
)
def test_the_kind_of_subject(text, subject):
    assert clauses_of(text)[0][1] == subject


def test_the_subject_stands_before_the_verb():
    # Without that limit the truce would count as the subject of "refused".
    found = features_of("The rebels met on Sunday, and refused a truce.")
    assert "role / rejects / truce" in found
    assert "truce / rejects / truce" not in found


def test_a_quote_is_marked_in_either_style():
    for text in ('"We reject the truce," he said.', "`` We reject the truce , '' he said ."):
        assert "quoted / rejects / truce" in features_of(text)
    assert "quoted / rejects / truce" not in features_of('He rejected the truce on "Sunday".')


@pytest.mark.parametrize(
    ("text", "feature"),
    [
        ("Oslo rejected the truce.", "rejected / truce"),
        ("Oslo rejected talks on a truce.", "rejected / talks"),
        ("Oslo rejected a plan for a truce.", "rejected / truce"),
        ("Oslo rejected the draft.", "rejected / document"),
        ("Oslo rejected it.", "rejected / pronoun"),
        ("Oslo rejected peacekeepers.", "rejected / other"),
        ("The truce was rejected.", "rejected / truce before"),
        ("Oslo rejected the winter.", "rejected / nothing"),
        ("Oslo demanded that the ceasefire be kept.", "called_for / truce"),
        ("Oslo urged Bergen to halt its offensive.", "called_for / own halt"),
        ("Oslo urged both to halt the fighting.", "called_for / halt"),
    ],
)
def test_what_a_verb_is_about(text, feature):
    assert feature in features_of(text)


def test_negation_reaches_through_the_clause_and_stops_at_its_end():
    assert "not agreed / truce" in features_of(
        "It will not, for its part, ever accept a truce."
    ) or ("not agreed / truce" in features_of("It will not at any time this year accept a truce."))
    assert "agreed / truce" in features_of("It did not wait, and the front accepted a truce.")
    # The object can be negated in place of the verb.
    assert "not wanted / truce" in features_of("The mayor wanted no truce.")


def test_modality_is_that_of_the_verb():
    assert "will / agreed" in features_of("Oslo would accept a truce.")
    assert "may / agreed" in features_of("Oslo could accept a truce.")
    assert "plain / agreed" in features_of("Oslo accepted a truce.")


def test_a_condition_belongs_to_the_clause_beside_it():
    found = features_of("Oslo would accept a truce only if the prisoners were freed, he said.")
    assert {"only if of accepts", "only if holds other", "condition of accepts / truce"} <= found
    first = features_of("Unless the prisoners are freed, Oslo will reject the truce.")
    assert {"unless of rejects", "condition of rejects / truce"} <= first
    other = features_of("If the truce holds, the shops will open.")
    assert "if holds truce" in other
    assert not any(name.startswith("condition of accepts") for name in other)
    assert "should of accepts" in features_of("Should the guards go, Oslo would accept a truce.")


def test_a_whether_clause_is_nobodys_claim():
    found = features_of("It is unclear whether Oslo will accept the truce.")
    assert "whether / accepts / truce" in found
    assert "main / accepts / truce" not in found


@pytest.mark.parametrize(
    "text",
    [
        "The truce announced by Oslo lapsed.",
        "The Oslo-backed truce lapsed.",
        "Shelling went on despite international appeals for a truce.",
    ],
)
def test_a_modifier_is_no_verb(text):
    assert not any(" / accepts / " in name for name in features_of(text))


def test_a_finite_verb_is_one():
    assert "name / accepts / truce" in features_of("Oslo announced a truce.")
    assert "named_by" in features_of("The truce was announced by Oslo.")


def test_not_joining_a_call_hides_the_call():
    found = features_of("The chancellor refused to call for a truce.")
    assert "role / conditional / truce" in found
    assert "called_for" not in found
    assert "rejected" not in found or "no_support" in found


def test_the_ceasefire_is_looked_for_in_the_context_too():
    assert "context / rejects / document" in features_of("Oslo rejected the plan.", "A truce.")
    assert "unnamed / rejects / document" in features_of("Oslo rejected the plan.", "A road.")


def test_an_outsiders_word_is_kept_apart():
    assert "outside & rejects" in features_of("Analysts said the truce was pointless.")
    assert "outside & rejects" not in features_of("The front said the truce was pointless.")


def test_every_cue_has_a_known_part():
    assert {cue.part for cue in load_cues()} <= PARTS


@given(st.text(max_size=300))
def test_folding_keeps_every_character_in_its_place(text):
    assert len(fold(text)) == len(text)


@given(
    st.lists(st.sampled_from(["Oslo ", "if ", "the truce ", ", ", '"', "said ", "and he ", "İ"]))
)
def test_clauses_are_in_order_and_of_known_kinds(words):
    text = "".join(words)
    end = 0
    for clause in split_clauses(text, fold(text)):
        assert end <= clause.start < clause.end <= len(text)
        assert clause.opener in OPENERS
        assert clause.subject in SUBJECTS
        assert (clause.marker in MARKERS) == (clause.opener == "condition")
        end = clause.end


@pytest.mark.parametrize("piece", ["no ", "call for it ", "turn ", "would ", "truce of ", "if it "])
def test_time_grows_with_the_length_of_the_sentence(piece):
    started = time.process_time()
    features_of(piece * 2000)
    assert time.process_time() - started < 10
