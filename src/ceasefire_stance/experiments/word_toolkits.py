"""fastText and spaCy: toolkits that learn words from our sentences alone."""

from __future__ import annotations

import random
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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

LABEL = "__label__"
_SIGNS = re.compile(r"[^\w\s]")


@dataclass(frozen=True)
class FastTextSettings:
    """Settings of fastText; the other ones are its own defaults.

    Parameters
    ----------
    epochs, rate : int, float
        Passes over the sentences, first learning rate.
    word_ngrams, least_chars, most_chars : int
        Longest run of words; lengths of character n-grams (0 and 0: none).
    buckets, width : int
        Hash buckets of the n-grams. Its default of two millions makes a file of 800 MB.
    context : bool
        Whether the sentences before stand before the sentence.
    """

    epochs: int = 5
    rate: float = 0.5
    word_ngrams: int = 2
    least_chars: int = 0
    most_chars: int = 0
    buckets: int = 200_000
    width: int = 100
    separator: str = "|||"
    context: bool = False


@dataclass(frozen=True)
class SpacySettings:
    """Settings of spaCy's ``textcat`` on a blank English pipeline; Adam as by default.

    Parameters
    ----------
    architecture : str
        ``bow`` (``TextCatBOW.v3``) or ``ensemble`` (``TextCatEnsemble.v2``, the default of
        ``textcat``: a convolutional network and a bag of words together).
    ngrams : int
        Longest run of words in the bag.
    epochs, batch_size, dropout
        Passes over the sentences, sentences a step, share of numbers left out.
    context : bool
        Whether the sentences before stand before the sentence.
    """

    architecture: str = "bow"
    ngrams: int = 1
    epochs: int = 5
    batch_size: int = 64
    dropout: float = 0.2
    separator: str = "|||"
    context: bool = False


def fit_fasttext(rows: pd.DataFrame, settings: FastTextSettings, seed: int) -> Fitted:
    """Train ``fasttext.train_supervised`` with softmax loss, on one thread to be repeatable."""
    # fastText's own package does not build with numpy 2; fasttext-community is the same code under
    # the same licence (MIT), kept up, with wheels for every Python that this project runs on.
    fasttext = toolkit_library("fasttext")
    texts = _fasttext_lines(rows, settings)
    lines = [f"{LABEL}{s} {t}\n" for s, t in zip(rows["stance"], texts, strict=True)]
    with tempfile.TemporaryDirectory() as scratch:
        source, target = Path(scratch) / "train.txt", Path(scratch) / "model.bin"
        source.write_text("".join(lines), encoding="utf-8")
        model = fasttext.train_supervised(
            input=str(source), epoch=settings.epochs, lr=settings.rate,
            wordNgrams=settings.word_ngrams, minn=settings.least_chars, maxn=settings.most_chars,
            bucket=settings.buckets, dim=settings.width, loss="softmax", thread=1, verbose=0,
            # Its generator takes 0 and 1 for the same seed.
            seed=seed + 1,
        )  # fmt: skip
        model.save_model(str(target))
        size = target.stat().st_size

    def predict(frame: pd.DataFrame) -> np.ndarray:
        labels, values = model.predict(_fasttext_lines(frame, settings), k=len(STANCES))
        found = [
            {name.removeprefix(LABEL): float(p) for name, p in zip(names, shares, strict=True)}
            for names, shares in zip(labels, values, strict=True)
        ]
        return in_class_order(found)

    return Fitted(predict, size)


def _fasttext_lines(frame: pd.DataFrame, settings: FastTextSettings) -> list[str]:
    """Lower case, signs apart, as fastText's tutorial tells to do."""
    plain = frame[["text", "context"]].map(lambda t: _SIGNS.sub(r" \g<0> ", str(t)).lower())
    return joined(plain, settings)


def fit_spacy(rows: pd.DataFrame, settings: SpacySettings, seed: int) -> Fitted:
    """Train spaCy's ``textcat`` alone on a blank pipeline: nothing pretrained is in it."""
    spacy, training = toolkit_library("spacy"), toolkit_library("spacy.training")
    spacy.util.fix_random_seed(seed)
    nlp = spacy.blank("en")
    nlp.add_pipe("textcat", config={"model": _spacy_model(settings), "threshold": 0.5})
    examples = [
        training.Example.from_dict(
            nlp.make_doc(text), {"cats": {s: float(s == stance) for s in STANCES}}
        )
        for text, stance in zip(joined(rows, settings), rows["stance"], strict=True)
    ]
    optimizer = nlp.initialize(lambda: examples)
    order = random.Random(seed)
    for _ in range(settings.epochs):
        order.shuffle(examples)
        for batch in spacy.util.minibatch(examples, size=settings.batch_size):
            nlp.update(batch, sgd=optimizer, drop=settings.dropout)
    with tempfile.TemporaryDirectory() as scratch:
        nlp.to_disk(scratch)
        size = folder_size(Path(scratch))
    return Fitted(
        lambda frame: in_class_order([doc.cats for doc in nlp.pipe(joined(frame, settings))]), size
    )


def _spacy_model(settings: SpacySettings) -> dict[str, Any]:
    """The architecture as in spaCy's own default configurations."""
    bag = {
        "@architectures": "spacy.TextCatBOW.v3",
        "exclusive_classes": True,
        "ngram_size": settings.ngrams,
        "no_output_layer": False,
        "length": 262144,
    }
    if settings.architecture == "bow":
        return bag
    return {
        "@architectures": "spacy.TextCatEnsemble.v2",
        "linear_model": bag,
        "tok2vec": {
            "@architectures": "spacy.Tok2Vec.v2",
            "embed": {
                "@architectures": "spacy.MultiHashEmbed.v2",
                "width": 64,
                "rows": [2000, 2000, 500, 1000, 500],
                "attrs": ["NORM", "LOWER", "PREFIX", "SUFFIX", "SHAPE"],
                "include_static_vectors": False,
            },
            "encode": {
                "@architectures": "spacy.MaxoutWindowEncoder.v2",
                "width": 64,
                "window_size": 1,
                "maxout_pieces": 3,
                "depth": 2,
            },
        },
    }
