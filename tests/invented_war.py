"""An invented war and small stand-ins for the trained models, shared by the tests of articles."""

from __future__ import annotations

import re

import numpy as np

from ceasefire_stance.articles.actor_tables import COLUMNS
from ceasefire_stance.articles.actors import Gazetteer
from ceasefire_stance.articles.claims import ClaimReader
from ceasefire_stance.articles.holders import FirstNamedActor
from ceasefire_stance.corpus.stances import STANCES
from ceasefire_stance.learning import Model
from ceasefire_stance.learning.tuned import TunedClassifier


def actor_row(name, kind="state", **cells):
    return {**dict.fromkeys(COLUMNS, ""), "name": name, "kind": kind, **cells}


ROWS = (
    actor_row(
        "Norland", iso3="NRL", cow="9901", gwno="9901",
        adjectives="Norlandish|Norlanders", aliases="Nordhaven|N.L.|Grey Palace",
    ),
    actor_row("Sudria", iso3="SDR", adjectives="Sudrian|Sudrians", aliases="Porto Sud"),
    actor_row("Marsh Front", "armed group", aliases="MLF|Marsh Liberation Front"),
    actor_row("Hill Army", "armed group"),
    actor_row("Sudrian rebels", "armed group"),
    actor_row("Concord of Nations", "body", aliases="Concord"),
    actor_row("Ada Brandt", "person", actor="Norland", aliases="Brandt", since="1990",
              until="1998"),
    actor_row("Ugo Brandt", "person", actor="Sudria", aliases="Brandt", since="2010",
              until="2019"),
)  # fmt: skip


def make_gazetteer(*more):
    return Gazetteer([*ROWS, *more])


class KeywordStances:
    """A stand-in for the model of stances: the first rule whose words stand in the text."""

    classes_ = np.array(STANCES)
    rules = (
        ("conditional", r"\b(?:only if|unless|until|on terms)\b"),
        ("rejects", r"\b(?:reject|refus|ruled out|never|will not)"),
        ("accepts", r"\b(?:accept|agree|welcom|ready)"),
    )

    def predict_proba(self, X):
        out = np.full((len(X), len(STANCES)), 0.02)
        for i, text in enumerate(X["text"]):
            hits = [s for s, words in self.rules if re.search(words, text, re.IGNORECASE)]
            out[i, STANCES.index(hits[0] if hits else "none")] = 0.94
        return out


class Ranks:
    """A stand-in for the model of holders: the k-th mention has the k-th probability."""

    classes_ = ("holder", "other")

    def __init__(self, *probabilities):
        self.probabilities = probabilities

    def predict_proba(self, X):
        mine = [*self.probabilities, *[0.05] * len(X)][: len(X)]
        return np.array([(p, 1 - p) for p in mine])


class Network(TunedClassifier):
    """A stand-in for the tuned network: stances by keyword, positions by word."""

    classes_, network_ = np.array(STANCES), "invented"

    def __init__(self, positions):
        self.positions = positions
        self.asked = []

    def predict_proba(self, X):
        return KeywordStances().predict_proba(X)

    def holder_tokens(self, X):
        self.asked += X["text"].tolist()
        assert all(isinstance(context, str) for context in X["context"])
        nothing = (0.01, 0.01, 0.01)
        return [
            [
                (m.start(), m.end(), np.array(self.positions.get(m.group(), nothing)))
                for m in re.finditer(r"\w+", text)
            ]
            for text in X["text"]
        ]


def make_reader(*probabilities, more=(), positions=None):
    """Stances by keyword; holders by their place, or the first named actor; a network if asked."""
    holders = Ranks(*probabilities) if probabilities else FirstNamedActor()
    stances = KeywordStances() if positions is None else Network(positions)
    return ClaimReader(Model(stances, {}), holders, make_gazetteer(*more))
