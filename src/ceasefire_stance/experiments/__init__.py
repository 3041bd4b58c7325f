"""The only room that knows the whole chain from data to report.

- ``load_experiments``: the recipes of ``experiments.toml``.
- ``train``, ``train_to_folder``: a recipe fitted, and saved as a model folder.
- ``read_inputs``, ``run_recipes``: recipes through the chain.
- ``check_against``, ``publish``: fresh results against published ones, and published anew.
"""

from ceasefire_stance.experiments.publishing import publish
from ceasefire_stance.experiments.reproducing import check_against, run_recipes
from ceasefire_stance.experiments.running import read_inputs
from ceasefire_stance.experiments.settings import load_experiments
from ceasefire_stance.experiments.shipping import train_to_folder
from ceasefire_stance.experiments.training import train

__all__ = [
    "check_against",
    "load_experiments",
    "publish",
    "read_inputs",
    "run_recipes",
    "train",
    "train_to_folder",
]
