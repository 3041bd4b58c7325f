"""Sentences become stances by a transformer that was tuned to the task, without torch.

`TunedClassifier` runs the graph that `ceasefire_stance.learning.finetuning` has written;
`AveragedClassifier` lets it vote with a classifier of another kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.metaestimators import _BaseComposition
from sklearn.utils.validation import check_is_fitted

from ceasefire_stance.corpus.sentences import require_columns
from ceasefire_stance.corpus.stances import STANCES
from ceasefire_stance.learning.calibration import shift_prior
from ceasefire_stance.learning.errors import ModelError
from ceasefire_stance.learning.network import (
    load_tokenizer,
    open_graph,
    pair_input,
    require_positive,
    run_graph,
    sentence_tokens,
)
from ceasefire_stance.learning.tuned_folder import TUNED_FILE, tuned_information
from ceasefire_stance.learning.weights import TOKENIZER_FILE

# Clauses and sentences are asked for again and again while an article is read or explained.
_KEPT = 20_000
_RAREST = 1e-4


@lru_cache(maxsize=4)
def _logits_of(network: str) -> dict[tuple[str, str], np.ndarray]:
    """What a network has said in this process: (text, context) → logits."""
    return {}


class TunedClassifier(ClassifierMixin, BaseEstimator):
    """Give the stances of a network that was tuned to the task.

    Parameters
    ----------
    folder : str
        Holds ``encoder.onnx``, ``tokenizer.json`` and ``encoder.json``.
    prior : mapping or None, default=None
        Stance → expected share where the network is used; None keeps that of the sentences it is
        fitted to, or, where it is fitted to none, that of its tuning.
    temperature : float, default=1.0
        What the logits are divided by: above 1 makes the probabilities less sure.
    batch_size : int, default=32
        Sentences in a batch, at most.
    threads : int, default=0
        Of the computation; 0 for as many as the processor has cores. Results do not depend on it.

    Attributes
    ----------
    classes_ : ndarray of shape (4,)
        The stances, alphabetical.
    network_ : str
        The SHA-256 of the network at fitting; no other is used afterwards.
    training_prior_ : ndarray of shape (4,)
        The class shares of its tuning.
    prior_ : ndarray of shape (4,)
        Those that it answers under.
    """

    def __init__(
        self,
        folder: str,
        prior: Mapping[str, float] | None = None,
        temperature: float = 1.0,
        batch_size: int = 32,
        threads: int = 0,
    ) -> None:
        self.folder = folder
        self.prior = prior
        self.temperature = temperature
        self.batch_size = batch_size
        self.threads = threads

    def fit(self, X: object = None, y: object = None) -> Self:
        """Check the folder, take the classes from it, and the class shares from labels `y`.

        The network's own training is done elsewhere; `X` is not looked at.

        Raises
        ------
        ModelError
            If a file is missing or altered, or gives other classes than the four stances.
        ValueError
            If a number is out of range.
        """
        require_positive(self, "temperature", "batch_size")
        information = tuned_information(self.folder)
        self.network_ = str(information["sha256"])
        self.classes_ = np.array(STANCES)
        self.training_prior_ = np.array(information["training_prior"], dtype=float)
        if self.prior is not None:
            self.prior_ = np.array([self.prior[str(stance)] for stance in STANCES], dtype=float)
        elif y is not None:
            drawn = np.array([np.mean(np.asarray(y) == stance) for stance in STANCES])
            # A stance that these sentences lack is rare, not impossible.
            self.prior_ = np.maximum(drawn, _RAREST)
        else:
            self.prior_ = self.training_prior_
        return self

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Probabilities of shape (n, 4) of sentences `X` (columns `text`, `context`)."""
        check_is_fitted(self)
        scaled = self.decision_function(X) / self.temperature
        raised = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        own = np.asarray(raised / raised.sum(axis=1, keepdims=True))
        return shift_prior(own, self.training_prior_, self.prior_)

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """The most probable stance of each sentence."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    def decision_function(self, X: pd.DataFrame) -> np.ndarray:
        """The network's logits, float64 (n, 4), before temperature and prior."""
        check_is_fitted(self)
        require_columns(X, ["text", "context"], "the sentences to classify")
        self._information()
        keys = list(zip(X["text"], X["context"], strict=True))
        known = _logits_of(self.network_)
        todo = [pair for pair in dict.fromkeys(keys) if pair not in known]
        if todo:
            rows = self._run(pd.DataFrame(todo, columns=["text", "context"]), "logits")
            known.update(zip(todo, rows, strict=True))
        out = [known[key] for key in keys]
        if len(known) > _KEPT:
            known.clear()
        return np.stack(out).astype(float) if out else np.empty((0, len(STANCES)))

    def holder_tokens(self, X: pd.DataFrame) -> list[list[tuple[int, int, np.ndarray]]]:
        """Which words of each sentence are those of a holder, and of what position.

        Returns
        -------
        list of list of tuple
            For each sentence its tokens, as far as they are read: start, end (offsets in `text`),
            and an array of shape (3,): the probabilities in [0, 1] that the token is one of the
            words of a holder of each of `POSITIONS`.
        """
        check_is_fitted(self)
        require_columns(X, ["text", "context"], "the sentences to read")
        rows = self._run(X, "holders")
        tokenizer = load_tokenizer(Path(self.folder) / TOKENIZER_FILE)
        out = []
        info = self._information()
        for text, context, values in zip(X["text"], X["context"], rows, strict=True):
            made = pair_input(tokenizer, text, context, info["max_tokens"], info["context_tokens"])
            own = 1 / (1 + np.exp(-values[: len(made.ids)][np.array(made.pooled) == 1]))
            places = sentence_tokens(tokenizer, text)
            out.append([(*place, v) for place, v in zip(places, own, strict=False)])
        return out

    def _information(self) -> dict[str, Any]:
        """What ``encoder.json`` says, if the network is still that of the fitting."""
        info = tuned_information(self.folder)
        if info["sha256"] != self.network_:
            raise ModelError(
                f"{self.folder}: expected the network {self.network_[:12]}… that the model was "
                f"fitted with, found {str(info['sha256'])[:12]}…. Restore it or fit again."
            )
        return info

    def _run(self, X: pd.DataFrame, output: str) -> list[np.ndarray]:
        """One output of the network for each sentence."""
        root, info = Path(self.folder), self._information()
        session = open_graph(root / TUNED_FILE, self.threads)
        tokenizer = load_tokenizer(root / TOKENIZER_FILE)
        inputs = [
            pair_input(tokenizer, text, context, info["max_tokens"], info["context_tokens"])
            for text, context in zip(X["text"], X["context"], strict=True)
        ]
        return run_graph(session, inputs, output, self.batch_size)


