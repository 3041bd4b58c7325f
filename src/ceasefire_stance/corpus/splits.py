"""Splits by article, made once and stored in the data, and the check that they do not overlap."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from ceasefire_stance.corpus.stances import STANCES

SPLITS = ("train", "validation", "test", "challenge", "contrast")
MAIN_SPLITS = ("train", "validation", "test")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def assign_splits(
    sentences: pd.DataFrame,
    shares: Mapping[str, float],
    held_out: Collection[str] = (),
    seed: int = 0,
) -> dict[str, str]:
    """Choose a split for every article, so that each split has its share of every stance.

    Articles of the conflicts in `held_out` go to ``test``, so that no sentence of them is ever
    trained on. The others are dealt greedily, the articles with the rarest stances first, each
    to the split that is furthest below its share of what the article holds (iterative
    stratification after Sechidis et al., 2011, with articles as the unit).

    Parameters
    ----------
    sentences : DataFrame
        Columns `article_id`, `conflict`, `stance`.
    shares : mapping
        Split name → share of all sentences; held-out conflicts count toward ``test``.

    Returns
    -------
    dict
        article_id → split.
    """
    rng = np.random.default_rng(seed)
    counts = (
        pd.crosstab(sentences["article_id"], sentences["stance"])
        .reindex(columns=list(STANCES), fill_value=0)
        .sort_index()
    )
    conflict = sentences.drop_duplicates("article_id").set_index("article_id")["conflict"]
    total = counts.sum()
    weight = (1.0 / total.clip(lower=1)).to_numpy()
    need = {split: share * total.to_numpy(dtype=float) for split, share in shares.items()}
    chosen: dict[str, str] = {}
    held = [a for a in counts.index if conflict[a] in held_out]
    for article in held:
        chosen[article] = "test"
        need["test"] -= counts.loc[article].to_numpy()
    free = [a for a in counts.index if a not in chosen]
    order = sorted(rng.permutation(free), key=lambda a: -float(counts.loc[a].to_numpy() @ weight))
    placed: Counter[tuple[str, str]] = Counter()
    for article in order:
        row = counts.loc[article].to_numpy()

        def gain(split: str, row: np.ndarray = row, article: str = article) -> tuple[float, float]:
            # Among equally needy splits, prefer one that does not have the conflict yet.
            return (
                float((need[split] / shares[split] * weight) @ (row * weight)),
                -float(placed[split, conflict[article]]),
            )

        best = max(shares, key=gain)
        chosen[article] = best
        placed[best, conflict[article]] += 1
        need[best] -= row
    return chosen


def shingles(text: str, size: int = 3) -> frozenset[tuple[str, ...]]:
    """The set of runs of `size` words in `text`, case-folded, without punctuation."""
    words = _WORD.findall(text.casefold())
    if len(words) <= size:
        return frozenset([tuple(words)]) if words else frozenset()
    return frozenset(tuple(words[i : i + size]) for i in range(len(words) - size + 1))


def near_duplicates(sentences: pd.DataFrame, threshold: float = 0.5, size: int = 3) -> pd.DataFrame:
    """Pairs of sentences whose word shingles overlap, found exactly through an inverted index.

    Parameters
    ----------
    sentences : DataFrame
        Columns `sentence_id`, `text`, and `split` if there is one.
    threshold : float
        Least Jaccard similarity of a pair, in (0, 1]; 1 is the same words in the same order.
    size : int
        Words a shingle.

    Returns
    -------
    DataFrame
        Columns `first`, `second` (sentence ids), `similarity`, `across` (whether the two are in
        different splits), most similar first.
    """
    sets = [shingles(text, size) for text in sentences["text"]]
    postings: dict[tuple[str, ...], list[int]] = defaultdict(list)
    pairs: list[tuple[int, int, float]] = []
    for number, grams in enumerate(sets):
        shared: Counter[int] = Counter(j for gram in grams for j in postings[gram])
        for other, common in shared.items():
            similarity = common / (len(grams) + len(sets[other]) - common)
            if similarity >= threshold:
                pairs.append((other, number, similarity))
        for gram in grams:
            postings[gram].append(number)
    ids = sentences["sentence_id"].tolist()
    split = sentences["split"].tolist() if "split" in sentences else [""] * len(ids)
    pairs.sort(key=lambda p: (-p[2], p[0], p[1]))
    return pd.DataFrame(
        {
            "first": [ids[a] for a, _, _ in pairs],
            "second": [ids[b] for _, b, _ in pairs],
            "similarity": [s for _, _, s in pairs],
            "across": [split[a] != split[b] for a, b, _ in pairs],
        }
    )
