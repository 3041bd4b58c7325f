"""Whose war an article is about: the parties it names, counted before it is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from ceasefire_stance.articles.actors import Actor, Gazetteer

TITLE_WEIGHT = 3
"""How often an actor that the headline names counts beside one that the text names once."""
POWER_WEIGHT = 0.6
"""How much a name of one of the powers counts when it is asked where an article is set."""
# States that are named in the news of others' wars too, because they mediate or pay.
_POWERS = frozenset({"United States", "Russia", "United Kingdom", "France", "China", "Germany"})
# Those whose trade it is to mediate: others' wars name them almost as often as those who fight.
_MEDIATORS = frozenset({"Egypt", "Qatar", "Norway", "Switzerland", "Turkey", "Saudi Arabia"})
_SIDES = frozenset({"state", "armed group", "opposition"})


@dataclass
class Setting:
    """Where an article is set and who fights there.

    Attributes
    ----------
    gazetteer : Gazetteer
        Who is who.
    named : Counter
        How often the whole article names each actor, as `skim` has counted.
    """

    gazetteer: Gazetteer
    named: Counter[Actor] = field(default_factory=Counter)

    def skim(self, title: str, texts: Sequence[str], year: int | None = None) -> None:
        """Count whom an article names, before it is read: whose rebels are meant later."""
        for text, weight in ((title, TITLE_WEIGHT), *((text, 1) for text in texts)):
            for match in self.gazetteer.find(text, year):
                self.named[match.actor] += weight
                # "Sudan's army" is a party of its own there, and it names the state as well.
                of = self.gazetteer.resolve(text[match.start : match.end].split()[0])
                if of and of != match.actor and of.kind == "state":
                    self.named[of] += weight

    def most_named(self, kinds: Collection[str]) -> Actor | None:
        """The actor of one of the kinds that the article names most often."""
        fitting = (actor for actor in self.named if actor.kind in kinds)
        return max(fitting, key=self.named.__getitem__, default=None)

    def both(self) -> Actor | None:
        """The two parties to the conflict that the article names most, as one."""
        sides = [actor for actor in self.named if actor.kind in _SIDES]
        sides.sort(key=lambda side: (-self._weight(side, _MEDIATORS), side.name))
        return together(sides[:2]) if len(sides) > 1 else None

    def home(self) -> Actor | None:
        """The state that the article is most likely set in."""
        states = (actor for actor in self.named if actor.kind == "state")
        return max(states, key=self._weight, default=None)

    def of_home(self, words: frozenset[str]) -> Actor | None:
        """A known group of the home state: "the rebels" in Syria are the Syrian rebels."""
        return self.of_state(words, self.home())

    def of_state(self, words: frozenset[str], state: Actor | None) -> Actor | None:
        """A known group of a state that is called by one of `words`."""
        for adjective in self.gazetteer.adjectives.get(state.name, ()) if state else ():
            for word in sorted(words):
                known = self.gazetteer.resolve(f"{adjective} {word}")
                if known:
                    return known
        return None

    def _weight(self, side: Actor, guests: frozenset[str] = frozenset()) -> float:
        """How often a side is named; less for the powers and for `guests`."""
        return self.named[side] * (POWER_WEIGHT if side.name in _POWERS | guests else 1.0)


def together(actors: Sequence[Actor]) -> Actor:
    """Several parties that the words name as one: "both sides"."""
    return Actor(" and ".join(actor.name for actor in actors))
