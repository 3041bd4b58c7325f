from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from ceasefire_stance.articles import parsing
from ceasefire_stance.articles.holders import holder_features
from ceasefire_stance.articles.mentions import mentions_of
from ceasefire_stance.articles.parsing import load_parser, parser_installed, parser_version
from ceasefire_stance.articles.syntax import Word, syntax_names
from ceasefire_stance.learning.errors import ModelError

from .invented_war import make_gazetteer

GAZETTEER = make_gazetteer()


def parsed(*lines):
    """A sentence and its parse from lines "word lemma tag relation head"."""
    words, at = [], 0
    for line in lines:
        form, lemma, tag, relation, head = line.split()
        words.append(Word(at, at + len(form), lemma, tag, relation, int(head)))
        at += len(form) + 1
    return " ".join(line.split()[0] for line in lines), tuple(words)


def relations(text, words, stance="rejects"):
    """Mention → how it stands to the verb of the cue."""
    mentions = mentions_of(text, GAZETTEER)
    names = syntax_names(text, words, mentions, stance)
    return {
        m.text: next(n.removeprefix("cue: ") for n in found if n.startswith("cue: "))
        for m, found in zip(mentions, names, strict=True)
    }


def test_the_subject_of_the_cues_verb_and_what_hangs_on_it_are_told_apart():
    text, words = parsed(
        "Norland norland PROPN poss 2", "'s 's PART case 0", "general general NOUN nsubj 3",
        "rejected reject VERB ROOT 3", "Sudria sudria PROPN poss 6", "'s 's PART case 4",
        "truce truce NOUN dobj 3", ". . PUNCT punct 3",
    )  # fmt: skip
    found = relations(text, words)
    assert found["Sudria"] == "1 dobj poss"
    assert found["Norland"] in ("0 subject", "2 inside the subject")


def test_a_coordinated_subject_is_one_and_a_speaker_of_anothers_refusal_stands_above():
    text, words = parsed(
        "Norland norland PROPN nsubj 1", "said say VERB ROOT 1", "Sudria sudria PROPN nsubj 5",
        "and and CCONJ cc 2", "Concord concord PROPN conj 2", "rejected reject VERB ccomp 1",
        "the the DET det 7", "truce truce NOUN dobj 5", ". . PUNCT punct 1",
    )  # fmt: skip
    found = relations(text, words)
    assert found["Sudria"] == "0 subject"
    assert found["Norland"] == "3 above, its, another's subject"
    assert "cue: 0 subject" in " | ".join(
        syntax_names(text, words, mentions_of(text, GAZETTEER), "rejects")[-1]
    )


def test_who_a_relative_clause_or_an_open_complement_is_about_is_its_subject():
    text, words = parsed(
        "Norland norland PROPN nsubj 5", ", , PUNCT punct 0", "which which PRON nsubj 3",
        "rejected reject VERB relcl 0", "truces truce NOUN dobj 3", "met meet VERB ROOT 5",
        "Sudria sudria PROPN dobj 5",
    )  # fmt: skip
    found = relations(text, words)
    assert found == {"Norland": "0 subject", "Sudria": "3 above, dobj, another's subject"}
    text, words = parsed(
        "Norland norland PROPN nsubj 1", "led lead VERB ROOT 1", "Sudria sudria PROPN dobj 1",
        "to to PART aux 4", "reject reject VERB xcomp 1", "the the DET det 6",
        "truce truce NOUN dobj 4",
    )  # fmt: skip
    found = relations(text, words)
    assert found == {"Norland": "3 above, its, another's subject", "Sudria": "0 subject"}
    text, words = parsed(
        "Sudria sudria PROPN nsubjpass 2", "was be AUX auxpass 2", "rejected reject VERB ROOT 2",
        "by by ADP agent 2", "Norland norland PROPN pobj 3",
    )  # fmt: skip
    found = relations(text, words)
    assert found == {"Sudria": "0 passive subject", "Norland": "1 agent pobj"}


def test_parses_add_to_what_is_known_of_a_mention_and_take_nothing_away():
    text, words = parsed(
        "Norland norland PROPN nsubj 1", "rejected reject VERB ROOT 1", "it it PRON dobj 1"
    )
    mentions = mentions_of(text, GAZETTEER)
    plain = holder_features(text, mentions, "rejects")
    more = holder_features(text, mentions, "rejects", words)
    assert all(set(a) < set(b) for a, b in zip(plain, more, strict=True))
    assert "rejects cue: 0 subject" in more[0]
    assert "role nsubj of reject" in more[0]


def test_without_a_cue_or_with_a_parse_that_goes_in_a_circle_there_still_are_names():
    text, words = parsed("Norland norland PROPN nsubj 1", "slept sleep VERB ROOT 1")
    assert relations(text, words) == {"Norland": "no cue"}
    text, words = parsed(
        "Norland norland PROPN conj 1", "rejected reject VERB conj 0", "truces truce NOUN conj 1"
    )
    assert relations(text, words)["Norland"]
    assert syntax_names(text, (), mentions_of(text, GAZETTEER), "rejects") == [[]]


class Pipeline:
    meta = {"version": "3.8.0"}  # noqa: RUF012

    def __call__(self, text):
        tokens = [
            SimpleNamespace(idx=0, text="Norland", lemma_="Norland", pos_="PROPN", dep_="nsubj"),
            SimpleNamespace(idx=8, text="agreed", lemma_="agree", pos_="VERB", dep_="ROOT"),
        ]
        for i, token in enumerate(tokens):
            token.i, token.head = i, tokens[1]
        return tokens


@pytest.fixture
def installed(monkeypatch):
    """Give modules in the place of spaCy and its pipelines; None for one that is absent."""
    parsing.find_pipeline.cache_clear()

    def place(spacy, **pipelines):
        monkeypatch.setitem(sys.modules, "spacy", spacy)
        for name in parsing.PIPELINES:
            monkeypatch.setitem(sys.modules, name, pipelines.get(name))

    yield place
    parsing.find_pipeline.cache_clear()


SPACY = SimpleNamespace(__version__="3.8.1")


@pytest.mark.parametrize("name", parsing.PIPELINES)
def test_the_pipeline_is_found_under_either_name(installed, name):
    installed(SPACY, **{name: SimpleNamespace(load=lambda exclude: Pipeline())})
    assert parser_installed()
    assert parser_version() == {"spacy": "3.8.1", "en_core_web_sm": "3.8.0"}
    assert load_parser()("Norland agreed") == (
        Word(0, 7, "norland", "PROPN", "nsubj", 1),
        Word(8, 14, "agree", "VERB", "ROOT", 1),
    )


def test_what_is_not_installed_is_named_with_the_way_to_install_it(installed):
    installed(None)
    assert not parser_installed()
    with pytest.raises(ModelError, match=r"ceasefire-stance\[parser\]"):
        load_parser()
    installed(SPACY)
    with pytest.raises(ModelError, match="spacy download en_core_web_sm"):
        load_parser()
