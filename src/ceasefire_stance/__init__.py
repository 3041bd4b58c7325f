"""Who accepts, who rejects and who sets conditions for a ceasefire.

The five-line use of the package::

    import pandas as pd
    from ceasefire_stance import load_model, predict_sentences

    model = load_model()
    frame = pd.DataFrame({"text": ["Kyiv said it would observe the truce."]})
    print(predict_sentences(frame, model))

The rooms, in the order in which the data passes through them: ``corpus``, ``reading``,
``learning``, ``evaluation``, ``experiments`` and ``cli``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.8.0"

if TYPE_CHECKING:
    from ceasefire_stance.evaluation import evaluate
    from ceasefire_stance.learning import load_model, predict_sentences

_PUBLIC = {
    "evaluate": "ceasefire_stance.evaluation",
    "load_model": "ceasefire_stance.learning",
    "predict_sentences": "ceasefire_stance.learning",
}

__all__ = ["__version__", "evaluate", "load_model", "predict_sentences"]


def __getattr__(name: str) -> object:
    # Loaded on first use, so that `ceasefire-stance --help` need not import scikit-learn.
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
