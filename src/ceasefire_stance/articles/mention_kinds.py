"""What the words of a mention tell of it: a person or several, an office, whose side."""

from __future__ import annotations

import re

from ceasefire_stance.articles.actors import Actor
from ceasefire_stance.articles.mentions import Mention, lexicon

PERSONAL = frozenset({"he", "she", "his", "her", "him"})
"""Pronouns of one person."""
_LINKED = re.compile(r",|\s(?:of|in|for|from|at|with)\s")
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


def words_of(text: str) -> frozenset[str]:
    """The words of `text` in lower case; one with hyphens is one."""
    return frozenset(_WORD.findall(text.lower()))


def offices_of(mention: Mention, actor: Actor) -> list[tuple[frozenset[str], Actor]]:
    """The office that somebody is named with, if one is; as a list of it and the party."""
    last = mention.text.split()[-1]
    named = last[:1].isupper() and last.lower() not in lexicon()["roles"]
    words = words_of(mention.text)
    bears = words & lexicon()["person_roles"] and not words & lexicon()["not_in_office"]
    return [(words & office_words(), actor)] if named and bears else []


def office_words() -> frozenset[str]:
    """Words of offices that a person is named with."""
    return lexicon()["person_roles"] | lexicon()["offices"]


def is_person(mention: Mention) -> bool:
    """Whether a mention is surely a person."""
    words = words_of(mention.text)
    return mention.kind == "person" or bool(words & lexicon()["person_roles"])


def is_named_person(mention: Mention) -> bool:
    """Whether a mention is one person's name."""
    last = mention.text.split()[-1]
    return may_be_person(mention) and last[:1].isupper() and mention.kind != "pronoun"


def can_be_meant(mention: Mention, persons: bool) -> bool:
    """Whether a mention can be what a pronoun stands for."""
    return mention.kind != "pronoun" and (not persons or may_be_person(mention))


def passes_on(mention: Mention, persons: bool) -> bool:
    """Whether a mention is a pronoun that stands for the same as the one asked about."""
    word = mention.text.lower()
    return word in PERSONAL if persons else word in ("it", "they")


def is_of_another(mention: Mention) -> bool:
    """Whether "his" somebody is named as one of another side: "his German counterpart"."""
    if mention.kind in ("person", "name"):
        return True
    words = words_of(mention.text)
    return bool(words & lexicon()["others_side"])


def is_apart_from_state(mention: Mention) -> bool:
    """Whether people of a state are meant who do not speak for it."""
    if mention.actor is None or mention.actor.kind != "state" or mention.kind == "person":
        return False
    head = _WORD.findall(_LINKED.split(mention.text)[0].lower())
    return bool(head) and head[-1] in lexicon()["apart_from_state"]


def may_be_person(mention: Mention) -> bool:
    """Whether a mention is a person, or could be one for all that its words tell."""
    return is_person(mention) or mention.kind == "unknown" or mention.kind == "pronoun"
