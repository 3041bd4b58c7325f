"""Class priors that depend on whether a sentence, or only its context, names a ceasefire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.metrics import accuracy_score
from sklearn.pipeline import Pipeline
from sklearn.utils.metaestimators import available_if

from ceasefire_stance.corpus.sentences import require_columns
from ceasefire_stance.learning.calibration import decide, shift_prior
from ceasefire_stance.learning.cues import TOPICS, topic_of

PSEUDO_COUNT = 10
"""The shares of a topic are smoothed with so many sentences of the mix of all, so that no class is
impossible in it."""
_LEAST = 1e-6


def topics_of(sentences: pd.DataFrame) -> np.ndarray:
    """The topic of each sentence (columns `text`, `context`), one of `TOPICS`, shape (n,)."""
    require_columns(sentences, ["text", "context"], "the sentences")
    pairs = zip(sentences["text"], sentences["context"], strict=True)
    return np.array([topic_of(text, context) for text, context in pairs], dtype=object)


def _gives_probabilities(pipeline: Pipeline) -> bool:
    return hasattr(pipeline.steps[-1][1], "predict_proba")


class TopicPriorPipeline(Pipeline):
    """A pipeline that answers under a stated class prior for each topic of a sentence.

    How many sentences carry a claim differs far more between texts than how claims look, and it
    differs by topic: written text may hold more claims that leave the ceasefire unnamed than news
    does, and fewer where it is named. One prior for all sentences would be wrong for both. After
    fitting, the probabilities of a sentence are moved, by Bayes' rule, from the class shares that
    its topic has in the training sentences to the stated ones.

    Parameters
    ----------
    steps : list of (str, estimator)
        As for `Pipeline`. They answer under the class shares of the training sentences: no other
        prior is stated inside.
    topic_prior : mapping or None, default=None
        Topic (each of `TOPICS`) → class → share, the shares of a topic adding up to 1. None leaves
        the probabilities as they are.
    prior : mapping or None, default=None
        Class → share among all sentences, whatever their topic; needed for `logit_adjustment`.
    logit_adjustment : float, default=0.0
        How much sooner rare classes are answered, in [0, 1]; see `decide`. Probabilities do not
        depend on it.
    transform_input, memory, verbose
        As for `Pipeline`.

    Attributes
    ----------
    training_shares_ : dict
        Topic → class shares in training, ndarray of shape (k,) in the order of `classes_`, with
        `PSEUDO_COUNT` sentences of the shares of all topics.

    References
    ----------
    Saerens, M., Latinne, P., Decaestecker, C. (2002). Adjusting the outputs of a classifier to
    new a priori probabilities. Neural Computation 14(1), 21-41. Eq. 2.4, within each topic.
    """

    def __init__(
        self,
        steps: list[tuple[str, Any]],
        *,
        topic_prior: Mapping[str, Mapping[str, float]] | None = None,
        prior: Mapping[str, float] | None = None,
        logit_adjustment: float = 0.0,
        transform_input: Sequence[str] | None = None,
        memory: Any = None,
        verbose: bool = False,
    ) -> None:
        super().__init__(steps, transform_input=transform_input, memory=memory, verbose=verbose)
        self.topic_prior = topic_prior
        self.prior = prior
        self.logit_adjustment = logit_adjustment

    def fit(self, X: pd.DataFrame, y: Any = None, **params: Any) -> Self:
        """Fit the steps on sentences `X` (columns `text`, `context`) and stances `y`.

        Raises
        ------
        ValueError
            If `topic_prior` lacks a topic or a class, shares do not add up to 1, or
            `logit_adjustment` is out of range or `prior` lacks the share of a class for it.
        """
        super().fit(X, y, **params)
        stated = [(self.prior or {}).get(str(c), 0.0) for c in self.classes_]
        if not 0 <= self.logit_adjustment <= 1 or (self.logit_adjustment and not min(stated) > 0):
            raise ValueError(
                f"logit_adjustment is {self.logit_adjustment!r} and prior {self.prior!r}; expected "
                "a number from 0 to 1 and, unless it is 0, a share above 0 for each of "
                f"{', '.join(map(str, self.classes_))}. Correct them."
            )
        labels, topics = np.asarray(y), topics_of(X)
        every = np.array([np.mean(labels == c) for c in self.classes_])
        self.training_shares_ = {}
        for topic in TOPICS:
            counts = np.array([np.sum(labels[topics == topic] == c) for c in self.classes_])
            drawn = counts + PSEUDO_COUNT * every
            shares = np.maximum(drawn / drawn.sum(), _LEAST)
            self.training_shares_[topic] = shares / shares.sum()
            if self.topic_prior is not None:
                self._stated(topic)
        return self

    @available_if(_gives_probabilities)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: pd.DataFrame, **params: Any) -> np.ndarray:
        """Class probabilities of shape (n, k) of sentences `X`, each under its topic's prior."""
        values = np.array(super().predict_proba(X, **params), dtype=float)
        if self.topic_prior is None:
            return values
        topics = topics_of(X)
        for topic in TOPICS:
            rows = topics == topic
            old, new = self.training_shares_[topic], self._stated(topic)
            values[rows] = shift_prior(values[rows], old, new)
        return values

    def predict(self, X: pd.DataFrame, **params: Any) -> np.ndarray:
        """The answer for each sentence: see `decide`."""
        if self.topic_prior is None and not self.logit_adjustment:
            return np.asarray(super().predict(X, **params))
        return self.decide(self.predict_proba(X, **params))

    def decide(self, probabilities: np.ndarray) -> np.ndarray:
        """The answers, shape (n,), to probabilities of shape (n, k) from `predict_proba`."""
        if not self.logit_adjustment:
            return np.asarray(self.classes_[probabilities.argmax(axis=1)])
        prior = np.array([(self.prior or {})[str(c)] for c in self.classes_])
        return np.asarray(self.classes_[decide(probabilities, prior, self.logit_adjustment)])

    @available_if(_gives_probabilities)  # type: ignore[untyped-decorator]
    def predict_log_proba(self, X: pd.DataFrame, **params: Any) -> np.ndarray:
        """The logarithms of `predict_proba`."""
        return np.asarray(np.log(self.predict_proba(X, **params)))

    def score(self, X: pd.DataFrame, y: Any = None, sample_weight: Any = None) -> float:
        """The share of sentences `X` whose stance in `y` is the answer."""
        return float(accuracy_score(y, self.predict(X), sample_weight=sample_weight))

    def __getitem__(self, ind: Any) -> Any:
        """A step, or a plain pipeline of some of the steps: priors are those of the whole."""
        return Pipeline(self.steps)[ind]

    def topic_offsets(self, X: pd.DataFrame) -> np.ndarray:
        """What the priors add to the log-odds of each class, shape (n, k), mean 0 over classes."""
        if self.topic_prior is None:
            return np.zeros((len(X), len(self.classes_)))
        moved = {t: np.log(self._stated(t) / self.training_shares_[t]) for t in TOPICS}
        out = np.array([moved[t] for t in topics_of(X)])
        return out - out.mean(axis=1, keepdims=True)

    def _stated(self, topic: str) -> np.ndarray:
        """The stated shares of a topic, in the order of `classes_`."""
        stated = (self.topic_prior or {}).get(topic, {})
        shares = np.array([float(stated.get(str(c), np.nan)) for c in self.classes_])
        if not (shares >= 0).all() or abs(sum(stated.values()) - 1) > 1e-3:
            raise ValueError(
                f"topic_prior of {topic!r} is {dict(stated)}; expected a share for each of "
                f"{', '.join(map(str, self.classes_))} that add up to 1. Correct it."
            )
        shares = np.maximum(shares, _LEAST)
        return np.asarray(shares / shares.sum())
