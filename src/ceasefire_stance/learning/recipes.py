"""Recipes: a name and a few settings become an unfitted scikit-learn pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline
from sklearn.svm import LinearSVC

from ceasefire_stance.learning.calibration import PriorAdjustedClassifier
from ceasefire_stance.learning.features import make_features
from ceasefire_stance.learning.rules import KeywordRules


@dataclass(frozen=True)
class Recipe:
    """What to train, before it is trained.

    Parameters
    ----------
    name, description : str
        How it is called and what it is, in one line.
    classifier : str
        ``majority``, ``rules``, ``nb``, ``logreg`` or ``svm``.
    features : tuple of str
        Names for `make_features`; empty for ``majority`` and ``rules``.
    context : bool
        Whether the sentences before are looked at.
    grid : mapping
        Hyper-parameter of the classifier → values to choose from by cross-validation.
    prior : mapping or None
        The class prior the model answers under; None for that of the training sentences.
    """

    name: str
    description: str
    classifier: str
    features: tuple[str, ...] = ()
    context: bool = False
    grid: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    prior: Mapping[str, float] | None = None

    def as_dict(self) -> dict[str, object]:
        """The recipe as plain data, as it is saved beside a model."""
        return {
            "name": self.name,
            "description": self.description,
            "classifier": self.classifier,
            "features": list(self.features),
            "context": self.context,
            "grid": {k: list(v) for k, v in self.grid.items()},
            "prior": dict(self.prior) if self.prior else None,
        }


def make_pipeline(recipe: Recipe, seed: int = 0) -> Pipeline:
    """The unfitted pipeline of `recipe`: steps ``features`` and ``classifier``.

    It takes a sentences frame (columns `text`, `context`) and stances. All losses are unweighted:
    the class prior is set after fitting, by `PriorAdjustedClassifier`.

    Raises
    ------
    ValueError
        If the recipe names an unknown classifier.
    """
    match recipe.classifier:
        case "majority":
            return Pipeline([("classifier", DummyClassifier(strategy="prior"))])
        case "rules":
            return Pipeline([("classifier", KeywordRules(use_context=recipe.context))])
        case "nb":
            base: BaseEstimator = MultinomialNB()
        case "logreg":
            base = LogisticRegression(max_iter=3000, random_state=seed)
        case "svm":
            base = CalibratedClassifierCV(LinearSVC(random_state=seed), cv=5, ensemble=False)
        case other:
            raise ValueError(
                f"classifier is {other!r}; expected majority, rules, nb, logreg or svm. "
                "Correct the recipe in experiments.toml."
            )
    prior = dict(recipe.prior) if recipe.prior else None
    return Pipeline(
        [
            ("features", make_features(recipe.features, context=recipe.context)),
            ("classifier", PriorAdjustedClassifier(base, prior)),
        ]
    )


def parameter_grid(recipe: Recipe) -> dict[str, list[Any]]:
    """The recipe's grid under the names that the pipeline of `make_pipeline` knows."""
    prefix = (
        "classifier__estimator__estimator__"
        if recipe.classifier == "svm"
        else ("classifier__estimator__")
    )
    return {prefix + name: list(values) for name, values in recipe.grid.items()}
