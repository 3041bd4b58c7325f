from __future__ import annotations

import pytest

from ceasefire_stance.articles.coreference import LOOK_BACK, Discourse
from ceasefire_stance.articles.mentions import Mention, mentions_of
from ceasefire_stance.articles.setting import Setting
from ceasefire_stance.articles.speech import quoted_spans, speaker_of

from .invented_war import actor_row, make_gazetteer

GAZETTEER = make_gazetteer()


def read(*sentences):
    """The parties of the mentions of the last sentence, by their words."""
    discourse = Discourse(GAZETTEER)
    discourse.setting.skim("", sentences)
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
        # The speaker is "he" or "she", but for somebody whom a later sentence names.
        ("He", ["Norland's envoy said no.", "Bread was dear.", "He left."], "Norland"),
        ("He", ["Norland's envoy said no.", "Ugo Brandt smiled.", "He left."], "Sudria"),
        ("He", ["Ugo Brandt smiled as Norland's envoy said no.", "He left."], "Norland"),
        ("It", ["Norland's envoy said no.", "Ugo Brandt smiled.", "It rained."], "Sudria"),
        # Named with her state, she is one too.
        ("She", ["Ugo Brandt left.", "Norland's Ada Brandt smiled.", "She left."], "Norland"),
        # Several are not one person.
        ("They", ["Ada Brandt met the Marsh Front.", "They refused."], "Marsh Front"),
        ("They", ["Ada Brandt left.", "They refused."], "Norland"),
        # A pronoun passes on what it stood for.
        ("They", ["The Marsh Front fired.", "They met Norland.", "They refused."], "Marsh Front"),
        # Behind what was said comes the speaker, not whom it was said of.
        ("it", ["Norland said no.", "Sudria had fired first, it said."], "Norland"),
        ("he", ["Norland's envoy said no.", "“Ugo Brandt fired first,” he said."], "Norland"),
        # A speaker whom nobody knows speaks for nobody else.
        ("He", ["Norland's envoy said no.", "Ivo Tal said yes.", "He left."], "Ivo Tal"),
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
        # A group with a name of its own, or several, are not the one that was named.
        ("The Red Front", ["The Marsh Front fired.", "Yes, The Red Front refused."], None),
        ("The Islamist movement", ["The Marsh Front fired.", "The Islamist movement refused."],
         "Marsh Front"),
        ("Six groups", ["The Marsh Front fired.", "Six groups refused."], None),
        ("Six aid groups", ["The Marsh Front took Porto Sud.", "Six aid groups refused."], None),
        ("Tal’s movement", ["The Marsh Front fired.", "Tal’s movement refused."], "Marsh Front"),
        ("The Islamic Front", ["The Marsh Front fired.", "Yes, The Islamic Front refused."], None),
        ("The Druze group", ["The Marsh Front fired.", "The Druze group refused."], "Marsh Front"),
        ("Six groups", ["The Marsh Front took Porto Sud.", "Six groups refused."],
         "Sudrian rebels"),
        ("The spokesman", ["Norland said no.", "The spokesman smiled."], "Norland"),
        ("An officer", ["Norland said no.", "An officer smiled."], "Norland"),
    ],
)  # fmt: skip
def test_role_nouns_mean_a_party_of_their_kind(words, sentences, actor):
    assert party(words, *sentences) == actor


def test_a_role_noun_reaches_back_some_sentences_then_it_is_whom_the_article_is_about():
    between = ["Bread was dear."] * LOOK_BACK
    start = ["The Hill Army fired. The Hill Army met the Concord.", "The Marsh Front fired."]
    assert party("The group", *start, *between[:-1], "The group refused.") == "Marsh Front"
    assert party("The group", *start, *between, "The group refused.") == "Hill Army"


def skimmed(title, *texts):
    guard = actor_row("Sudrian Guard", "armed group", aliases="Sudrian army|Sudria's army")
    discourse = Discourse(make_gazetteer(guard))
    discourse.setting.skim(title, texts)
    return discourse


def of(words, discourse, lead=""):
    text = f"{lead}{words} refused."
    mentions = mentions_of(text, discourse.gazetteer)
    number = next(i for i, m in enumerate(mentions) if m.text == words)
    actor = discourse.actor_of(number, mentions, text)
    return actor.name if actor else None


