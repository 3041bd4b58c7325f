"""A readable list of keyword rules: the bar that a trained model has to clear."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from ceasefire_stance.corpus.stances import STANCES, Stance
from ceasefire_stance.corpus.statistics import CEASEFIRE


@dataclass(frozen=True)
class Rule:
    """If `pattern` is found in a sentence that is about a ceasefire, its stance is `stance`."""

    stance: Stance
    pattern: str


# Read from the top; the first that matches decides. The order is the codebook's: the condition
# wins (rule 1), a negated refusal is no acceptance (rule 3), a refusal goes before a welcome.
RULES: tuple[Rule, ...] = (
    Rule(
        Stance.CONDITIONAL,
        r"\b(?:only if|unless|not until|provided that|on condition that|as long as|"
        r"in exchange for|in return for|if (?:the )?other side|before any (?:truce|cease-?fire))\b",
    ),
    Rule(
        Stance.CONDITIONAL,
        r"\b(?:ha(?:s|ve|d) not (?:yet )?(?:ruled out|rejected|decided|agreed|replied|responded)|"
        r"did not reject|stopped short of|declined to (?:commit|say)|"
        r"yet to (?:reply|respond|decide)|"
        r"stud(?:y|ies|ied|ying) (?:the|a|an) (?:proposal|offer|plan|text)|guarantees|"
        r"conditions? for|seek(?:s|ing)? clarification|would consider)\b",
    ),
    Rule(
        Stance.REJECTS,
        r"\b(?:reject(?:s|ed|ing|ion)?|refus(?:e|es|ed|al|ing)|rul(?:es|ed|ing) out|"
        r"dismiss(?:es|ed)?|"
        r"oppos(?:e|es|ed)|call(?:s|ed)? off|vow(?:s|ed)? to (?:fight|continue)|"
        r"no (?:truce|cease-?fire)|(?:will|would) not (?:accept|agree|stop)|over and done|"
        r"under no circumstances|pointless)\b",
    ),
    Rule(
        Stance.ACCEPTS,
        r"\b(?:agree(?:s|d)? (?:to|on)|accept(?:s|ed)?|welcom(?:e|es|ed)|declar(?:e|es|ed)|"
        r"announc(?:e|es|ed)|call(?:s|ed|ing)? (?:for|on)|urg(?:e|es|ed|ing)|"
        r"appeal(?:s|ed)? for|demand(?:s|ed)?|support(?:s|ed)?|back(?:s|ed)|sign(?:s|ed)|"
        r"commit(?:s|ted)? to|ready (?:for|to)|propos(?:e|es|ed)|offer(?:s|ed)?|"
        r"broker(?:ed)|extend(?:s|ed)?|hop(?:es|ed) for|observe)\b",
    ),
)


class KeywordRules(ClassifierMixin, BaseEstimator):
    """Apply `RULES` to the sentences that name a ceasefire.

    A sentence that names none is ``none``, unless `use_context` is set and a sentence before it
    does. Fitting only measures how often each rule is right in training, which becomes the
    probability that goes with its answer.

    Parameters
    ----------
    use_context : bool, default=False
        Whether a ceasefire named in the context is enough.

    Attributes
    ----------
    classes_ : ndarray of shape (4,)
        The stances, alphabetical.
    table_ : ndarray of shape (n_rules + 2, 4)
        Per rule, then for "named but no rule" and "not named": the training sentences' stances
        (add-one smoothed, normalised) with the rule's own stance kept the largest.
    """

    def __init__(self, use_context: bool = False) -> None:
        self.use_context = use_context

    def fit(self, X: pd.DataFrame, y: pd.Series[str]) -> Self:
        """Measure the rules on sentences `X` (columns `text`, `context`) with stances `y`."""
        self.classes_ = np.array(STANCES)
        which = self._which(X)
        labels = np.asarray(y)
        answers = [*(r.stance for r in RULES), Stance.NONE, Stance.NONE]
        table = np.empty((len(answers), len(STANCES)))
        for number, answer in enumerate(answers):
            fired = labels[which == number]
            counts = np.array([1.0 + np.sum(fired == s) for s in STANCES])
            # The rule decides; its probability may be low but stays the largest.
            own = STANCES.index(answer)
            counts[own] = max(counts[own], 1.001 * counts.max())
            table[number] = counts / counts.sum()
        self.table_ = table
        return self

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Probabilities of shape (n, 4), columns in class order."""
        check_is_fitted(self)
        return np.asarray(self.table_[self._which(X)])

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """The stance of the first rule that matches."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    def _which(self, X: pd.DataFrame) -> np.ndarray:
        compiled = [re.compile(rule.pattern, re.IGNORECASE) for rule in RULES]
        context = X["context"] if self.use_context else [""] * len(X)
        which = np.full(len(X), len(RULES) + 1)
        for i, (text, before) in enumerate(zip(X["text"], context, strict=True)):
            if CEASEFIRE.search(text) or CEASEFIRE.search(before):
                hits = (n for n, pattern in enumerate(compiled) if pattern.search(text))
                which[i] = next(hits, len(RULES))
        return which
