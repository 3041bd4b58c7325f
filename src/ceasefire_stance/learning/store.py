"""Model folders: a fitted pipeline on disk, checked before it is used."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from sklearn.pipeline import Pipeline

from ceasefire_stance.corpus.manifest import sha256
from ceasefire_stance.learning.errors import ModelError as ModelError
from ceasefire_stance.learning.tuned_folder import (
    NOTICE_FILE,
    TUNED_FILE,
    TUNED_INFO,
)
from ceasefire_stance.learning.weights import TOKENIZER_FILE

FORMAT = 2
MODEL_FILE = "model.skops"
INFO_FILE = "model.json"
CARD_FILE = "README.md"
NETWORK_FILES = (TUNED_FILE, TOKENIZER_FILE, TUNED_INFO, NOTICE_FILE)
"""What a model folder holds besides, if a tuned network is in the model."""
# Exactly the types of this package that a model file may hold; skops refuses all others that it
# does not know itself.
TRUSTED = (
    "ceasefire_stance.learning.calibration.PriorAdjustedClassifier",
    "ceasefire_stance.learning.cues.CueVectorizer",
    "ceasefire_stance.learning.rules.KeywordRules",
    "ceasefire_stance.learning.topic_prior.TopicPriorPipeline",
    "ceasefire_stance.learning.tuned.AveragedClassifier",
    "ceasefire_stance.learning.tuned.TunedClassifier",
)


@dataclass(frozen=True)
class Model:
    """A fitted pipeline and what is known of it.

    Parameters
    ----------
    pipeline : Pipeline
        Takes a sentences frame, gives probabilities.
    info : dict
        The content of ``model.json``.
    """

    pipeline: Pipeline
    info: dict[str, Any]

    @property
    def classes(self) -> list[str]:
        """The classes, in the order of the columns of `predict_proba`."""
        return [str(c) for c in self.pipeline.classes_]


def save_model(model: Model, folder: str | Path, card: str) -> None:
    """Write a model folder: all of it, or nothing.

    Parameters
    ----------
    model : Model
        Its `info` is completed with format, versions, class order and checksums. The files of a
        tuned network in it are copied, and the model uses the copy from then on.
    card : str
        The model card, Markdown.
    """
    target = Path(folder)
    check_target(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    _plain_vocabularies(model.pipeline)
    scratch = Path(tempfile.mkdtemp(prefix=".model-", dir=target.parent))
    networks = _networks(model.pipeline)
    home = networks[0].folder if networks else ""
    try:
        for name in NETWORK_FILES if networks else ():
            shutil.copyfile(Path(home) / name, scratch / name)
        # Where the folder lies on this machine is nobody's business: it is set when loading.
        _place(networks, ".")
        skops.io.dump(model.pipeline, scratch / MODEL_FILE, compression=8, compresslevel=9)
        info = {
            "format": FORMAT,
            **model.info,
            "classes": model.classes,
            "versions": library_versions(with_network=bool(networks)),
            "checksums": {p.name: sha256(p) for p in sorted(scratch.iterdir())},
        }
        (scratch / INFO_FILE).write_text(json.dumps(info, indent=2) + "\n", encoding="utf-8")
        (scratch / CARD_FILE).write_text(card, encoding="utf-8")
        scratch.chmod(0o755)
        if target.exists():
            old = scratch.with_name(scratch.name + "-old")
            target.rename(old)
            scratch.rename(target)
            shutil.rmtree(old)
        else:
            scratch.rename(target)
        home = str(target)
    finally:
        _place(networks, home)
        shutil.rmtree(scratch, ignore_errors=True)


def check_target(folder: str | Path) -> None:
    """Raise ModelError unless a model may be written to `folder`.

    It may if nothing is there, or an empty folder, or an earlier model and nothing else: writing a
    model replaces the whole folder.
    """
    target = Path(folder)
    if not target.exists():
        return
    others = (
        []
        if not target.is_dir()
        else sorted(
            p.name
            for p in target.iterdir()
            if p.name not in (MODEL_FILE, INFO_FILE, CARD_FILE, *NETWORK_FILES)
        )
    )
    if others or not target.is_dir():
        what = f"holds {others[0]!r}" if others else "is a file"
        raise ModelError(
            f"{target}: {what}; expected a new name, an empty folder or an earlier model. Choose "
            "another --out, so that nothing is lost."
        )


def load_model(folder: str | Path | None = None) -> Model:
    """Read a model folder after checking it.

    Parameters
    ----------
    folder : path, optional
        A model folder, or the name of one under ``models/``; the shipped ``default`` if left out.

    Raises
    ------
    ModelError
        If the folder or a file of it is missing, altered since it was written, made by another
        format or scikit-learn release, or holds a type that is not trusted.
    """
    root = _find(folder)
    info = _read_info(root)
    _check_compatible(info, root)
    path = root / MODEL_FILE
    for name, expected in {MODEL_FILE: None, **info.get("checksums", {})}.items():
        _check_file(root / name, expected)
    untrusted = sorted(set(skops.io.get_untrusted_types(file=path)) - set(TRUSTED))
    if untrusted:
        raise ModelError(
            f"{path}: holds the type {untrusted[0]}; expected only types of scikit-learn and of "
            "this package. Do not load models from sources you do not trust."
        )
    pipeline = skops.io.load(path, trusted=list(TRUSTED))
    _place(_networks(pipeline), str(root))
    return Model(pipeline, info)


def library_versions(*, with_network: bool = False) -> dict[str, str]:
    """The versions that a saved model depends on."""
    names = ["ceasefire-stance", "scikit-learn", "numpy", "scipy", "skops"]
    names += ["onnxruntime", "tokenizers"] if with_network else []
    return {name: version(name) for name in names}


def models_folder() -> Path:
    """Where the shipped models are: inside the installed package, or in a checkout."""
    package = Path(__file__).resolve().parents[1]
    packed = package / "models"
    return packed if packed.is_dir() else package.parents[1] / "models"


def _find(folder: str | Path | None) -> Path:
    asked = Path(folder) if folder is not None else models_folder() / "default"
    named = models_folder() / str(folder)
    if not asked.is_dir() and folder is not None and named.is_dir():
        asked = named
    if not asked.is_dir():
        shipped = models_folder()
        have = sorted(p.name for p in shipped.iterdir() if p.is_dir()) if shipped.is_dir() else []
        raise ModelError(
            f"{asked}: no such model folder; shipped models are: {', '.join(have) or 'none'}. "
            "Give one of them or a folder made by ceasefire-stance train."
        )
    return asked


def _read_info(root: Path) -> dict[str, Any]:
    path = root / INFO_FILE
    try:
        info = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(
            f"{path}: missing; expected a complete model folder. Train it again with "
            "ceasefire-stance train."
        ) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ModelError(
            f"{path}: not readable as JSON ({error}). Restore the folder or train it again."
        ) from error
    if not isinstance(info, dict):
        raise ModelError(f"{path}: expected a JSON object. Restore the folder or train it again.")
    return info


def _check_compatible(info: dict[str, Any], root: Path) -> None:
    if info.get("format") != FORMAT:
        raise ModelError(
            f"{root}: model format is {info.get('format')!r}; this version reads {FORMAT}. "
            "Train the model again with the installed version."
        )
    made = str(info.get("versions", {}).get("scikit-learn", "unknown"))
    here = version("scikit-learn")
    if made.split(".")[:2] != here.split(".")[:2]:
        raise ModelError(
            f"{root}: made with scikit-learn {made}; installed is {here}. Install the version of "
            "requirements.lock or train the model again."
        )


def _check_file(path: Path, expected: str | None) -> None:
    if not path.is_file():
        raise ModelError(
            f"{path}: missing; expected a complete model folder. Train it again with "
            "ceasefire-stance train."
        )
    found = sha256(path)
    if found != expected:
        raise ModelError(
            f"{path}: the SHA-256 is {found[:12]}…, {INFO_FILE} says {str(expected)[:12]}…. "
            "The file was altered; restore it or train the model again."
        )


def _parts(estimator: Any) -> Iterator[Any]:
    """An estimator and all that it is made of, fitted or not."""
    yield estimator
    inner = [step for _, step in getattr(estimator, "steps", ())]
    inner += [one for _, one in getattr(estimator, "estimators", ())]
    inner += [one for _, one, _ in getattr(estimator, "transformers_", ())]
    for part in [*inner, *getattr(estimator, "estimators_", ())]:
        yield from _parts(part)


def _networks(pipeline: Any) -> list[Any]:
    """The tuned networks in a pipeline, the unfitted ones too."""
    return [p for p in _parts(pipeline) if type(p).__name__ == "TunedClassifier"]


def _place(networks: Iterable[Any], folder: str) -> None:
    for network in networks:
        network.folder = folder


def _plain_vocabularies(pipeline: Pipeline) -> None:
    """Turn numpy integers of fitted vocabularies into Python's: skops writes a file for each."""
    for part in _parts(pipeline):
        vocabulary = getattr(part, "vocabulary_", None)
        if vocabulary and isinstance(next(iter(vocabulary.values())), np.integer):
            part.vocabulary_ = {term: int(i) for term, i in vocabulary.items()}
