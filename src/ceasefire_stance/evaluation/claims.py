"""How well holders and actors are found: gold claims and predicted claims in, scores out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ceasefire_stance.evaluation.intervals import (
    RESAMPLES,
    article_weights,
    difference_cell,
    percentile_interval,
)

_WORD = re.compile(r"[^\W_]+")


def holder_scores(
    gold: pd.DataFrame, found: pd.DataFrame, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, object]:
    """Holders and actors in sentences that are known to carry a claim.

    Parameters
    ----------
    gold : DataFrame
        One row per claim: `article_id`, `sentence_id`, `holder` (words, "" if named outside the
        sentence), `actor` (as a key: equal keys mean the same party).
    found : DataFrame
        The same columns, as found in the same sentences, and `holder_probability`.

    Returns
    -------
    dict
        `n_claims`; each of the following with a 95 % interval by a bootstrap over articles, in
        [0, 1]: ``span_exact`` and ``span_overlap`` (F1 over claims: words equal, case and
        punctuation aside; mean overlap of words as F1 of the best match), ``actor_accuracy``
        (share of claims whose actor is among as many of the likeliest found as the sentence has
        claims), ``actor_f1`` (over all found).
    """
    counts = _holder_counts(gold, found)
    weights = article_weights(len(counts), resamples, seed)
    n, m, exact, overlap, right, actor_hits, n_actors = (weights @ counts).T
    return {
        "n_claims": len(gold),
        "span_exact": percentile_interval(_f1(exact, m, n)),
        "span_overlap": percentile_interval(_f1(overlap, m, n)),
        "actor_accuracy": percentile_interval(right / n),
        "actor_f1": percentile_interval(_f1(actor_hits, n_actors, n)),
    }


def chain_scores(
    gold: pd.DataFrame,
    found: pd.DataFrame,
    articles: Sequence[str],
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, object]:
    """The whole chain: which actor takes which stance, per article.

    Parameters
    ----------
    gold, found : DataFrame
        One row per claim: `article_id`, `actor` (key), `stance`.
    articles : sequence of str
        All articles that were read, those without a claim too.

    Returns
    -------
    dict
        `n_gold`, `n_found` (distinct pairs of actor and stance per article); `precision`, `recall`,
        `f1` over all of them with 95 % intervals by a bootstrap over articles.
    """
    counts = _chain_counts(gold, found, articles)
    weights = article_weights(len(counts), resamples, seed)
    n, m, hits = (weights @ counts).T
    return {
        "n_gold": int(n[0]),
        "n_found": int(m[0]),
        "precision": percentile_interval(_ratio(hits, m)),
        "recall": percentile_interval(_ratio(hits, n)),
        "f1": percentile_interval(_f1(hits, m, n)),
    }


def holder_difference(
    gold: pd.DataFrame, first: pd.DataFrame, second: pd.DataFrame, seed: int = 0
) -> dict[str, float]:
    """First minus second in ``actor_accuracy`` of `holder_scores`, as `paired_difference` does."""
    n, _, _, _, right, *_ = _holder_counts(gold, first).T
    other = _holder_counts(gold, second)[:, 4]
    weights = article_weights(len(n), 10 * RESAMPLES, seed)
    return _rounded((weights @ right - weights @ other) / (weights @ n))


def chain_difference(
    gold: pd.DataFrame,
    first: pd.DataFrame,
    second: pd.DataFrame,
    articles: Sequence[str],
    seed: int = 0,
) -> dict[str, float]:
    """First minus second in ``f1`` of `chain_scores`, as `paired_difference` does."""
    weights = article_weights(len(articles), 10 * RESAMPLES, seed)
    values = []
    for found in (first, second):
        n, m, hits = (weights @ _chain_counts(gold, found, articles)).T
        values.append(_f1(hits, m, n))
    return _rounded(values[0] - values[1])


def _rounded(differences: np.ndarray) -> dict[str, float]:
    return {name: round(value, 6) for name, value in difference_cell(differences).items()}


def _holder_counts(gold: pd.DataFrame, found: pd.DataFrame) -> np.ndarray:
    """The counts of `_sentence_counts`, a row for each article with a claim, in sorted order."""
    groups = {a: i for i, a in enumerate(sorted(set(gold["article_id"])))}
    counts = np.zeros((len(groups), 7))
    theirs = {str(k): rows for k, rows in found.groupby("sentence_id")}
    empty = found.iloc[:0]
    for sentence, rows in gold.groupby("sentence_id", sort=False):
        mine = theirs.get(str(sentence), empty).sort_values(
            "holder_probability", ascending=False, kind="stable"
        )
        counts[groups[rows["article_id"].iloc[0]]] += _sentence_counts(rows, mine)
    return counts


def _chain_counts(gold: pd.DataFrame, found: pd.DataFrame, articles: Sequence[str]) -> np.ndarray:
    """Pairs of actor and stance in gold, found, and in both, a row for each of `articles`."""
    columns = ["article_id", "actor", "stance"]
    want = set(gold[columns].drop_duplicates().itertuples(index=False, name=None))
    have = set(found[columns].drop_duplicates().itertuples(index=False, name=None))
    index = {a: i for i, a in enumerate(articles)}
    counts = np.zeros((len(index), 3))
    for key in want:
        counts[index[key[0]], 0] += 1
    for key in have:
        counts[index[key[0]], 1] += 1
        counts[index[key[0]], 2] += key in want
    return counts


def _sentence_counts(gold: pd.DataFrame, found: pd.DataFrame) -> np.ndarray:
    """Gold claims, found claims, exact spans, overlap, right actors at the top, right, found."""
    holders = [_words(h) for h in gold["holder"]]
    spans = [_words(h) for h in found["holder"]]
    exact = sum(any(h == s for s in spans) for h in holders)
    overlap = sum(max((_overlap(h, s) for s in spans), default=0.0) for h in holders)
    top = Counter(found["actor"].head(len(gold)))
    wanted = Counter(gold["actor"])
    right = sum(min(n, top[a]) for a, n in wanted.items())
    distinct = set(found["actor"])
    hits = sum(n for a, n in wanted.items() if a in distinct)
    return np.array(
        [len(gold), len(found), exact, overlap, right, hits, max(len(distinct), 0)], dtype=float
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.casefold()))


def _overlap(a: tuple[str, ...], b: tuple[str, ...]) -> float:
    if not a or not b:
        return float(a == b)
    common = sum((Counter(a) & Counter(b)).values())
    return 2 * common / (len(a) + len(b))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.asarray(np.divide(part, whole, out=np.zeros_like(part), where=whole > 0))


def _f1(hits: np.ndarray, found: np.ndarray, gold: np.ndarray) -> np.ndarray:
    return _ratio(2 * hits, found + gold)
