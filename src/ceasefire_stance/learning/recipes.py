"""Recipes: a name and a few settings become an unfitted scikit-learn pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
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
from ceasefire_stance.learning.store import models_folder
from ceasefire_stance.learning.topic_prior import TopicPriorPipeline
from ceasefire_stance.learning.tuned import AveragedClassifier, TunedClassifier


@dataclass(frozen=True)
class Recipe:
    """What to train, before it is trained.

    Parameters
    ----------
    name, description : str
        How it is called and what it is, in one line.
    classifier : str
        ``majority``, ``rules``, ``nb``, ``logreg``, ``svm``, or ``network``: one that was tuned
        beforehand, alone or, if `features` are given, averaged with ``logreg`` on these.
    features : tuple of str
        Names for `make_features`; empty for ``majority``, ``rules`` and a ``network`` alone.
    context : bool
        Whether the sentences before are looked at for features. The prior of a topic asks them in
        any case.
    grid : mapping
        Hyper-parameter of the classifier → values to choose from by cross-validation.
    prior : mapping or None
        The class prior the model answers under; None for that of the training sentences.
    network : str
        The tuned network: a model folder, or the name of one under ``models/``.
    network_share : float
        Weight of the network in an average, in (0, 1).
    network_temperature : float
        What the network's logits are divided by, above 0; see `TunedClassifier`.
    block_weights : mapping
        Block of features → what its values are multiplied by; see `make_features`.
    topic_prior : mapping or None
        Topic → class prior, instead of `prior`; see `TopicPriorPipeline`.
    logit_adjustment : float
        How much sooner rare stances are answered, where there is a `topic_prior`; see
        `calibration.decide`.
    """

    name: str
    description: str
    classifier: str
    features: tuple[str, ...] = ()
    context: bool = False
    grid: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    prior: Mapping[str, float] | None = None
    network: str = ""
    network_share: float = 0.5
    network_temperature: float = 1.0
    block_weights: Mapping[str, float] = field(default_factory=dict)
    topic_prior: Mapping[str, Mapping[str, float]] | None = None
    logit_adjustment: float = 0.0

    def as_dict(self) -> dict[str, object]:
        """The recipe as plain data, as it is saved beside a model."""
        plain: dict[str, object] = {
            "name": self.name,
            "description": self.description,
            "classifier": self.classifier,
            "features": list(self.features),
            "context": self.context,
            "grid": {k: list(v) for k, v in self.grid.items()},
            "prior": dict(self.prior) if self.prior else None,
        }
        if self.block_weights:
            plain["block_weights"] = dict(self.block_weights)
        if self.topic_prior:
            plain["topic_prior"] = {t: dict(mix) for t, mix in self.topic_prior.items()}
            plain["logit_adjustment"] = self.logit_adjustment
        if self.network:
            plain |= {
                "network": self.network,
                "network_share": self.network_share,
                "network_temperature": self.network_temperature,
            }
        return plain


def make_pipeline(recipe: Recipe, seed: int = 0) -> Pipeline:
    """The unfitted pipeline of `recipe`: steps ``features`` and ``classifier``.

    It takes a sentences frame (columns `text`, `context`) and stances. All losses are unweighted:
    the class prior is set after fitting, by `PriorAdjustedClassifier` or `TopicPriorPipeline`.

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
        case "network":
            return _answering(recipe, [("classifier", _with_network(recipe, seed))])
        case "nb":
            base: BaseEstimator = MultinomialNB()
        case "logreg":
            base = LogisticRegression(max_iter=3000, random_state=seed)
        case "svm":
            base = CalibratedClassifierCV(LinearSVC(random_state=seed), cv=5, ensemble=False)
        case other:
            raise ValueError(
                f"classifier is {other!r}; expected majority, rules, nb, logreg, svm or "
                "network. "
                "Correct the recipe in experiments.toml."
            )
    return _answering(recipe, _linear(recipe, base).steps)


def _answering(recipe: Recipe, steps: list[tuple[str, Any]]) -> Pipeline:
    """A pipeline of `steps`, under the priors of topics if the recipe states them."""
    if recipe.topic_prior is None:
        return Pipeline(steps)
    mix = {topic: dict(shares) for topic, shares in recipe.topic_prior.items()}
    return TopicPriorPipeline(
        steps,
        topic_prior=mix,
        prior=dict(recipe.prior) if recipe.prior else None,
        logit_adjustment=recipe.logit_adjustment,
    )


def _linear(recipe: Recipe, base: BaseEstimator) -> Pipeline:
    features = make_features(
        recipe.features, context=recipe.context, block_weights=recipe.block_weights
    )
    return Pipeline(
        [
            ("features", features),
            ("classifier", PriorAdjustedClassifier(base, _inner_prior(recipe))),
        ]
    )


def _inner_prior(recipe: Recipe) -> dict[str, float] | None:
    """The prior of the parts: none of their own where the whole states one for each topic."""
    return dict(recipe.prior) if recipe.prior and recipe.topic_prior is None else None


def network_folder(recipe: Recipe) -> Path | None:
    """The folder that the network of a recipe is taken from; None if the recipe has none."""
    if not recipe.network:
        return None
    named = models_folder() / recipe.network
    return named if named.is_dir() else Path(recipe.network)


def _with_network(recipe: Recipe, seed: int) -> BaseEstimator:
    network = TunedClassifier(
        str(network_folder(recipe)),
        prior=_inner_prior(recipe),
        temperature=recipe.network_temperature,
    )
    if not recipe.features:
        return network
    linear = _linear(recipe, LogisticRegression(max_iter=3000, random_state=seed))
    share = recipe.network_share
    return AveragedClassifier(
        [("linear", linear), ("network", network)], weights=(1 - share, share)
    )


def parameter_grid(recipe: Recipe) -> dict[str, list[Any]]:
    """The recipe's grid under the names that the pipeline of `make_pipeline` knows."""
    prefix = {
        "svm": "classifier__estimator__estimator__",
        "network": "classifier__linear__classifier__estimator__",
    }.get(recipe.classifier, "classifier__estimator__")
    return {prefix + name: list(values) for name, values in recipe.grid.items()}
