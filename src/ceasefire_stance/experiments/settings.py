"""``experiments.toml``: which recipes there are, and how they are run."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.stances import STANCES
from ceasefire_stance.learning.cues import TOPICS
from ceasefire_stance.learning.recipes import Recipe, make_pipeline, parameter_grid


@dataclass(frozen=True)
class Experiments:
    """The content of ``experiments.toml``.

    Parameters
    ----------
    recipes : dict
        Name → recipe, in the order of the file, which is the order of the tables.
    prior : dict
        The natural class mix, stance → share, of all sentences; that of each topic, if it is
        stated, is in the recipes.
    default_model : str
        The recipe of the shipped model.
    folds : int
        Folds of the cross-validation that chooses hyper-parameters.
    seed : int
        Of folds, estimators and bootstrap.
    learning_curve_shares : tuple of float
        Shares of the training articles.
    learning_curve_repeats : int
        Random draws of articles per share.
    corpus_batches : tuple of tuple of str
        Writers of the corpus, in the batches in which their text was added.
    corpus_resamples : int
        Resampled training sets for each part of the corpus curve.
    tuning : dict
        How the tuned network is made: `weights`, `layers`, `bits`, and the parameters of
        `learning.tuning_run.Settings`; empty if there is none.
    """

    recipes: dict[str, Recipe]
    prior: dict[str, float]
    default_model: str
    folds: int
    seed: int
    learning_curve_shares: tuple[float, ...]
    learning_curve_repeats: int
    corpus_batches: tuple[tuple[str, ...], ...] = ()
    corpus_resamples: int = 3
    tuning: dict[str, Any] = field(default_factory=dict)

    def recipe(self, name: str) -> Recipe:
        """The recipe `name`; raises DataError with the names there are."""
        if name not in self.recipes:
            raise DataError(
                f"{name!r} is no recipe; expected one of {', '.join(self.recipes)}. "
                "Choose one of them or add yours to experiments.toml."
            )
        return self.recipes[name]


def experiments_file() -> Path:
    """The file inside the installed package, or that of the checkout."""
    package = Path(__file__).resolve().parents[1]
    packed = package / "experiments.toml"
    return packed if packed.is_file() else package.parents[1] / "experiments.toml"


def load_experiments(path: str | Path | None = None) -> Experiments:
    """Read ``experiments.toml``.

    Raises
    ------
    DataError
        If the file is missing, not TOML, or lacks a setting.
    """
    file = Path(path) if path else experiments_file()
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        settings = content["settings"]
        prior, topics = _priors(content["prior"])
        adjustment = _adjustment(settings.get("logit_adjustment", 0.0), prior)
        return Experiments(
            recipes={
                n: _recipe(n, entry, prior, topics, adjustment)
                for n, entry in content["recipes"].items()
            },
            prior=prior,
            default_model=settings["default_model"],
            folds=settings["folds"],
            seed=settings["seed"],
            learning_curve_shares=tuple(settings["learning_curve_shares"]),
            learning_curve_repeats=settings["learning_curve_repeats"],
            corpus_batches=tuple(map(tuple, settings.get("corpus_batches", ()))),
            corpus_resamples=settings.get("corpus_resamples", 3),
            tuning=dict(content.get("tuning", {})),
        )
    except FileNotFoundError as error:
        raise DataError(f"{file}: no such file; expected the list of recipes.") from error
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{file}: not valid TOML ({error}). Correct the line.") from error
    except KeyError as error:
        raise DataError(
            f"{file}: {error} is missing; expected [settings], [prior] and [recipes.NAME] with "
            "description and classifier. Add it."
        ) from error


def _adjustment(stated: Any, prior: Mapping[str, float]) -> float:
    """`logit_adjustment`, if it can be answered by."""
    if not isinstance(stated, int | float) or not 0 <= stated <= 1:
        raise DataError(
            f"[settings] logit_adjustment is {stated!r}; expected a number from 0 to 1. Correct it."
        )
    if stated and not all(prior.get(stance, 0.0) > 0 for stance in STANCES):
        raise DataError(
            f"[prior] names {', '.join(prior) or 'no stance'}; expected a share above 0 for each "
            f"of {', '.join(STANCES)}, which logit_adjustment needs. Add them or set it to 0."
        )
    return float(stated)


def _priors(section: dict[str, Any]) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """The class mix of all sentences, and that of each topic, if it is stated."""
    plain = {str(k): float(v) for k, v in section.items() if not isinstance(v, dict)}
    topics = {str(k): dict(v) for k, v in section.items() if isinstance(v, dict)}
    whole = all(sorted(mix) == list(STANCES) for mix in topics.values())
    if topics and not (
        sorted(topics) == sorted(TOPICS)
        and whole
        and all(min(m.values()) >= 0 and abs(sum(m.values()) - 1) < 1e-3 for m in topics.values())
    ):
        raise DataError(
            f"[prior] states the topics {', '.join(topics)}; expected {', '.join(TOPICS)}, each "
            f"with shares for {', '.join(STANCES)} that add up to 1, or none of them. Correct the "
            "tables."
        )
    return plain, topics


def _recipe(
    name: str,
    entry: dict[str, Any],
    natural: dict[str, float],
    topics: dict[str, dict[str, float]],
    adjustment: float,
) -> Recipe:
    prior = entry.get("prior", "natural")
    recipe = Recipe(
        name=name,
        description=entry["description"],
        classifier=entry["classifier"],
        features=tuple(entry.get("features", ())),
        context=bool(entry.get("context", False)),
        grid={k: tuple(v) for k, v in entry.get("grid", {}).items()},
        prior=natural
        if prior in ("natural", "overall")
        else None
        if prior == "training"
        else prior,
        network=entry.get("network", ""),
        network_share=float(entry.get("network_share", 0.5)),
        network_temperature=float(entry.get("network_temperature", 1.0)),
        block_weights=dict(entry.get("block_weights", {})),
        topic_prior=topics if topics and prior == "natural" else None,
        logit_adjustment=adjustment if topics and prior == "natural" else 0.0,
    )
    if not recipe.network_temperature > 0:
        raise DataError(
            f"recipe {name}: network_temperature is {recipe.network_temperature}; expected a "
            "number above 0. Correct the recipe."
        )
    try:
        make_pipeline(recipe).set_params(**{k: v[0] for k, v in parameter_grid(recipe).items()})
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        raise DataError(
            f"recipe {name}: {error}; expected settings as in the project's experiments.toml. "
            "Correct the recipe."
        ) from error
    return recipe
