"""Other people's toolkits, trained in the manner of our recipes: which, and how one is run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from ceasefire_stance.corpus.sentences import single_stance
from ceasefire_stance.corpus.stances import PROBABILITY_COLUMNS, STANCES
from ceasefire_stance.evaluation.toolkits import STORED
from ceasefire_stance.experiments.encoder_toolkits import (
    FrozenSettings,
    SetFitSettings,
    fit_frozen,
    fit_setfit,
    forget_vectors,
)
from ceasefire_stance.experiments.running import Inputs, round_probabilities
from ceasefire_stance.experiments.settings import Experiments
from ceasefire_stance.experiments.toolkit import Toolkit
from ceasefire_stance.experiments.word_toolkits import (
    FastTextSettings,
    SpacySettings,
    fit_fasttext,
    fit_spacy,
)
from ceasefire_stance.learning.calibration import decide, shift_prior
from ceasefire_stance.learning.stopwatch import Stopwatch

COLUMNS = ["toolkit", "seed", "set", "sentence_id", "stance", *PROBABILITY_COLUMNS]
_FASTTEXT: tuple[dict[str, Any], ...] = (
    {"epochs": 5},
    {"epochs": 15},
    {"epochs": 5, "least_chars": 3, "most_chars": 5},
    {"epochs": 15, "least_chars": 3, "most_chars": 5},
)
_BAG = ({"epochs": 5}, {"epochs": 15}, {"epochs": 5, "ngrams": 2}, {"epochs": 15, "ngrams": 2})
_ENSEMBLE = ({"epochs": 4}, {"epochs": 8}, {"epochs": 8, "dropout": 0.5})
_STRENGTHS = (1.0, 10.0, 100.0)
MINILM = "all-MiniLM-L6-v2"


def _spacy(architecture: str, tried: Sequence[dict[str, Any]], context: bool) -> tuple[Any, ...]:
    size = 64 if architecture == "bow" else 32
    return tuple(
        SpacySettings(architecture=architecture, batch_size=size, context=context, **one)
        for one in tried
    )


def _toolkits() -> list[Toolkit]:
    """All of them by name; those that can read the context have a second row in which they do."""
    out = []
    for mark, context in (("", False), ("+context", True)):
        fasttext = tuple(FastTextSettings(context=context, **one) for one in _FASTTEXT)
        frozen = tuple(FrozenSettings(C=c, context=context) for c in _STRENGTHS)
        after = ", after the sentences before" if context else ""
        out += [
            Toolkit(f"fasttext{mark}", f"fastText{after}", ("fasttext-community",),
                    fit_fasttext, fasttext),
            Toolkit(f"spacy-bow{mark}", f"spaCy, TextCatBOW{after}", ("spacy",),
                    fit_spacy, _spacy("bow", _BAG, context)),
            Toolkit(f"spacy-ensemble{mark}", f"spaCy, TextCatEnsemble (CNN and words){after}",
                    ("spacy",), fit_spacy, _spacy("ensemble", _ENSEMBLE, context)),
            Toolkit(f"minilm-frozen{mark}", f"{MINILM} left as it is, logistic regression{after}",
                    ("sentence-transformers", "torch"), fit_frozen, frozen, seeds=(0,)),
        ]  # fmt: skip
    setfit = Toolkit(
        "setfit",
        f"SetFit from {MINILM}",
        ("setfit", "sentence-transformers", "torch"),
        fit_setfit,
        (SetFitSettings(),),
    )
    return sorted([*out, setfit], key=lambda t: t.name)


TOOLKITS: Mapping[str, Toolkit] = {toolkit.name: toolkit for toolkit in _toolkits()}


@dataclass(frozen=True)
class Answer:
    """What a toolkit answers, and what that took.

    Parameters
    ----------
    probabilities : list of ndarray of shape (n, 4)
        One for each frame, columns in class order.
    train_s, sentences_per_s : float
        Processor seconds of the training, sentences predicted in one.
    size_bytes : int
        Of the model on disk.
    """

    probabilities: list[np.ndarray]
    train_s: float
    sentences_per_s: float
    size_bytes: int


def answer(
    toolkit: Toolkit, settings: Any, training: pd.DataFrame, frames: list[pd.DataFrame], seed: int
) -> Answer:
    """Train `toolkit` on the rows of `training` that have one stance, and let it answer."""
    forget_vectors()
    # Processor time: it does not depend on what else the machine is doing.
    with Stopwatch() as training_time:
        fitted = toolkit.fit(single_stance(training), settings, seed)
    with Stopwatch() as reading_time:
        values = [fitted.predict(frame) for frame in frames]
    rate = sum(map(len, frames)) / max(reading_time.processor_seconds, 1e-9)
    train_s = round(training_time.processor_seconds, 1)
    return Answer(values, train_s, round(rate, 1), fitted.size_bytes)


def choose(
    toolkit: Toolkit, training: pd.DataFrame, validation: pd.DataFrame, prior: Mapping[str, float]
) -> tuple[Any, list[dict[str, Any]]]:
    """The settings with the least log-loss on `validation`, and what all of them have.

    Parameters
    ----------
    prior : mapping
        The stated class mix, stance → share: the log-loss is that of the answers under it.

    Returns
    -------
    settings, list of dict
        The best; `settings` and `log_loss` (natural logarithm, lower is better) of each, if there
        is a choice.
    """
    if len(toolkit.settings) == 1:
        return toolkit.settings[0], []
    rows, held_back = single_stance(training), single_stance(validation)
    gold = np.array([STANCES.index(s) for s in held_back["stance"]])
    shares = class_shares(rows)
    losses = []
    for settings in toolkit.settings:
        raw = toolkit.fit(rows, settings, 0).predict(held_back)
        own = shift_prior(raw, shares, stated_mix(prior, shares))[np.arange(len(gold)), gold]
        losses.append(float(-np.log(np.clip(own, np.finfo(float).eps, 1)).mean()))
    tried = [
        {"settings": asdict(settings), "log_loss": round(loss, 6)}
        for settings, loss in zip(toolkit.settings, losses, strict=True)
    ]
    return toolkit.settings[int(np.argmin(losses))], tried


def run_toolkit(
    toolkit: Toolkit,
    inputs: Inputs,
    prior: Mapping[str, float],
    progress: Callable[[str], None] = lambda line: None,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Choose settings, train once a seed, and predict every set that is published.

    Returns
    -------
    dict, DataFrame
        What the page says of the toolkit beside its scores; its predictions (`COLUMNS`), the
        probabilities under `prior`.
    """
    settings, tried = choose(toolkit, inputs.training, inputs.sets["validation"], prior)
    progress(f"{toolkit.name}: {settings}")
    shares = class_shares(single_stance(inputs.training))
    frames, answers = [], []
    for seed in toolkit.seeds:
        sets = [inputs.sets[name] for name in STORED]
        answers.append(answer(toolkit, settings, inputs.training, sets, seed))
        progress(f"{toolkit.name}: seed {seed} in {answers[-1].train_s:.1f} processor seconds")
        for name, gold, raw in zip(STORED, sets, answers[-1].probabilities, strict=True):
            values = shift_prior(raw, shares, stated_mix(prior, shares))
            rows = pd.DataFrame(values, columns=list(PROBABILITY_COLUMNS)).assign(
                toolkit=toolkit.name, seed=seed, set=name, sentence_id=gold["sentence_id"].to_list()
            )
            rows["stance"] = np.array(STANCES, dtype=object)[values.argmax(axis=1)]
            frames.append(round_probabilities(rows[COLUMNS]))
    entry = {
        "description": toolkit.description,
        "versions": {name: version(name) for name in toolkit.libraries},
        "chosen": asdict(settings),
        "tried": tried,
        "cost": {
            "train_s": round(float(np.mean([a.train_s for a in answers])), 1),
            "sentences_per_s": round(float(np.mean([a.sentences_per_s for a in answers])), 1),
            "size_bytes": answers[-1].size_bytes,
        },
    }
    return entry, pd.concat(frames, ignore_index=True)


