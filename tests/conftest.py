"""A miniature corpus, made by hand, that every test shares."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import settings

from ceasefire_stance.corpus.manifest import save_corpus

# Where a change is judged, the same examples are tried every time; at home new ones.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("home", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "home")

ROOT = Path(__file__).resolve().parents[1]
REAL_NEWS = ROOT.parent / "shared" / "real-news" / "dev.jsonl"

# Six sentences an article; {n} and the names vary, so that no two sentences are the same.
PLACES = (
    "Arda", "Belo", "Corin", "Dresh", "Elva", "Foss", "Garm", "Holt",
    "Irun", "Jask", "Kolm", "Lune", "Mirn", "Nord", "Osk", "Pell",
    "Quar", "Rusk", "Sorn", "Tarn", "Ulm", "Vesk", "Wend", "Yarr",
)  # fmt: skip
TEMPLATES = (
    ("none", "", "", "Shelling near {place} killed {n} people on Monday, hospital workers said."),
    ("accepts", "The government", "Government of {place}",
     "The government of {place} agreed to a ceasefire of {n} days and welcomed the plan."),
    ("rejects", "The rebels", "Rebels of {place}",
     "The rebels rejected any truce around {place} and vowed to fight on for {n} years."),
    ("conditional", "The mayor", "Mayor of {place}",
     "The mayor of {place} would accept a truce only if {n} prisoners were freed first."),
    ("none", "", "", "Aid lorries reached the {n} villages west of {place} before dark."),
    ("none", "", "", "The truce in {place} took effect at {n} minutes past noon."),
)  # fmt: skip


def make_claims() -> pd.DataFrame:
    """Claims of 24 articles: 14 train, 4 validation, 4 test, 2 challenge."""
    rows = []
    splits = ["train"] * 14 + ["validation"] * 4 + ["test"] * 4 + ["challenge"] * 2
    for i, (place, split) in enumerate(zip(PLACES, splits, strict=True)):
        order = TEMPLATES[i % 6 :] + TEMPLATES[: i % 6]
        for position, (stance, holder, actor, text) in enumerate(order):
            rows.append(
                {
                    "sentence_id": f"m{i:02d}:{position}",
                    "article_id": f"m{i:02d}",
                    "position": position,
                    "text": text.format(place=place, n=3 + i),
                    "title": f"News from {place}",
                    "stance": stance,
                    "holder": holder,
                    "actor": actor.format(place=place),
                    "conflict": ("Northern war", "Southern war", "Island war")[i % 3],
                    "split": split,
                    "synthetic": True,
                    "writer": "XY"[i % 2],
                    "style": "agency wire",
                    "published": f"2020-01-{i + 1:02d}",
                    "label_a": stance,
                    "label_b": stance,
                }
            )
    # One sentence with two holders who differ.
    both = dict(rows[1], holder="the rebels", actor="Rebels", stance="conditional")
    return pd.DataFrame([*rows[:2], both, *rows[2:]])


@pytest.fixture(scope="session")
def claims() -> pd.DataFrame:
    return make_claims()


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory, claims: pd.DataFrame) -> Path:
    """A corpus folder; tests that change it make a copy."""
    folder = tmp_path_factory.mktemp("corpus")
    save_corpus(claims, folder, "0.0.1")
    return folder


@pytest.fixture(scope="session")
def real_news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file in the form of the real-news set, made from the miniature corpus."""
    path = tmp_path_factory.mktemp("real") / "dev.jsonl"
    lines = []
    for row in make_claims().to_dict("records")[:60]:
        part = "window" if row["position"] < 3 else "enriched"
        keep = ("sentence_id", "article_id", "position", "text", "holder", "actor", "stance")
        entry = {k: row[k] for k in keep} | {"part": part, "context": "", "title": ""}
        lines.append(json.dumps(entry | {"first": row["stance"], "second": row["stance"]}))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def experiments_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recipes on a cut-down budget."""
    path = tmp_path_factory.mktemp("experiments") / "experiments.toml"
    path.write_text(
        """
[settings]
default_model = "words"
folds = 2
seed = 0
learning_curve_shares = [0.5, 1.0]
learning_curve_repeats = 1

[prior]
none = 0.6

[recipes.majority]
description = "always the most frequent stance"
classifier = "majority"
prior = "training"

[recipes.keyword-rules]
description = "rules"
classifier = "rules"
prior = "training"

[recipes.words]
description = "words and cues"
classifier = "logreg"
features = ["words", "cues"]
context = true
grid = { C = [1.0, 10.0] }
""",
        encoding="utf-8",
    )
    return path