class AveragedClassifier(ClassifierMixin, _BaseComposition):
    """The weighted geometric mean of the probabilities of several classifiers.

    Parameters
    ----------
    estimators : sequence of (str, estimator)
        Name and classifier; each is cloned and fitted to the same sentences.
    weights : sequence of float
        One for each, above 0; only their ratios count.

    Attributes
    ----------
    classes_ : ndarray of shape (k,)
        Sorted class labels.
    estimators_ : list of estimator
        The fitted clones.

    Notes
    -----
    The mean of log-probabilities rather than of probabilities: a classifier that rules a class out
    is heard (a product of experts).

    References
    ----------
    Hinton, G. E. (2002). Training products of experts by minimizing contrastive divergence. Neural
    Computation 14(8), 1771-1800.
    """

    def __init__(
        self, estimators: Sequence[tuple[str, BaseEstimator]], weights: Sequence[float]
    ) -> None:
        self.estimators = estimators
        self.weights = weights

    def get_params(self, deep: bool = True) -> dict[str, object]:
        """The parameters; with `deep` those of the classifiers too, as ``name__parameter``."""
        return dict(self._get_params("estimators", deep=deep))

    def set_params(self, **parameters: object) -> Self:
        """Set parameters under the names that `get_params` gives."""
        self._set_params("estimators", **parameters)
        return self

    def fit(self, X: pd.DataFrame, y: object) -> Self:
        """Fit a clone of each classifier to sentences `X` and labels `y`.

        Raises
        ------
        ValueError
            If the weights do not fit the classifiers, or these have not the same classes.
        """
        if len(self.weights) != len(self.estimators) or not min(self.weights) > 0:
            raise ValueError(
                f"weights are {list(self.weights)!r}; expected {len(self.estimators)} numbers "
                "above 0. Correct them."
            )
        self.estimators_ = [clone(estimator).fit(X, y) for _, estimator in self.estimators]
        self.classes_ = self.estimators_[0].classes_
        for estimator in self.estimators_[1:]:
            if list(estimator.classes_) != list(self.classes_):
                raise ValueError(
                    f"the classes are {list(estimator.classes_)}; expected {list(self.classes_)}, "
                    "as those of the first. Fit to sentences of all classes."
                )
        return self

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Class probabilities of shape (n, k)."""
        check_is_fitted(self)
        shares = np.asarray(self.weights, dtype=float) / sum(self.weights)
        tiny = np.finfo(float).tiny
        parts = [np.log(np.maximum(e.predict_proba(X), tiny)) for e in self.estimators_]
        mean = sum(share * part for share, part in zip(shares, parts, strict=True))
        raised = np.exp(mean - np.max(mean, axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """The most probable class of each row."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])
