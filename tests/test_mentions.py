from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceasefire_stance.articles.mentions import lexicon, mentions_of, tokens_of

from .invented_war import actor_row, make_gazetteer

GAZETTEER = make_gazetteer()


def words(text, year=None, names=()):
    return [m.text for m in mentions_of(text, GAZETTEER, year, names)]


def actors(text, year=None):
    return [m.actor.name if m.actor else None for m in mentions_of(text, GAZETTEER, year)]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Norland's envoy", ["Norland", "'s", "envoy"]),
        ("the rebels’ chief", ["the", "rebels", "’", "chief"]),
        ("the U.N. said", ["the", "U.N.", "said"]),
        ("Gen. Tal’s aide-de-camp.", ["Gen.", "Tal", "’s", "aide-de-camp", "."]),
        ("we're, they’ve, don't", ["we", "'re", ",", "they", "’ve", ",", "don't"]),
        ("Ivo T. Tal of plan B.", ["Ivo", "T.", "Tal", "of", "plan", "B", "."]),
    ],
)
def test_what_follows_an_apostrophe_is_a_token_of_its_own(text, tokens):
    found = tokens_of(text)
    assert [t.text for t in found] == tokens
    assert all(text[t.start : t.end] == t.text for t in found)


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        # Determiners, adjectives and titles belong to a phrase.
        ("The Norlandish foreign minister refused.", ["The Norlandish foreign minister"]),
        ("Most of the senior rebel commanders agreed.", ["the senior rebel commanders"]),
        ("Yesterday Prime Minister Eva Lund agreed.", ["Prime Minister Eva Lund"]),
        ("Gen. Oskar Tal, too, agreed.", ["Gen. Oskar Tal"]),
        # What a role belongs to, before it and behind it.
        ("Norland’s envoy agreed.", ["Norland’s envoy"]),
        ("A spokesman for the Hill Army refused.", ["A spokesman for the Hill Army"]),
        ("The rebels' leader refused.", ["The rebels' leader"]),
        ("Leaders of the Hill Army refused.", ["Leaders of the Hill Army"]),
        # A role and the name of who has it.
        ("The Grey Palace spokesman, Ivo Tal, refused.", ["The Grey Palace spokesman, Ivo Tal"]),
        ("Elva's mayor, Ivo Tal, agreed.", ["Elva's mayor, Ivo Tal"]),
        ("The mayor, Ivo Tal and Eva Lund agreed.", ["The mayor", "Ivo Tal", "Eva Lund"]),
        # A verb is no adjective, and no capital tells a name in capitals.
        ("Mr. Tal joined officials.", ["Mr. Tal", "officials"]),
        ("NORLAND ENVOYS SAID NO.", ["NORLAND ENVOYS"]),
        # Small words inside a name, and who an ambassador is sent to.
        ("Yesterday Ivo de Tal refused.", ["Ivo de Tal"]),
        (
            "Yesterday Sudria's ambassador to Norland Ivo Tal refused.",
            ["Sudria's ambassador", "Norland", "Ivo Tal"],
        ),
        # Members of a list are apart.
        ("Norland, Sudria and the Hill Army agreed.", ["Norland", "Sudria", "the Hill Army"]),
        ("The Norlandish and Sudrian leaders met.", ["The Norlandish", "Sudrian leaders"]),
        # Pronouns are mentions; "I" is, the letter i is not.
        ("He said they knew what I wanted.", ["He", "they", "I"]),
        ("Option i was dropped.", []),
        # A capital that opens a sentence or a quote says nothing, nor do days and months.
        ("Shelling went on until Friday.", []),
        ("“Bread is dear,” wrote Eva Lund.", ["Eva Lund"]),
        # Words of roles that are verbs here are none.
        ("It will head north.", ["It"]),
        ("The state will state its terms.", ["The state"]),
        ("", []),
    ],
)
def test_phrases(text, phrases):
    assert words(text) == phrases


@pytest.mark.parametrize(
    ("text", "kind", "actor"),
    [
        ("Norland agreed.", "name", "Norland"),
        ("Norlandish officials agreed.", "adjective", "Norland"),
        ("Ada Brandt agreed.", "person", "Norland"),
        ("the rebels agreed.", "role", None),
        ("It was Eva Lund.", "unknown", None),
        ("they agreed.", "pronoun", None),
        # The institution counts more than the person, the group more than the state it is in.
        ("The Concord envoy Ada Brandt agreed.", "name", "Concord of Nations"),
        ("Norland's Marsh Front fighters agreed.", "name", "Marsh Front"),
        # A name comes before an adjective: the Sudrian face of the Hill Army.
        ("A Sudrian commander of the Hill Army agreed.", "name", "Hill Army"),
    ],
)
def test_kinds_and_the_party_that_the_words_name(text, kind, actor):
    last = mentions_of(text, GAZETTEER)[-1]
    assert (last.kind, last.actor.name if last.actor else None) == (kind, actor)


def test_a_known_surname_that_begins_anothers_name_is_not_that_person():
    assert actors("Brandt Lund agreed.", 1995) == [None]
    assert actors("Brandt agreed.", 1995) == ["Norland"]
    assert actors("Brandt Minister agreed.", 1995) == ["Norland"]


def test_the_year_of_the_article_decides_whom_a_name_means():
    assert actors("Brandt agreed.", 1995) == ["Norland"]
    assert actors("Brandt agreed.", 2015) == ["Sudria"]


def test_a_country_of_two_letters_is_a_mention_and_a_pronoun_is_not_it():
    gazetteer = make_gazetteer(actor_row("United Shires", aliases="U.S.|US"))
    found = mentions_of("The U.S. envoy told us that the US's offer stands.", gazetteer)
    assert [(m.text, m.actor.name) for m in found] == [
        ("The U.S. envoy", "United Shires"), ("the US", "United Shires"),
    ]  # fmt: skip


def test_a_surname_opens_a_sentence_once_the_article_has_introduced_it():
    assert words("Tal refused.") == []
    assert words("Tal refused.", names=["Tal"]) == ["Tal"]


def test_words_in_capitals_are_no_names_of_their_own():
    assert actors("NORLAND AGREES TO TRUCE WITH SUDRIA") == ["Norland", "Sudria"]


PARTS = (
    "the", "The", "Norland", "Norland's", "Sudrian", "rebels’", "spokesman", ",", "of", "Ivo",
    "Tal", "said", "that", "he", "“", "”", ".", "Gen.", "U.N.", "and", "Marsh", "Front", "'s", "'",
    "-", "envoy", "MINISTER", "—", "é", "3", "i", "I", "\n",
)  # fmt: skip


@given(st.lists(st.sampled_from(PARTS), max_size=14))
def test_mentions_are_words_of_the_text_in_order_and_apart(parts):
    text = " ".join(parts)
    found = mentions_of(text, GAZETTEER)
    assert all(m.text == text[m.start : m.end] and m.text.strip() == m.text != "" for m in found)
    assert all(a.end <= b.start for a, b in pairwise(found))


def test_the_word_lists_are_lower_case_and_analysts_are_no_parties():
    lists = lexicon()
    assert all(word == word.lower() for name in lists for word in lists[name])
    assert {"roles", "speech", "pronouns", "outsiders", "person_roles"} <= set(lists)
    assert lists["outsiders"].isdisjoint(lists["person_roles"])
    assert lists["person_roles"] <= lists["roles"] | lists["titles"]
