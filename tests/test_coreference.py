from __future__ import annotations

import pytest

from ceasefire_stance.articles.coreference import LOOK_BACK, Discourse, speaker_of
from ceasefire_stance.articles.mentions import mentions_of

from .invented_war import make_gazetteer

GAZETTEER = make_gazetteer()


def read(*sentences):
    """The parties of the mentions of the last sentence, by their words."""
    discourse = Discourse(GAZETTEER)
    parties = []
    for text in sentences:
        mentions = mentions_of(text, GAZETTEER, None, discourse.names)
        found = [discourse.actor_of(i, mentions, text) for i in range(len(mentions))]
        parties = [(m.text, a.name if a else None) for m, a in zip(mentions, found, strict=True)]
        discourse.read(text, mentions)
    return parties


def party(words, *sentences):
    return dict(read(*sentences))[words]


@pytest.mark.parametrize(
    ("words", "sentences", "actor"),
    [
        # Within a sentence.
        ("it", ["The Marsh Front said it would stop."], "Marsh Front"),
        ("he", ["Ada Brandt told Sudria that he was ready."], "Norland"),
        ("its side", ["Norland said its side was ready."], "Norland"),
        # From the sentence before: what is first there is what it is about.
        ("It", ["The Marsh Front met Norland.", "It refused."], "Marsh Front"),
        ("They", ["Sudria met Norland.", "They refused."], "Sudria"),
        ("It", ["The Hill Army fired.", "Bread was dear.", "It refused."], "Hill Army"),
        # A person, where there is one, not the thing that stands before.
        ("She", ["Norland fired on Eva Lund, an envoy of Sudria.", "She refused."], "Sudria"),
        # The speaker is "he" or "she", whoever else is named.
        ("He", ["Norland's envoy said no.", "Ugo Brandt smiled.", "He left."], "Norland"),
        ("It", ["Norland's envoy said no.", "Ugo Brandt smiled.", "It rained."], "Sudria"),
        # Nobody has been named.
        ("It", ["It refused."], None),
        ("He", ["He refused."], None),
    ],
)
def test_pronouns_mean_the_right_party(words, sentences, actor):
    assert party(words, *sentences) == actor


@pytest.mark.parametrize(
    ("words", "sentences", "actor"),
    [
        ("The group", ["Norland met the Marsh Front.", "The group refused."], "Marsh Front"),
        # A state is no group, and a group no government.
        ("The group", ["Norland met Sudria.", "The group refused."], None),
        ("The government", ["The Hill Army met Norland.", "The government refused."], "Norland"),
        ("The government", ["The Hill Army fired.", "The government refused."], None),
        ("The body", ["The Concord met Norland.", "The body refused."], "Concord of Nations"),
        # Its own sentence first.
        ("the group", ["The Hill Army fired.", "The Marsh Front said the group would stop."],
         "Marsh Front"),
        # "The rebels", in a country whose rebels are known.
        ("The rebels", ["Porto Sud was calm.", "The rebels refused."], "Sudrian rebels"),
        ("The rebels", ["Nordhaven was calm.", "The rebels refused."], None),
        ("The spokesman", ["Norland said no.", "The spokesman smiled."], "Norland"),
        ("An officer", ["Norland said no.", "An officer smiled."], "Norland"),
    ],
)  # fmt: skip
def test_role_nouns_mean_a_party_of_their_kind(words, sentences, actor):
    assert party(words, *sentences) == actor


def test_a_role_noun_does_not_reach_back_for_ever():
    between = ["Bread was dear."] * LOOK_BACK
    start = "The Marsh Front fired on the market."
    assert party("The group", start, *between[:-1], "The group refused.") == "Marsh Front"
    assert party("The group", start, *between, "The group refused.") is None


@pytest.mark.parametrize(
    "introduction",
    [
        "The Norlandish spokesman, Ivo Tal, was calm.",
        "Ivo Tal, a spokesman for Norland, was calm.",
        "Norland's envoy Ivo Tal was calm.",
        "The calm envoy was Ivo Tal, the chief negotiator of Norland.",
    ],
)
def test_a_person_speaks_for_whom_the_article_has_said(introduction):
    assert party("Tal", introduction, "Sudria fired.", "Tal refused.") == "Norland"
    assert party("Minister Tal", introduction, "On Friday Minister Tal refused.") == "Norland"
    assert dict(read(introduction, "Eva Lund refused."))["Eva Lund"] is None


@pytest.mark.parametrize(
    ("sentences", "actor"),
    [
        (["The Norlandish envoys, Eva Lund and Ivo Tal, refused."], "Norland"),
        (["The Hill Army fired.", "The group’s envoys, Eva Lund and Ivo Tal, refused."],
         "Hill Army"),
        (["Norland met Sudria.", "A girl saw Eva Lund."], None),
    ],
)  # fmt: skip
def test_a_name_behind_a_role_is_of_its_party(sentences, actor):
    assert party("Eva Lund", *sentences) == actor


def test_an_office_without_a_country_is_of_the_country_the_article_is_about():
    about = ["Norland fired on Sudria.", "Norland fired again."]
    assert party("Foreign Minister Eva Lund", *about, "Foreign Minister Eva Lund refused.") == (
        "Norland"
    )


def test_we_and_i_are_the_speaker():
    inverted = "“We will not sign,” said Eva Lund, an envoy of Sudria."
    assert party("We", inverted) == "Sudria"
    assert party("We", "Norland's envoy said: “We will not sign.”") == "Norland"
    # A quote that stands alone is that of the speaker before it.
    before = "Sudria’s envoy Eva Lund told reporters at the pier."
    assert party("We", before, "“We will not sign.”") == "Sudria"
    assert party("I", before, "Norland fired on the market.", "“I am sorry.”") == "Sudria"
    assert party("We", "“We will not sign.”") is None


@pytest.mark.parametrize(
    ("text", "speaker"),
    [
        ("Norland said no.", "Norland"),
        ("“No,” said Norland.", "Norland"),
        ("“No,” Norland added.", "Norland"),
        ("Norland, which has no port, announced a halt.", "Norland"),
        ("Norland has warned Sudria.", "Norland"),
        ("The truce would fail, Sudria’s envoy warned Norland.", "Sudria’s envoy"),
        ("Norland fired on Sudria.", None),
        ("", None),
    ],
)
def test_the_speaker_stands_beside_a_verb_of_speech(text, speaker):
    mentions = mentions_of(text, GAZETTEER)
    found = speaker_of(text, mentions)
    assert (None if found is None else mentions[found].text) == speaker
