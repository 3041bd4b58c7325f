"""The four stances, their order and their meaning."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from enum import StrEnum


class Stance(StrEnum):
    """What a sentence says of a holder's position toward a ceasefire.

    The full definitions are in ``data/CODEBOOK.md``. The members stand in alphabetical order,
    which is the order of scikit-learn's ``classes_`` and so of every probability column.
    """

    ACCEPTS = "accepts"
    """The holder agrees to, declares, keeps, brokers or calls for the ceasefire."""
    CONDITIONAL = "conditional"
    """The holder makes its yes depend on something, or withholds it."""
    NONE = "none"
    """Nobody's position toward a ceasefire."""
    REJECTS = "rejects"
    """The holder refuses, opposes or ends the ceasefire."""


STANCES: tuple[str, ...] = tuple(sorted(s.value for s in Stance))
"""All stances, in class order."""

POSITIONS: tuple[str, ...] = tuple(s for s in STANCES if s != Stance.NONE)
"""The stances that are a position of somebody, in class order."""

PROBABILITY_COLUMNS: tuple[str, ...] = tuple(f"p_{s}" for s in STANCES)
"""The probability columns of a predictions frame, in class order."""


def nearest_stance(label: str) -> str | None:
    """The stance that `label` was probably meant to be, or None."""
    folded = label.strip().casefold()
    for stance in STANCES:
        if stance == folded or (len(folded) >= 3 and stance.startswith(folded)):
            return stance
    close = difflib.get_close_matches(folded, STANCES, n=1, cutoff=0.5)
    return close[0] if close else None


def prior_in_words(
    prior: Mapping[str, float] | None, topic_prior: Mapping[str, Mapping[str, float]] | None = None
) -> str:
    """A class prior, or one for each topic, in one line."""
    if topic_prior:
        where = {"named": "in the sentence", "context": "only before it", "unnamed": "nowhere"}
        parts = (f"{where.get(t, t)}: {_listed(mix)}" for t, mix in topic_prior.items())
        return "by where a ceasefire is named (" + "; ".join(parts) + ")"
    return _listed(prior) if prior else "that of the training sentences"


def decision_in_words(logit_adjustment: float) -> str:
    """How the answer follows from probabilities, as a sentence."""
    if not logit_adjustment:
        return "The answer is the most probable stance."
    return (
        "Rare stances are answered sooner: the answer is the stance whose probability, divided by "
        f"its share among all sentences to the power of {logit_adjustment:g}, is the largest."
    )


def _listed(mix: Mapping[str, float]) -> str:
    return ", ".join(f"{stance} {share:g}" for stance, share in mix.items())
