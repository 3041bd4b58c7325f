"""How far two annotators agree, sentence by sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ceasefire_stance.corpus.stances import POSITIONS, STANCES, Stance
from ceasefire_stance.evaluation.intervals import RESAMPLES, article_weights, percentile_interval


def annotator_agreement(
    sentences: pd.DataFrame,
    first: str = "label_a",
    second: str = "label_b",
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, object]:
    """Krippendorff's alpha, Cohen's kappa, macro-F1 and the confusion of two annotators.

    Parameters
    ----------
    sentences : DataFrame
        One row per sentence: `article_id` and two columns of labels as first given, several
        stances of one sentence joined by commas. Sentences to which either gave several differing
        stances are left out and counted in ``n_several``.

    Returns
    -------
    dict
        For ``four_way`` (all sentences), ``three_way`` (both saw a claim) and ``detection``
        (claim or none): `n_sentences`, `alpha`, `kappa`, `macro_f1` with 95 % intervals by a
        bootstrap over articles; ``confusion`` with rows `first`, columns `second`.
    """
    single = sentences[first].isin(STANCES) & sentences[second].isin(STANCES)
    rows = sentences[single]
    a, b = rows[first].to_numpy(dtype=str), rows[second].to_numpy(dtype=str)
    groups = rows["article_id"].to_numpy()
    both = (a != Stance.NONE) & (b != Stance.NONE)
    claim = np.array(["claim", "none"])
    found_a = claim[(a == Stance.NONE).astype(int)]
    found_b = claim[(b == Stance.NONE).astype(int)]
    out: dict[str, object] = {"n_several": int((~single).sum())}
    for name, x, y, g, classes in (
        ("four_way", a, b, groups, STANCES),
        ("three_way", a[both], b[both], groups[both], POSITIONS),
        ("detection", found_a, found_b, groups, ("claim", "none")),
    ):
        if len(x):
            out[name] = _agreement(x, y, g, classes, resamples, seed)
    return out


def corpus_agreement(claims: pd.DataFrame) -> dict[str, dict[str, object]]:
    """Agreement of the corpus's labels and of its blind readers' at first sight.

    Parameters
    ----------
    claims : DataFrame
        One row per claim with `stance` and, per sentence, `label_a` and `label_b` ("" where nobody
        has read it).

    Returns
    -------
    dict
        ``labels_and_reader`` (the corpus's labels with `label_a`) and ``two_readers`` (`label_a`
        with `label_b`), each as `annotator_agreement`; what nobody has read is left out.
    """
    sentences = claims.drop_duplicates("sentence_id").set_index("sentence_id")
    stances = claims.groupby("sentence_id", sort=False)["stance"].agg(set)
    sentences["written"] = [",".join(sorted(stances[i])) for i in sentences.index]
    sentences = sentences.reset_index()
    out = {}
    for name, first, second in (
        ("two_readers", "label_a", "label_b"),
        ("labels_and_reader", "written", "label_a"),
    ):
        read = sentences[(sentences[first] != "") & (sentences[second] != "")]
        if len(read):
            out[name] = annotator_agreement(read.reset_index(drop=True), first, second)
    return out


def agreement_by(claims: pd.DataFrame, column: str, least: int = 60) -> dict[str, dict[str, Any]]:
    """Agreement of the two readers for each value of `column`.

    Parameters
    ----------
    claims : DataFrame
        One row per claim with `label_a`, `label_b`.
    column : str
        ``writer``, ``style`` or ``split``.
    least : int
        Parts with fewer doubly read sentences are left out.

    Returns
    -------
    dict
        Value → `n_sentences`, `alpha` (Krippendorff, four-way, with interval), largest part first.
    """
    sentences = claims.drop_duplicates("sentence_id")
    read = sentences[(sentences["label_a"] != "") & (sentences["label_b"] != "")]
    out: dict[str, dict[str, Any]] = {}
    for value, part in sorted(read.groupby(column), key=lambda kv: (-len(kv[1]), str(kv[0]))):
        if len(part) >= least:
            scores: Any = annotator_agreement(part.reset_index(drop=True))["four_way"]
            out[str(value)] = {"n_sentences": scores["n_sentences"], "alpha": scores["alpha"]}
    return out


def _agreement(
    a: np.ndarray,
    b: np.ndarray,
    groups: np.ndarray,
    classes: tuple[str, ...],
    resamples: int,
    seed: int,
) -> dict[str, object]:
    k = len(classes)
    index = {c: i for i, c in enumerate(classes)}
    group = pd.factorize(groups)[0]
    n_groups = int(group.max()) + 1
    table = np.zeros((n_groups, k * k))
    cell = np.array([index[x] * k + index[y] for x, y in zip(a, b, strict=True)])
    np.add.at(table, (group, cell), 1.0)
    weights = article_weights(n_groups, resamples, seed)
    tables = (weights @ table).reshape(-1, k, k)
    out: dict[str, object] = {"n_sentences": len(a), "classes": list(classes)}
    for name, values in (
        ("alpha", krippendorff_alpha(tables)),
        ("kappa", cohen_kappa(tables)),
        ("macro_f1", _macro_f1(tables)),
    ):
        out[name] = percentile_interval(values)
    out["confusion"] = tables[0].astype(int).tolist()
    return out


def krippendorff_alpha(tables: np.ndarray) -> np.ndarray:
    """Krippendorff's alpha for nominal labels of two coders without missing values.

    Parameters
    ----------
    tables : ndarray of shape (..., k, k)
        Confusion matrices of the two coders.

    Returns
    -------
    ndarray of shape (...)
        1 for full agreement, 0 for what chance gives.

    References
    ----------
    Krippendorff, K. (2011). Computing Krippendorff's alpha-reliability.
    """
    coincidence = tables + np.swapaxes(tables, -1, -2)
    n = coincidence.sum(axis=(-1, -2))
    marginal = coincidence.sum(axis=-1)
    observed = 1 - np.trace(coincidence, axis1=-2, axis2=-1) / n
    expected = 1 - (marginal * (marginal - 1)).sum(axis=-1) / (n * (n - 1))
    return np.asarray(1 - np.divide(observed, expected, out=np.zeros(n.shape), where=expected > 0))


def cohen_kappa(tables: np.ndarray) -> np.ndarray:
    """Cohen's kappa of confusion matrices (..., k, k); 1 where chance agreement is 1."""
    n = tables.sum(axis=(-1, -2))
    observed = np.trace(tables, axis1=-2, axis2=-1) / n
    chance = (tables.sum(axis=-1) * tables.sum(axis=-2)).sum(axis=-1) / n**2
    ones = np.ones(n.shape)
    return np.asarray(np.divide(observed - chance, 1 - chance, out=ones, where=chance < 1))


def _macro_f1(tables: np.ndarray) -> np.ndarray:
    hit = np.diagonal(tables, axis1=-2, axis2=-1)
    size = tables.sum(axis=-1) + tables.sum(axis=-2)
    f1 = np.divide(2 * hit, size, out=np.zeros(hit.shape), where=size > 0)
    return np.asarray(f1.mean(axis=-1))
