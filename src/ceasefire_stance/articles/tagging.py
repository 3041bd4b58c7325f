"""What a tuned network says of the mentions of a sentence: if they hold a position, and which.

The network gives each token a probability for each position, that it is one of the words of a
holder of it. They are heard beside the holder model, which knows the place of a mention alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ceasefire_stance.articles.holders import Ranked
from ceasefire_stance.articles.mentions import Mention
from ceasefire_stance.corpus.stances import POSITIONS, STANCES, Stance
from ceasefire_stance.learning.tuned import TunedClassifier

Tag = tuple[int, int, np.ndarray]
"""Of a token: start, end, and its probabilities, shape (3,) in the order of `POSITIONS`."""

NETWORK_SHARE = 0.7
"""How much the network counts beside the holder model, in log-odds."""
LEAST_SEEN = 0.2
"""Below this probability of any position the network has no say in which it is."""
_LEAST = 1e-3
_PRONOUNS = frozenset(
    {"which", "that", "his", "her", "its", "their", "our", "my", "him", "them", "us"}
)


def tags_of(sentences: pd.DataFrame, classifier: Any) -> list[list[Tag]] | None:
    """The tags of `sentences` (columns `text`, `context`); None without a network to ask."""
    network = network_in(classifier)
    return None if network is None else network.holder_tokens(sentences)


def network_in(classifier: Any) -> TunedClassifier | None:
    """The fitted network in a classifier, a pipeline of one, or one of those that it averages."""
    if isinstance(classifier, TunedClassifier):
        return classifier if hasattr(classifier, "network_") else None
    parts = [step for _, step in getattr(classifier, "steps", ())]
    found = (network_in(part) for part in [*parts, *getattr(classifier, "estimators_", ())])
    return next((network for network in found if network is not None), None)


def mention_positions(mention: Mention, tags: Sequence[Tag]) -> np.ndarray | None:
    """The probabilities, shape (3,), that a mention holds each position; None if it was not read.

    A mention is what its likeliest token is: the words around a name may or may not belong to it.
    """
    own = [p for start, end, p in tags if start < mention.end and end > mention.start]
    return np.max(own, axis=0) if own else None


def with_tagged(text: str, mentions: Sequence[Mention], tags: Sequence[Tag]) -> list[Mention]:
    """The mentions, in order, and what the network takes for holders where the rules see none.

    That is words ("several", "his", "the trustees") whose tokens are more likely than not those of
    a holder, in a sentence none of whose mentions is.
    """
    known = (mention_positions(mention, tags) for mention in mentions)
    if any(values is not None and values.max() > 0.5 for values in known):
        return list(mentions)
    found: list[tuple[int, int]] = []
    for start, end, values in tags:
        if values.max() <= 0.5 or any(m.start < end and m.end > start for m in mentions):
            continue
        if found and text[found[-1][1] : start].strip() == "":
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    spans = [_whole_words(text, a, b) for a, b in found if any(c.isalnum() for c in text[a:b])]
    more = [Mention(a, b, text[a:b], _kind_of(text[a:b]), None) for a, b in spans]
    return sorted([*mentions, *more], key=lambda m: m.start)


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """A span widened to the ends of its words: a token may be a part of one."""
    while start and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
        end += 1
    return start, end


def _kind_of(words: str) -> str:
    pronoun = words.lower() in _PRONOUNS and not (len(words) > 1 and words.isupper())
    return "pronoun" if pronoun else "role"


def heard(
    ranked: Sequence[Ranked], tags: Sequence[Tag], share: float = NETWORK_SHARE
) -> list[Ranked]:
    """The mentions ranked anew: the weighted mean of the log-odds of holder model and network."""
    out = []
    for one in ranked:
        positions = mention_positions(one.mention, tags)
        if positions is None:
            out.append(one)
            continue
        odds = (1 - share) * _logit(one.probability) + share * _logit(float(positions.max()))
        found = tuple(float(p) for p in positions)
        out.append(replace(one, probability=1 / (1 + float(np.exp(-odds))), positions=found))
    return sorted(out, key=lambda r: -r.probability)


def position_of(one: Ranked) -> str | None:
    """The likeliest position of a mention; None where the network was not asked or sees none."""
    if one.positions is None or max(one.positions) < LEAST_SEEN:
        return None
    return POSITIONS[int(np.argmax(one.positions))]


def probabilities_of(one: Ranked, sentence: np.ndarray) -> np.ndarray:
    """The probabilities, shape (4,) in class order, of the stance of one of several holders.

    That there is a claim at all stays as probable as `sentence`, the probabilities of the sentence,
    makes it; which position it is follows the network.
    """
    values = np.zeros(len(STANCES))
    values[[STANCES.index(p) for p in POSITIONS]] = one.positions
    none = STANCES.index(Stance.NONE)
    values *= (1 - sentence[none]) / values.sum()
    values[none] = sentence[none]
    return values


def _logit(probability: float) -> float:
    clipped = min(max(probability, _LEAST), 1 - _LEAST)
    return float(np.log(clipped / (1 - clipped)))