def decided(predictions: pd.DataFrame, experiments: Experiments) -> pd.DataFrame:
    """A copy in which `stance` is the answer by the rule of the default recipe: see `decide`."""
    recipe = experiments.recipe(experiments.default_model)
    adjustment, stated = recipe.logit_adjustment, recipe.prior or {}
    prior = np.array([stated[s] if adjustment else 1.0 for s in STANCES])
    values = predictions[list(PROBABILITY_COLUMNS)].to_numpy(dtype=float)
    answers = decide(values, prior, adjustment)
    return predictions.assign(stance=np.array(STANCES, dtype=object)[answers])


def class_shares(rows: pd.DataFrame) -> np.ndarray:
    """Share of each stance among `rows`, in class order."""
    return np.array([(rows["stance"] == s).mean() for s in STANCES])


def stated_mix(prior: Mapping[str, float], shares: np.ndarray) -> np.ndarray:
    """A stated class mix in class order; stances not named share what is left as in training."""
    named = np.array([s in prior for s in STANCES])
    mix = np.array([prior.get(s, 0.0) for s in STANCES])
    if not named.all():
        mix[~named] = shares[~named] / shares[~named].sum() * (1 - mix.sum())
    return mix


def stated_priors(
    training: pd.DataFrame, prior: Mapping[str, float]
) -> dict[str, dict[str, float]]:
    """The class mix of the training rows and the stated one, as `score_toolkits` takes them."""
    shares = class_shares(training)
    return {
        name: {s: round(float(p), 6) for s, p in zip(STANCES, mix, strict=True)}
        for name, mix in (("training", shares), ("stated", stated_mix(prior, shares)))
    }
