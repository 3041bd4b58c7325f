"""SetFit and a frozen encoder: toolkits that begin with a pretrained sentence encoder."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from ceasefire_stance.corpus.stances import STANCES
from ceasefire_stance.experiments.toolkit import (
    Fitted,
    folder_size,
    in_class_order,
    joined,
    toolkit_library,
)
from ceasefire_stance.learning.weights import TOKENIZER_FILE, WEIGHTS_FILE, find_weights


@dataclass(frozen=True)
class SetFitSettings:
    """Settings of SetFit.

    Parameters
    ----------
    pairs : int
        Pairs of sentences to tune the encoder on, half of them of one stance; drawn at random,
        each read once. All pairs of six thousand sentences would be millions.
    batch_size, rate : int, float
        Pairs a step, highest learning rate of the encoder.
    """

    pairs: int = 3200
    batch_size: int = 16
    rate: float = 2e-5
    weights: str = "all-MiniLM-L6-v2"


@dataclass(frozen=True)
class FrozenSettings:
    """Settings of a logistic regression on the vectors of an encoder that is left as it is.

    Parameters
    ----------
    C : float
        Inverse strength of the regularisation.
    context : bool
        Whether the sentences before stand before the sentence.
    """

    C: float = 10.0
    weights: str = "all-MiniLM-L6-v2"
    separator: str = "[SEP]"
    context: bool = False


def fit_setfit(rows: pd.DataFrame, settings: SetFitSettings, seed: int) -> Fitted:
    """Tune the encoder on pairs of sentences, then a logistic regression on all sentences."""
    setfit, datasets = toolkit_library("setfit"), toolkit_library("datasets")
    weights = find_weights(settings.weights)
    model = setfit.SetFitModel.from_pretrained(str(weights.folder), labels=list(STANCES))
    with tempfile.TemporaryDirectory() as scratch:
        arguments = setfit.TrainingArguments(
            output_dir=scratch, batch_size=settings.batch_size, num_epochs=1,
            max_steps=settings.pairs // settings.batch_size, body_learning_rate=settings.rate,
            seed=seed, report_to="none", save_strategy="no", show_progress_bar=False,
        )  # fmt: skip
        texts, stances = rows["text"].tolist(), rows["stance"].astype(str).tolist()
        data = datasets.Dataset.from_dict({"text": texts, "label": stances})
        setfit.Trainer(model=model, args=arguments, train_dataset=data).train()
        model.save_pretrained(str(Path(scratch) / "model"))
        size = folder_size(Path(scratch) / "model")
    classes = [str(c) for c in model.model_head.classes_]

    def predict(frame: pd.DataFrame) -> np.ndarray:
        values = np.asarray(model.predict_proba(frame["text"].tolist(), as_numpy=True))
        return in_class_order([dict(zip(classes, row, strict=True)) for row in values])

    return Fitted(predict, size)


def fit_frozen(rows: pd.DataFrame, settings: FrozenSettings, seed: int) -> Fitted:
    """Fit a logistic regression on sentence-transformers' vectors; `seed` changes nothing."""
    from sklearn.linear_model import LogisticRegression

    folder = find_weights(settings.weights).folder
    model = LogisticRegression(C=settings.C, max_iter=5000)
    model.fit(_vectors(folder, tuple(joined(rows, settings))), rows["stance"].astype(str))
    classes = [str(c) for c in model.classes_]
    files = sum((folder / name).stat().st_size for name in (WEIGHTS_FILE, TOKENIZER_FILE))

    def predict(frame: pd.DataFrame) -> np.ndarray:
        values = model.predict_proba(_vectors(folder, tuple(joined(frame, settings))))
        return in_class_order([dict(zip(classes, row, strict=True)) for row in values])

    return Fitted(predict, files + int(model.coef_.nbytes + model.intercept_.nbytes))


@lru_cache(maxsize=4)
def _vectors(folder: Path, texts: tuple[str, ...]) -> np.ndarray:
    """Kept while settings are tried, because the vectors are the same for all of them."""
    library = toolkit_library("sentence_transformers")
    encoder = library.SentenceTransformer(str(folder), device="cpu")
    return np.asarray(
        encoder.encode(
            list(texts), batch_size=32, normalize_embeddings=True, show_progress_bar=False
        )
    )


def forget_vectors() -> None:
    """Forget what was kept, so that the next training takes the time that it takes."""
    _vectors.cache_clear()
