"""From the words of a holder to the party it speaks for, by what the article said before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ceasefire_stance.articles.actors import Actor, Gazetteer
from ceasefire_stance.articles.mention_kinds import (
    PERSONAL,
    bare_name,
    can_be_meant,
    full_name,
    has_own_name,
    is_apart_from_state,
    is_named_person,
    is_of_another,
    is_person,
    is_state_force,
    may_be_person,
    office_words,
    offices_of,
    passes_on,
    sole_bearer,
    words_of,
)
from ceasefire_stance.articles.mentions import Mention, lexicon
from ceasefire_stance.articles.setting import Setting, together
from ceasefire_stance.articles.speech import speaker_of

# What a role noun can stand for when it stands alone: "the group" is not a state.
_ROLE_KINDS = (
    ("armed_roles", frozenset({"armed group"})),
    ("opposition_roles", frozenset({"opposition", "party"})),
    ("group_roles", frozenset({"armed group", "opposition", "organisation", "party"})),
    ("state_roles", frozenset({"state"})),
    ("body_roles", frozenset({"body", "organisation"})),
)
LOOK_BACK = 6
"""How many sentences back a role noun may refer."""
_THEIR = re.compile(r"^(?:its|his|her|their|our|my)\b", re.IGNORECASE)
_LEADS = re.compile(
    r",\s+(?:who|which)\s+(?:now\s+)?(?:leads?|heads?|headed|led|chairs?|speaks?\s+for)\s+"
)
_LEADER = re.compile(r"(?:the |a )?(?:\w+ )?(?:leader|head|chairman|spokesman)\b")
# Both of those that fight: collectives that are one holder (see the codebook).
_BOTH = re.compile(
    r"(?:(?:both|the two|the|the warring|the rival|neither|all) (?:warring |rival )?"
    r"(?:sides?|parties|governments|armies)"
    r"|(?:both|the two) (?:countries|leaders|neighbou?rs|states|factions|gangs)"
    r"|each (?:side|party|government))",
    re.IGNORECASE,
)
_OWNER = re.compile(r"(.+?)(?:(?<=s)['’]|['’]s) ")
# Words for all the armed groups of a country together.
_GENERIC = frozenset(
    {"rebel", "rebels", "separatist", "separatists", "insurgents", "opposition", "gangs", "gang"}
)
# Several groups that are not told apart: no single one of those named before.
_SEVERAL = frozenset({"groups", "factions", "brigades", "gangs", "militias"})
_FIRST = frozenset({"we", "i", "our", "my", "us"})


@dataclass
class Discourse:
    """What an article has said so far: who was mentioned, and whom each name stood for.

    Attributes
    ----------
    gazetteer : Gazetteer
        Who is who.
    sentences : list of list of (Mention, Actor or None)
        The mentions of each sentence, in reading order.
    names : dict
        Last word of a person's name → the party, once the article has told it.
    speaker : Actor or None
        Of the last speech.
    setting : Setting
        Whose war it is about: `Setting.skim` counts that before the reading begins.
    """

    gazetteer: Gazetteer
    sentences: list[list[tuple[Mention, Actor | None]]] = field(default_factory=list)
    names: dict[str, Actor] = field(default_factory=dict)
    speaker: Actor | None = None
    setting: Setting = field(init=False)
    _offices: list[tuple[frozenset[str], Actor]] = field(default_factory=list)
    _full: dict[str, str] = field(default_factory=dict)
    _spoke: bool = False
    _asked: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.setting = Setting(self.gazetteer)

    def read(self, text: str, mentions: Sequence[Mention]) -> None:
        """Take in a sentence: its mentions, appositions and speaker."""
        actors = [self.actor_of(i, mentions, text) for i in range(len(mentions))]
        self.sentences.append(list(zip(mentions, actors, strict=True)))
        for mention, actor in self.sentences[-1]:
            if actor and mention.kind in ("person", "unknown", "adjective", "name"):
                self._learn(mention, actor)
                self._offices += offices_of(mention, actor)
            name = full_name(mention)
            if name:
                self._full.setdefault(name.split()[-1], name)
        for i, mention in enumerate(mentions[:-1]):
            apposed = self._apposition(text, mentions, i)
            if apposed:
                self._learn(mention, apposed)
                self._learn(mentions[i + 1], apposed)
        speaker = speaker_of(text, mentions)
        self._spoke = speaker is not None
        if speaker is not None and (actors[speaker] or mentions[speaker].kind != "pronoun"):
            # Whom nobody knows speaks under his own words, and not for who spoke before.
            self.speaker = actors[speaker] or Actor(self.own_name(mentions[speaker]))

    def own_name(self, mention: Mention) -> str:
        """What to call a holder whose party is not known: a person by the full name."""
        name = bare_name(mention)
        return self._full.get(name, name)

    def actor_of(self, number: int, mentions: Sequence[Mention], text: str) -> Actor | None:
        """The party of one mention of a sentence, given what came before; None if not known."""
        if number in self._asked:
            # "X, who leads his party": whose party is asked of X, who X speaks for of the party.
            return None
        self._asked.add(number)
        try:
            return self._resolved(number, mentions, text)
        finally:
            self._asked.discard(number)

    def _resolved(self, number: int, mentions: Sequence[Mention], text: str) -> Actor | None:
        mention = mentions[number]
        if mention.kind == "pronoun":
            return self._pronoun(number, mentions, text)
        if _BOTH.fullmatch(mention.text):
            return self.setting.both()
        # "Its leader, NAME": whom the name speaks for is known better than whose it is.
        if _THEIR.match(mention.text) and not is_of_another(mention):
            owner = self._owner(number, mentions, text)
            if owner:
                return owner
        if mention.actor and is_apart_from_state(mention):
            # "Norlandish rebels", "Norland's voters": a known group, or their own words.
            return self.setting.of_state(words_of(mention.text), mention.actor)
        if mention.actor:
            return self._of_party(number, mentions, text) or mention.actor
        sole = sole_bearer(mention.text)
        if sole and not self._in_office(mention.text, [(m, m.actor) for m in mentions[:number]]):
            return self.gazetteer.resolve(sole)
        last = mention.text.split()[-1] if mention.text else ""
        if mention.kind == "unknown" or last[:1].isupper():
            apposed = self._apposition(text, mentions, number) or self._apposed_behind(
                text, mentions, number
            )
            known = self.names.get(last) or apposed
            if known or last.lower() not in lexicon()["roles"]:
                return known or self._titled(mention.text, number, mentions)
        possessor = self._possessor(number, mentions, text)
        return possessor or self._role(mention.text, number, mentions)

    def _titled(self, words: str, number: int, mentions: Sequence[Mention]) -> Actor | None:
        """Whom a name that nobody knows speaks for, by what stands before it."""
        titles = words_of(words)
        if titles & (lexicon()["armed_roles"] | lexicon()["opposition_roles"]):
            # "Rebel Gen. NAME" is of the rebels.
            return self._role(words, number, mentions)
        return self.setting.home() if titles & lexicon()["offices"] else None

    def _learn(self, mention: Mention, actor: Actor) -> None:
        last = mention.text.split()[-1] if mention.text else ""
        if last[:1].isupper() and last.lower() not in lexicon()["roles"]:
            self.names.setdefault(last, actor)

    def _apposition(self, text: str, mentions: Sequence[Mention], i: int) -> Actor | None:
        """The actor in ``NAME, role of ACTOR,`` for the name at `i`."""
        after = _behind(i, mentions)
        if after is None or mentions[i].kind not in ("unknown", "person"):
            return None
        between = text[mentions[i].end : mentions[after].start]
        if _LEADS.fullmatch(between):
            return self.actor_of(after, mentions, text)
        near = re.fullmatch(r",\s+(?:\w+\s+){0,3}", between)
        return mentions[after].actor if near else None

    def _of_party(self, number: int, mentions: Sequence[Mention], text: str) -> Actor | None:
        """The group that a known person speaks for here: of "X, leader of the Y party", Y."""
        after = _behind(number, mentions)
        if after is None or mentions[number].kind != "person":
            return None
        party = mentions[after]
        if party.actor is None or party.kind != "name" or party.actor.kind == "state":
            return None
        between = text[mentions[number].end : party.start]
        leader = _LEADER.match(party.text) and re.fullmatch(r",\s+", between)
        of = between in (" of ", " of the ") or _LEADS.fullmatch(between)
        return party.actor if leader or of else None

    def _apposed_behind(self, text: str, mentions: Sequence[Mention], i: int) -> Actor | None:
        """The actor in ``The ACTOR spokesman, NAME,`` for the name at `i`."""
        if not i:
            return None
        before = mentions[i - 1]
        if re.fullmatch(r",?\s+", text[before.end : mentions[i].start]):
            if before.actor:
                return before.actor
            if before.kind == "role":
                return self.actor_of(i - 1, mentions, text)
        return None

    def _pronoun(self, number: int, mentions: Sequence[Mention], text: str) -> Actor | None:
        word = mentions[number].text.lower()
        earlier = [(m, m.actor) for m in mentions[:number]]
        if word in ("both", "neither"):
            here = list(dict.fromkeys(actor for _, actor in earlier if actor))
            return together(here[-2:]) if len(here) > 1 else self.setting.both()
        if word in ("who", "which", "that"):
            return earlier[-1][1] if earlier else None
        speaker = speaker_of(text, mentions)
        if word in _FIRST:
            if speaker is not None and speaker != number:
                return self.actor_of(speaker, mentions, text)
            return self.speaker
        persons = word in PERSONAL
        if speaker == number and number and self.speaker and self._spoke:
            # "…, he said": whom the speech is about is not who speaks.
            return self.speaker
        inside = [
            (i, m)
            for i, m in enumerate(mentions[:number])
            if m.kind != "pronoun"
            and persons in (is_person(m), may_be_person(m))
            and not (word == "they" and is_named_person(m))
        ]
        for i, _ in inside[:1]:
            actor = self.actor_of(i, mentions, text)
            if actor:
                return actor
        return self._last(persons, several=word == "they")

    def _last(self, persons: bool, *, several: bool = False) -> Actor | None:
        """The likeliest antecedent: the first that fits in the latest sentence that has one.

        For `persons` one person, for `several` not one that is named.
        """
        if persons:
            latest = self.sentences[-1] if self.sentences else []
            named = [a for m, a in latest if a and is_named_person(m)]
            if named and not self._spoke:
                return named[0]
            if self.speaker:
                return self.speaker
        for sentence in reversed(self.sentences):
            for mention, actor in sentence:
                fits = can_be_meant(mention, persons) or passes_on(mention, persons)
                if actor and fits and not (several and is_named_person(mention)):
                    return actor
        return self._last(persons) if several else None

    def _in_office(
        self, role: str, earlier: Sequence[tuple[Mention, Actor | None]]
    ) -> Actor | None:
        """The party of the last who was named with an office: "President NAME … the president"."""
        definite = re.fullmatch(r"the (.+)", role, re.IGNORECASE)
        if definite is None:
            return None
        asked = words_of(definite.group(1))
        if not asked or not asked <= office_words():
            return None
        here = [office for m, actor in earlier if actor for office in offices_of(m, actor)]
        for words, actor in reversed([*self._offices, *here]):
            if asked <= words and ("prime" in asked) == ("prime" in words):
                return actor
        return None

    def _other_church(
        self, words: frozenset[str], earlier: Sequence[tuple[Mention, Actor | None]]
    ) -> bool:
        """Whether a churchman, or whom the talk was of, is of another church than the Catholic."""
        recent = [earlier, *self.sentences[-LOOK_BACK:]]
        said = {w for part in recent for m, _ in part for w in words_of(m.text)}
        return bool((words | said) & lexicon()["other_churches"])

    def _owner(self, number: int, mentions: Sequence[Mention], text: str) -> Actor | None:
        """Whose it is: of "his" the first person of the sentence, else the actor named last."""
        if mentions[number].text.lower().startswith(("his ", "her ")):
            for i, mention in enumerate(mentions[:number]):
                actor = self.actor_of(i, mentions, text) if may_be_person(mention) else None
                if actor:
                    return actor
        for mention in reversed(mentions[:number]):
            if mention.actor:
                return mention.actor
        return self._last(persons=False)

    def _possessor(self, number: int, mentions: Sequence[Mention], text: str) -> Actor | None:
        """The actor in ``adviser to ACTOR``, or of the role in ``the rebels' command``."""
        mention = mentions[number]
        if number + 1 < len(mentions):
            follower = mentions[number + 1]
            link = text[mention.end : follower.start]
            head = mention.text.split()[-1].lower()
            if link == " to " and head in lexicon()["advisers"]:
                return self.actor_of(number + 1, mentions, text)
        owner = _OWNER.match(mention.text)
        return self._role(owner.group(1), number, mentions) if owner else None

    def _role(self, role: str, number: int, mentions: Sequence[Mention]) -> Actor | None:
        """The actor that the words of a role stand for at the place of a mention."""
        words = words_of(role)
        if "secretary-general" in words:
            # Other bodies' are named with their body.
            return self.gazetteer.resolve("United Nations")
        earlier = [(m, m.actor) for m in mentions[:number]]
        office = self._in_office(role, earlier)
        if office:
            return office
        if has_own_name(mentions[number]):
            # "The Islamic Front": a group of that name, not the last one that was named.
            return None
        if words & lexicon()["civil"] and words & lexicon()["group_roles"]:
            return None
        if is_state_force(words):
            # "The armed forces" are no armed group.
            home = self.setting.home()
            return self.setting.of_home(words | {"army", "military"}) or home
        if words & _SEVERAL:
            return self.setting.of_home(frozenset({"rebels", *(words & _GENERIC)}))
        for roles, kinds in _ROLE_KINDS:
            if words & lexicon()[roles]:
                home = self.setting.home()
                if roles == "state_roles" and home:
                    return self.setting.of_home(words) or home
                generic = self.setting.of_home(words & _GENERIC)
                if generic:
                    return generic
                for sentence in [earlier, *reversed(self.sentences[-LOOK_BACK:])]:
                    for _, actor in sentence:
                        if actor and actor.kind in kinds:
                            return actor
                return self.setting.of_home(words) or self.setting.most_named(kinds)
        if words & lexicon()["church_roles"] and not self._other_church(words, earlier):
            return self.gazetteer.resolve("Catholic Church")
        if words & (lexicon()["person_roles"] | lexicon()["official_roles"]):
            # An official speaks for whom the sentence names, or for whom the talk was of.
            return next((actor for _, actor in earlier if actor), None) or self._last(persons=False)
        return None


def _behind(number: int, mentions: Sequence[Mention]) -> int | None:
    """The number of the mention behind another, passing over "who"."""
    later = range(number + 1, len(mentions))
    return next((i for i in later if mentions[i].text.lower() != "who"), None)
