"""What the words of a mention tell of it: a person or several, an office, whose side."""

from __future__ import annotations

import re

from ceasefire_stance.articles.actors import Actor
from ceasefire_stance.articles.mentions import ARTICLE_NAME, Mention, lexicon

PERSONAL = frozenset({"he", "she", "his", "her", "him"})
"""Pronouns of one person."""
_LINKED = re.compile(r",|\s(?:of|in|for|from|at|with)\s")
# "Islamist", "Christian", "Kurdish": what people are is no name of theirs.
_CREED = re.compile(r"(?:ist|ian|ish|ic|ite|ese|ern)s?$")
_OWNED = re.compile(r"[^\W_]+['’]s?(?=\s)")
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
# Titles that only one party's people bear in the news of the world, when no name stands by them.
_SOLE = (
    (re.compile(r"(?:the )?secretary of state(?:['’]s \w+)?"), "United States"),
    (re.compile(r"the (?:\w+ )?chancellor(?:['’]s \w+)?"), "Germany"),
    (re.compile(r"the (?:\w+ )?(?:pope|pontiff)(?:['’]s \w+)?"), "Holy See"),
    (re.compile(r"(?:the |a |an )?(?:\w+ )*catholic (?:\w+ )?(?:bishops?|archbishops?|church)"
                r"(?: of .+)?|the (?:roman )?catholics"), "Catholic Church"),
    (re.compile(r"(?:the |several |many |most |other |some |senior )?european (?:leaders?|"
                r"governments?|capitals|powers|officials?|diplomats?|envoys?|ambassadors?|"
                r"ministers?|presidency)"), "European Union"),
)  # fmt: skip


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


def sole_bearer(role: str) -> str | None:
    """The name of the party that the words of a role mean in whatever article; None if of none."""
    plain = role.lower()
    return next((party for pattern, party in _SOLE if pattern.fullmatch(plain)), None)


def is_state_force(words: frozenset[str]) -> bool:
    """Whether the words of a role mean the forces of a state: its army, its generals."""
    together = ({"armed", "forces"}, {"security", "forces"}, {"general", "staff"})
    force = words & {"army", "military", "generals"} or any(pair <= words for pair in together)
    irregular = lexicon()["armed_roles"] - {"command", "commander", "commanders"}
    return bool(force) and not words & (irregular | lexicon()["opposition_roles"] | {"free"})


def is_apart_from_state(mention: Mention) -> bool:
    """Whether people of a state are meant who do not speak for it."""
    if mention.actor is None or mention.actor.kind != "state" or mention.kind == "person":
        return False
    head = _WORD.findall(_LINKED.split(mention.text)[0].lower())
    return bool(head) and head[-1] in lexicon()["apart_from_state"]


def may_be_person(mention: Mention) -> bool:
    """Whether a mention is a person, or could be one for all that its words tell."""
    return is_person(mention) or mention.kind == "unknown" or mention.kind == "pronoun"


def has_own_name(mention: Mention) -> bool:
    """Whether a body that is not in the gazetteer is mentioned by a name of its own.

    That is a word with a capital before a role: "the Islamic Front", "the Kashlaf men". What people
    are ("Islamist rebels") or whose they are ("Tal's men") is no name of theirs, unless the role
    has a capital too.
    """
    words = _WORD.findall(_OWNED.sub(" ", _LINKED.split(mention.text)[0]))
    lower = [word.lower() for word in words]
    heads = [i for i, word in enumerate(lower) if word in lexicon()["roles"]]
    if mention.kind != "role" or not heads or mention.text.isupper():
        return False
    if {"government", "ministry"} & set(lower):
        return False
    # The word that opens a sentence has a capital whatever it is.
    before = range(1 if mention.start == 0 else 0, heads[0])
    plain = lexicon()["titles"] | lexicon()["determiners"]
    title = words[heads[0]][:1].isupper()
    return any(
        words[i][:1].isupper()
        and lower[i] not in plain
        and (title or not (_CREED.search(words[i]) or lower[i] in lexicon()["creeds"]))
        for i in before
    )


def bare_name(mention: Mention) -> str:
    """The words of a mention that nobody knows; of a person the name without titles before it."""
    before = lexicon()["offices"] | lexicon()["styles"] | lexicon()["determiners"]
    rest = mention.text.split()
    while len(rest) > 1 and rest[0].rstrip(".,").lower() in before:
        rest.pop(0)
    # "The National Salvation Front" is no person.
    person = rest[-1].lower() not in lexicon()["roles"]
    return " ".join(rest) if person and _is_name(rest[0]) and _is_name(rest[-1]) else mention.text


def full_name(mention: Mention) -> str | None:
    """The name of a person who is named in full and not in the gazetteer; else None."""
    name = bare_name(mention)
    words = name.split()
    named = len(words) > 1 and _is_name(words[0]) and _is_name(words[-1])
    body = lexicon()["roles"] & words_of(name)
    return name if mention.kind in ("unknown", "role") and named and not body else None


def _is_name(word: str) -> bool:
    return word[:1].isupper() or ARTICLE_NAME.match(word) is not None
