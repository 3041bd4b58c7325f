"""The real-news leaderboard: anybody's predictions, scored against labels without text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ceasefire_stance.corpus.atomic import write_text
from ceasefire_stance.corpus.real_news import real_news_sets
from ceasefire_stance.corpus.sentences import sentences_from_claims
from ceasefire_stance.corpus.stances import STANCES
from ceasefire_stance.corpus.tables import read_table
from ceasefire_stance.evaluation.intervals import evaluate
from ceasefire_stance.evaluation.tables import interval, markdown_table, with_numbers

FOLDER = "real-news"
RESULTS_FILE = "leaderboard.json"


def score_entries(
    labels: pd.DataFrame, entries: Mapping[str, pd.DataFrame]
) -> dict[str, dict[str, Any]]:
    """Score each entry on all sentences and on the windows.

    Parameters
    ----------
    labels : DataFrame
        Stand-off labels, one row per claim.
    entries : mapping
        Name → predictions (`sentence_id`, `stance`, probabilities where known). Entries need not
        cover all sentences; what they lack is left out and their `share` says how much there is.

    Returns
    -------
    dict
        Name → `share` and, per set, the scores of `evaluate`.
    """
    sets = real_news_sets(sentences_from_claims(labels))
    out: dict[str, dict[str, Any]] = {}
    for name, predictions in entries.items():
        covered = set(predictions["sentence_id"])
        whole = sets["real_news_all"]
        out[name] = {"share": round(float(whole["sentence_id"].isin(covered).mean()), 4)}
        for set_name, gold in sets.items():
            part = gold[gold["sentence_id"].isin(covered)].reset_index(drop=True)
            if len(part):
                out[name][set_name] = evaluate(part, predictions)
    return out


def annotator_entries(labels: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The two annotators' labels at first sight as predictions of the adjudicated ones."""
    sentences = labels.drop_duplicates("sentence_id")
    out = {}
    for name, column in (("annotator 1", "first"), ("annotator 2", "second")):
        rows = sentences[sentences[column].isin(STANCES)]
        out[name] = pd.DataFrame({"sentence_id": rows["sentence_id"], "stance": rows[column]})
    return out


def read_entries(reports: Path, recipes: list[str]) -> dict[str, pd.DataFrame]:
    """All committed predictions: the recipes' own, then those in ``real-news/predictions/``."""
    out = {}
    for name in recipes:
        path = reports / name / "predictions.csv"
        if path.is_file():
            rows = read_table(path)
            out[name] = with_numbers(rows[rows["set"] == "real_news_all"].reset_index(drop=True))
    for path in sorted((reports / FOLDER / "predictions").glob("*.csv")):
        out[path.stem] = with_numbers(read_table(path))
    return out


def write_leaderboard(reports: Path, labels: pd.DataFrame, recipes: list[str]) -> None:
    """Write ``reports/real-news/``: the scores of all entries and the page made from them."""
    entries = {**read_entries(reports, recipes), **annotator_entries(labels)}
    scores = score_entries(labels, entries)
    text = json.dumps(scores, indent=1, ensure_ascii=False) + "\n"
    write_text(reports / FOLDER / RESULTS_FILE, text)
    write_text(reports / FOLDER / "README.md", leaderboard_page(json.loads(text), labels))


def leaderboard_page(scores: Mapping[str, Mapping[str, Any]], labels: pd.DataFrame) -> str:
    """The leaderboard, best first, as Markdown."""
    order = sorted(scores, key=lambda n: -_macro(scores[n], "four_way")["value"])
    rows = []
    for name in order:
        whole, window = scores[name]["real_news_all"], scores[name].get("real_news_window")
        claim = whole["detection"]["per_class"]["claim"]["f1"]
        share = scores[name]["share"]
        rows.append(
            [
                name if share == 1 else f"{name} ({share:.0%} of the set)",
                str(whole["n_sentences"]),
                interval(_macro(scores[name], "four_way")),
                interval(window["four_way"]["macro_f1"]) if window else "–",
                interval(whole["three_way"]["macro_f1"]) if "three_way" in whole else "–",
                interval(claim),
            ]
        )
    head = ["entry", "sentences", "4-way, all", "4-way, windows", "3-way on claims", "claim F1"]
    newest = max((d for d in labels["date"] if d), default="unknown")
    oldest = min((d for d in labels["date"] if d), default="unknown")
    return _PAGE.format(
        sentences=labels["sentence_id"].nunique(),
        articles=labels["article_id"].nunique(),
        outlets=labels["outlet"].nunique(),
        oldest=oldest,
        newest=newest,
        table=markdown_table(head, rows),
    )


def _macro(scores: Mapping[str, Any], task: str) -> dict[str, float]:
    cell: dict[str, float] = scores["real_news_all"][task]["macro_f1"]
    return cell


_PAGE = """# Real news: the leaderboard

{sentences} sentences of {articles} published articles of {outlets} outlets ({oldest} to {newest}),
labelled under the codebook by two annotators (language models, not people) and adjudicated.
Nobody trains on them. The texts belong to their publishers and are not here; the labels, with
fingerprints to find the sentences again, are in `data/real-news/`.

Macro-F1 with 95 % intervals by a bootstrap over articles. Sentences whose claims differ in stance
are left out. “Windows” are runs of consecutive sentences, the natural mix. The annotators' rows are
their labels at first sight against the adjudicated ones, on the part that both labelled.

{table}

## Reproduce a row

```sh
ceasefire-stance real-news rebuild FOLDER-WITH-THE-ARTICLES --out real-news.jsonl
ceasefire-stance evaluate default --real-news real-news.jsonl
```

Without the articles, every row can still be recomputed from its predictions:

```sh
ceasefire-stance evaluate --gold data/real-news/dev.jsonl \\
    --predictions reports/cues-logreg/predictions.csv
```

## Add a row

Put a CSV with the columns `sentence_id`, `stance` and, if you have them, `p_accepts`,
`p_conditional`, `p_none`, `p_rejects` into `reports/real-news/predictions/NAME.csv` (ids and
labels, no text), run `make update`, and say in the pull request what made the predictions and
whether anything of the set was looked at while it was made. Entries that do not cover the whole
set are listed with the share they cover.
"""
