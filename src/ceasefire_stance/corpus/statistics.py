"""What a corpus holds: counts, class mix, lengths, repeats."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pandas as pd

from ceasefire_stance.corpus.splits import MAIN_SPLITS, near_duplicates, shingles
from ceasefire_stance.corpus.stances import STANCES, Stance

CEASEFIRE = re.compile(
    r"\b(?:cease-?\s?fires?|truces?|armistices?|cessation of hostilities|"
    r"(?:humanitarian|operational) pauses?)\b",
    re.IGNORECASE,
)
"""The words by which a sentence is said to name a ceasefire."""


def names_ceasefire(texts: pd.Series[str]) -> pd.Series[bool]:
    """Whether each text names a ceasefire (or truce, armistice, …) in so many words."""
    return texts.str.contains(CEASEFIRE)


def word_counts(texts: pd.Series[str]) -> pd.Series[int]:
    """Words per text, as separated by white space."""
    return texts.map(lambda text: len(text.split()))


def corpus_statistics(sentences: pd.DataFrame) -> dict[str, Any]:
    """Counts, class mix, sentence lengths and repeats of a labelled sentences frame.

    Parameters
    ----------
    sentences : DataFrame
        One row per sentence with `sentence_id`, `article_id`, `text`, `stance`; `split`,
        `conflict`, `writer`, `style` where there are any.

    Returns
    -------
    dict
        Numbers and nested dicts of numbers, ready for JSON. Shares are in [0, 1], lengths in
        words.
    """
    out: dict[str, Any] = {"all": _block(sentences)}
    if "split" in sentences:
        out["splits"] = {str(s): _block(rows) for s, rows in sentences.groupby("split", sort=False)}
        main = sentences[sentences["split"].isin(MAIN_SPLITS)]
        if len(main):
            out["main"] = _block(main)
    for column in ("conflict", "writer", "style"):
        if column in sentences:
            out[f"by_{column}"] = _table(sentences, column)
    # The sentences of a contrast group are alike on purpose.
    apart = sentences[sentences["split"] != "contrast"] if "split" in sentences else sentences
    pairs = near_duplicates(apart)
    out["near_duplicates"] = {
        "pairs": len(pairs),
        "across_splits": int(pairs["across"].sum()) if len(pairs) else 0,
        "pairs_per_1000_sentences": round(1000 * len(pairs) / max(1, len(apart)), 2),
    }
    if "writer" in sentences:
        out["stock_phrases"] = stock_phrases(apart)
    return out


def _block(rows: pd.DataFrame) -> dict[str, object]:
    stance = rows["stance"]
    named = names_ceasefire(rows["text"])
    claim = stance != Stance.NONE
    words = word_counts(rows["text"])
    return {
        "sentences": len(rows),
        "articles": int(rows["article_id"].nunique()),
        **({"conflicts": int(rows["conflict"].nunique())} if "conflict" in rows else {}),
        "stances": {s: int((stance == s).sum()) for s in STANCES},
        "share_none": round(float((~claim).mean()), 4),
        "share_claims_where_named": _share(claim[named]),
        "share_none_that_name": _share(named[~claim]),
        "share_claims_that_do_not_name": _share(~named[claim]),
        "words_median": float(words.median()),
        "words_p10": float(np.percentile(words, 10)),
        "words_p90": float(np.percentile(words, 90)),
        "share_over_40_words": round(float((words > 40).mean()), 4),
    }


def _share(mask: pd.Series[bool]) -> float:
    return round(float(mask.mean()), 4) if len(mask) else 0.0


def _table(sentences: pd.DataFrame, column: str) -> dict[str, dict[str, int]]:
    counts = pd.crosstab(sentences[column], sentences["stance"])
    articles = dict(sentences.groupby(column)["article_id"].nunique())
    return {
        str(name): {
            "articles": int(articles[name]),
            "sentences": int(row.sum()),
            **{s: int(row.get(s, 0)) for s in STANCES},
        }
        for name, row in counts.iterrows()
    }


def stock_phrases(sentences: pd.DataFrame, size: int = 4, top: int = 10) -> list[dict[str, object]]:
    """The word runs that one writer repeats most beyond all the others.

    A phrase that one hand uses again and again gives its articles away; it is counted once a
    sentence, and ranked by the writer's count less its expected count at the others' rate.
    """
    mine: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    everyone: Counter[tuple[str, ...]] = Counter()
    sentences_of = Counter(sentences["writer"])
    for writer, text in zip(sentences["writer"], sentences["text"], strict=True):
        grams = [g for g in shingles(text, size) if len(g) == size]
        mine[str(writer)].update(grams)
        everyone.update(grams)
    rows: list[tuple[float, str, str, int, int]] = []
    for writer, counts in mine.items():
        others = max(1, len(sentences) - sentences_of[writer])
        for gram, n in counts.items():
            if n >= 4:
                rest = everyone[gram] - n
                excess = n - (rest + 0.5) / others * sentences_of[writer]
                rows.append((excess, " ".join(gram), writer, n, rest))
    rows.sort(key=lambda r: (-r[0], r[1], r[2]))
    return [
        {"phrase": phrase, "writer": writer, "count": n, "elsewhere": rest}
        for _, phrase, writer, n, rest in rows[:top]
    ]