def test_the_government_is_that_of_the_country_named_most_the_headline_counting_more():
    texts = ["Norland met Sudria.", "Norland fired."]
    assert of("The government", skimmed("", *texts)) == "Norland"
    assert of("The government", skimmed("Rain over Sudria", *texts)) == "Sudria"
    # A party named after a country names the country too.
    assert of(
        "The government", skimmed("", "Norland met Sudria's army.", "Sudria's army fired.")
    ) == ("Sudria")


def test_an_army_that_is_a_party_of_its_own_is_not_the_government():
    discourse = skimmed("Sudria under fire")
    assert of("The army", discourse) == "Sudrian Guard"
    assert of("The ministry", discourse) == "Sudria"


@pytest.mark.parametrize(
    ("words", "text", "actor"),
    [
        # Who belongs to somebody speaks for him.
        ("the rebels' command", "In Porto Sud the rebels' command refused.", "Sudrian rebels"),
        ("An adviser", "An adviser to Ada Brandt refused.", "Norland"),
        ("A spokesman", "A spokesman to the Hill Army refused.", "Hill Army"),
        ("The Government of Sudria", "The Government of Sudria told Norland no.", "Sudria"),
        ("his party", "Ada Brandt, who met the Hill Army, said his party refused.", "Norland"),
        ("its party", "Ada Brandt, who met the Hill Army, said its party refused.", "Hill Army"),
        # A capital makes no name of a role.
        ("The Government", "Sudria waited. The Government refused.", "Sudria"),
        # Who leads a group speaks for it, whatever else is known of him.
        ("Eva Lund", "Eva Lund, who leads the Hill Army, refused.", "Hill Army"),
        ("Ada Brandt", "Ada Brandt, leader of the Hill Army, refused.", "Hill Army"),
        ("Ada Brandt", "Ada Brandt of the Hill Army refused.", "Hill Army"),
        ("Ada Brandt", "Ada Brandt, who met the Hill Army, refused.", "Norland"),
        ("Ada Brandt", "Ada Brandt, leader of Sudria, refused.", "Norland"),
    ],
)
def test_who_belongs_to_a_party_speaks_for_it(words, text, actor):
    assert party(words, text) == actor


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("Eva Lund", "Eva Lund, who leads his party, refused."),
        ("Eva Lund", "Eva Lund, who heads it, refused."),
        ("An aide", "An aide to his government refused."),
    ],
)
def test_two_that_are_known_only_by_each_other_are_whom_the_talk_was_of_or_nobody(words, text):
    assert party(words, text) is None
    assert party(words, "Norland fired.", text) == "Norland"


def test_an_envoy_to_a_party_does_not_speak_for_it():
    assert party("An envoy", "An envoy to Ada Brandt refused.") is None


def test_the_secretary_general_is_of_the_united_nations_if_of_nobody_else():
    discourse = Discourse(make_gazetteer(actor_row("United Nations", "body")))
    assert of("the secretary-general", discourse, "On Friday ") == "United Nations"
    assert of("the Concord secretary-general", discourse, "Now ") == "Concord of Nations"


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
        # Who speaks inside a quote is not whose words they are.
        ("“Sudria said no,” Norland added.", "Norland"),
        ('Sudria said so," said Norland.', "Norland"),
        ("“Sudria said no,” the paper wrote.", None),
        ("", None),
    ],
)
def test_the_speaker_stands_beside_a_verb_of_speech(text, speaker):
    mentions = mentions_of(text, GAZETTEER)
    found = speaker_of(text, mentions)
    assert (None if found is None else mentions[found].text) == speaker


@pytest.mark.parametrize(
    ("words", "sentences", "actor"),
    [
        # Whoever was named with the office, not whom the article names most.
        (
            "the president",
            ["President Ada Brandt met Sudria.", "Sudria and Sudria waited for the president."],
            "Norland",
        ),
        # The last of several.
        (
            "The envoy",
            ["Envoy Ada Brandt left.", "Envoy Ugo Brandt came.", "The envoy refused."],
            "Sudria",
        ),
        # A prime minister is not "the minister", nor the other way round.
        (
            "The minister",
            ["Foreign Minister Ugo Brandt came.", "Prime Minister Ada Brandt left.",
             "The minister refused."],
            "Sudria",
        ),
    ],
)  # fmt: skip
def test_an_office_means_whoever_was_named_with_it(words, sentences, actor):
    assert party(words, *sentences) == actor


