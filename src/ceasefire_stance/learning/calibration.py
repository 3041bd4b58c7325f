"""Class priors as a stated parameter, and probabilities that mean what they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils import Tags, get_tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data


def shift_prior(probabilities: np.ndarray, old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Probabilities under another class prior, by Bayes' rule.

    Parameters
    ----------
    probabilities : ndarray of shape (n, k)
        Posteriors under the prior `old`; rows sum to 1.
    old, new : ndarray of shape (k,)
        Class priors, in the order of the columns, all positive.

    Returns
    -------
    ndarray of shape (n, k)
        Rows sum to 1.

    References
    ----------
    Saerens, M., Latinne, P., Decaestecker, C. (2002). Adjusting the outputs of a classifier to
    new a priori probabilities. Neural Computation 14(1), 21-41. Eq. 2.4.
    """
    weighted = probabilities * (new / old)
    total = weighted.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(weighted, total, out=probabilities.copy(), where=total > 0))


def decide(probabilities: np.ndarray, prior: np.ndarray, adjustment: float) -> np.ndarray:
    """The column of the answer in each row: rarer classes are answered sooner.

    The most probable class makes the fewest mistakes, and is seldom a rare one. Macro-F1 counts
    each class alike: a rare one has to be answered at a lower probability than a frequent one.

    Parameters
    ----------
    probabilities : ndarray of shape (n, k)
        Class probabilities, in [0, 1].
    prior : ndarray of shape (k,)
        Class shares of all that is answered, in the order of the columns, above 0 unless
        `adjustment` is 0. The probabilities may know more than that: the topic of a sentence.
    adjustment : float
        In [0, 1]. At 0 the most probable class is the answer; at 1 the one whose probability has
        risen most over its share, which favours the mean recall of the classes. Macro-F1 is in
        between.

    Returns
    -------
    ndarray of int, shape (n,)

    References
    ----------
    Menon, A. K., et al. (2021). Long-tail learning via logit adjustment. ICLR. Eq. 9, with its tau.
    """
    tiny = np.finfo(float).tiny
    adjusted = np.log(np.maximum(probabilities, tiny)) - adjustment * np.log(prior)
    return np.asarray(adjusted.argmax(axis=1))


class PriorAdjustedClassifier(ClassifierMixin, BaseEstimator):
    """Fit a classifier as it is and answer under a stated class prior.

    Parameters
    ----------
    estimator : estimator
        A classifier with `predict_proba`; cloned before fitting.
    prior : mapping or None, default=None
        Class → expected share where the model is used. Classes that are not named share what is
        left in proportion to their training shares. None keeps the training prior.

    Attributes
    ----------
    classes_ : ndarray of shape (k,)
        Sorted class labels.
    estimator_ : estimator
        The fitted clone.
    training_prior_, prior_ : ndarray of shape (k,)
        Class shares in training and those that the probabilities are given under.
    """

    def __init__(self, estimator: BaseEstimator, prior: Mapping[str, float] | None = None) -> None:
        self.estimator = estimator
        self.prior = prior

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = get_tags(self.estimator).input_tags.sparse
        return tags

    def fit(self, X: object, y: object) -> Self:
        """Fit a clone of `estimator` on `X` (n_samples, n_features) and labels `y`."""
        X, y = validate_data(self, X, y, accept_sparse=["csr", "csc"])
        check_classification_targets(y)
        self.estimator_ = clone(self.estimator).fit(X, y)
        self.classes_ = self.estimator_.classes_
        labels = np.asarray(y)
        self.training_prior_ = np.array([np.mean(labels == c) for c in self.classes_])
        self.prior_ = self._target()
        return self

    def predict_proba(self, X: object) -> np.ndarray:
        """Class probabilities of shape (n_samples, k) under the stated prior."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
        raw = self.estimator_.predict_proba(X)
        return shift_prior(raw, self.training_prior_, self.prior_)

    def predict(self, X: object) -> np.ndarray:
        """The most probable class of each row."""
        check_is_fitted(self)
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    def _target(self) -> np.ndarray:
        if self.prior is None:
            return self.training_prior_
        named = {c: p for c, p in self.prior.items() if c in set(self.classes_)}
        rest = [c not in named for c in self.classes_]
        left = max(0.0, 1.0 - sum(named.values()))
        share = self.training_prior_[rest].sum()
        out = np.array(
            [
                named.get(c, left * p / share if share else 0.0)
                for c, p in zip(self.classes_, self.training_prior_, strict=True)
            ],
            dtype=float,
        )
        out = np.maximum(out, 1e-6)
        return np.asarray(out / out.sum())