def test_a_known_name_says_more_than_whose_it_is():
    assert party("Its envoy, Ugo Brandt", "Norland fired.", "Its envoy, Ugo Brandt, refused.") == (
        "Sudria"
    )


def test_a_deputy_or_a_former_bearer_is_not_in_office():
    met = "President Ada Brandt met Vice President Ugo Brandt."
    assert party("The president", met, "The president refused.") == "Norland"
    left = "Former President Ugo Brandt left Norland."
    assert party("The envoy", left, "Envoy Ada Brandt came.", "The envoy refused.") == "Norland"
    assert party(
        "the president", "Sudria and Sudria waited.", left, "Then the president came."
    ) == ("Sudria")


@pytest.mark.parametrize(
    ("sentences", "actor"),
    [
        (["The bishops called for a truce."], "Catholic Church"),
        (["The Lutheran bishops called for a truce."], None),
        (["The Orthodox clergy met.", "Then the archbishop called for a truce."], None),
    ],
)
def test_churchmen_without_a_name_speak_for_the_catholic_church(sentences, actor):
    gazetteer = make_gazetteer(actor_row("Catholic Church", "organisation"))
    discourse = Discourse(gazetteer)
    for text in sentences[:-1]:
        discourse.read(text, mentions_of(text, gazetteer))
    text = sentences[-1]
    mentions = mentions_of(text, gazetteer)
    number = next(i for i, m in enumerate(mentions) if "bishop" in m.text)
    found = discourse.actor_of(number, mentions, text)
    assert (found.name if found else None) == actor


@pytest.mark.parametrize(
    ("text", "quotes"),
    [
        ("“No,” he said.", ["“No,”"]),
        ('"No," he said, "never."', ['"No,"', '"never."']),
        # A quote that began in the sentence before, and one that goes on in the next.
        ('Never," he said.', ['Never,"']),
        ("He said: “Never.", ["“Never."]),
        ("It's no use.", []),
    ],
)
def test_quotes_go_from_mark_to_mark(text, quotes):
    assert [text[start:end] for start, end in quoted_spans(text)] == quotes


@pytest.mark.parametrize(
    ("words", "sentences"),
    [
        ("both sides", ["Sudria shelled the Marsh Front.", "Sudria saw both sides halt."]),
        ("Both", ["Sudria shelled the Marsh Front.", "Sudria fired.", "Both refused."]),
        ("both", ["Norland, Norland, Norland.", "Sudria and the Marsh Front both refused."]),
    ],
)
def test_both_sides_are_the_two_that_the_talk_is_of(words, sentences):
    assert party(words, *sentences) == "Sudria and Marsh Front"


@pytest.mark.parametrize("words", ["each side", "the two countries", "both leaders"])
def test_other_words_for_both_of_them_mean_the_same(words):
    text = f"Norland heard {words} refuse."
    assert party(words, "Sudria shelled the Marsh Front.", "Sudria fired.", text) == (
        "Sudria and Marsh Front"
    )


def test_who_mediates_is_not_one_of_both_sides():
    setting = Setting(make_gazetteer(actor_row("Egypt"), actor_row("United States")))
    setting.skim("", ["Egypt, Egypt and the United States met Norland.", "Norland met Sudria."])
    assert setting.both().name == "Norland and Egypt"
    setting.skim("", ["Sudria fired."])
    assert setting.both().name == "Norland and Sudria"


@pytest.mark.parametrize(
    ("words", "actor"),
    [
        ("The armed forces", "Sudria"),
        ("The security forces", "Sudria"),
        ("The army command", "Sudria"),
        ("The generals", "Sudria"),
        # Armed men of another kind, though they call themselves so.
        ("The rebel army", "Marsh Front"),
        ("The armed opposition", None),
    ],
)
def test_the_forces_of_a_state_are_no_armed_group(words, actor):
    assert party(words, "Sudria met the Marsh Front.", f"{words} refused.") == actor


@pytest.mark.parametrize(
    ("words", "actor"),
    [
        ("The secretary of state", "United States"),
        ("The chancellor", "Germany"),
        ("the new pope", "Holy See"),
        ("European leaders", "European Union"),
        ("The Catholic bishop of Lund", "Catholic Church"),
        # How many, or whose, says that it is not all of them, or another.
        ("Four European leaders", None),
        ("The Norlandish chancellor", "Norland"),
    ],
)
def test_some_offices_are_of_one_party_whatever_the_article(words, actor):
    gazetteer = make_gazetteer(
        *(actor_row(n) for n in ("United States", "Germany", "Holy See")),
        actor_row("European Union", "body"),
        actor_row("Catholic Church", "organisation"),
    )
    text = f"On Monday {words} spoke."
    mentions = mentions_of(text, gazetteer)
    number = next(i for i, m in enumerate(mentions) if words in m.text)
    discourse = Discourse(gazetteer)
    found = discourse.actor_of(number, mentions, text)
    assert (found.name if found else None) == actor


def test_both_sides_of_nobody_are_nobody():
    assert party("Both sides", "Norland slept.", "Both sides refused.") is None


def test_his_counterpart_is_of_another_side():
    text = "Ada Brandt met his Sudrian counterpart."
    assert party("his Sudrian counterpart", text) == "Sudria"
    assert party("his Sudrian envoy", "Ada Brandt sent his Sudrian envoy.") == "Norland"


@pytest.mark.parametrize(
    ("words", "before", "name"),
    [
        ("Pastor Ivo Tal", [], "Ivo Tal"),
        ("Sen. Ivo Tal", [], "Ivo Tal"),
        # By the full name once it was told, not by that of somebody else.
        ("Tal", ["They met Ivo Tal."], "Ivo Tal"),
        ("Tal", ["They met Ivo Talberg."], "Tal"),
        ("Tal", ["They met Ivo Tal.", "They met Ada Tal."], "Ivo Tal"),
        ("Tal", ["They met Mayor Ivo Tal."], "Ivo Tal"),
        ("McTal", ["They met Ivo McTal."], "Ivo McTal"),
        ("Peace Now", [], "Peace Now"),
        # Words that are no name are left as they are.
        ("the ferry drivers", [], "the ferry drivers"),
        ("The National Salvation Front", [], "The National Salvation Front"),
    ],
)
def test_whom_nobody_knows_is_called_by_the_full_name_without_titles(words, before, name):
    discourse = Discourse(GAZETTEER)
    for text in before:
        discourse.read(text, mentions_of(text, GAZETTEER))
    kind = "unknown" if words[0].isupper() else "role"
    assert discourse.own_name(Mention(0, len(words), words, kind, None)) == name


@pytest.mark.parametrize("words", ["Gen. Ivo Tal", "The home minister, Ivo Tal", "Lt. Ivo Tal"])
def test_an_office_before_an_unknown_name_is_of_the_state_that_the_article_is_set_in(words):
    assert party(words, "Nordhaven was calm.", f"{words}, refused.") == "Norland"


def test_powers_count_less_when_it_is_asked_where_an_article_is_set():
    power = actor_row("United States", aliases="Washington")
    setting = Setting(make_gazetteer(power))
    setting.skim("", ["Washington met Norland.", "Washington left Norland.", "Washington slept."])
    assert setting.most_named(["state"]).name == "United States"
    assert setting.home().name == "Norland"
    setting.skim("", ["Washington spoke.", "Washington dined."])
    assert setting.home().name == "United States"


def test_a_role_before_an_unknown_name_says_whose_it_is():
    for words in ("Rebel commander Ivo Tal", "Rebel Gen. Ivo Tal"):
        article = ["The Marsh Front met Norland.", f"{words} refused."]
        assert party(words, *article) == "Marsh Front"


@pytest.mark.parametrize(
    ("words", "actor"),
    [
        ("Norlandish voters", None),
        ("Norland's farmers", None),
        ("Norland's rebels in Elva", None),
        # A group that the gazetteer knows by the state's adjective.
        ("The rebels of Sudria", "Sudrian rebels"),
        ("Sudria's rebels", "Sudrian rebels"),
        # Those who speak for the state.
        ("Norlandish officials", "Norland"),
        ("Norland's envoy", "Norland"),
        ("Norland", "Norland"),
    ],
)
def test_people_of_a_state_do_not_all_speak_for_it(words, actor):
    text = f"{words} refused."
    discourse = Discourse(GAZETTEER)
    mentions = mentions_of(text, GAZETTEER)
    found = discourse.actor_of(0, mentions, text)
    assert mentions[0].text == words
    assert (found.name if found else None) == actor
