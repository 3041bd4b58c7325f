"""What explanations are worth: measured (experiments) and published (evaluation)."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import Pipeline

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.stances import STANCES
from ceasefire_stance.evaluation.explanations_page import (
    conclusions,
    explanations_page,
    explanations_table,
    write_explanations_page,
)
from ceasefire_stance.experiments import read_inputs
from ceasefire_stance.experiments.explanations import (
    NEAREST,
    TFIDF,
    draw_sentences,
    measure_explanations,
    nearest_first,
    telling_words,
)
from ceasefire_stance.experiments.publishing import fresh_explanations, refresh_readme
from ceasefire_stance.experiments.reproducing import check_explanations
from ceasefire_stance.experiments.settings import load_experiments
from ceasefire_stance.experiments.training import refit
from ceasefire_stance.learning.explaining import WordWeight
from ceasefire_stance.learning.predicting import predict_with
from ceasefire_stance.learning.store import Model

from .conftest import ROOT

REPORT = ROOT / "reports" / "explanations"


class SaidNo(ClassifierMixin, BaseEstimator):
    """0.91 for rejects if the sentence or the context says "rejected", otherwise for none."""

    def fit(self, X, y):
        self.classes_ = np.array(STANCES)
        return self

    def predict_proba(self, X):
        assert list(X.columns) == ["text", "context"]
        said = (X["text"] + X["context"]).str.contains("rejected").to_numpy()
        return np.where(said[:, None], [[0.03, 0.03, 0.03, 0.91]], [[0.03, 0.03, 0.91, 0.03]])


@pytest.fixture(scope="module")
def inputs(corpus, real_news):
    # Without the sentences before, it is plain which word decides.
    given = read_inputs(corpus, real_news)
    sets = {name: part.assign(context="") for name, part in given.sets.items()}
    return replace(given, sets=sets)


@pytest.fixture(scope="module")
def any_model():
    pipeline = Pipeline([("classifier", SaidNo())])
    return Model(pipeline.fit(pd.DataFrame({"text": ["x"], "context": ""}), ["none"]), {})


@pytest.fixture(scope="module")
def measured(any_model, inputs):
    return measure_explanations(any_model, inputs, "said-no")


@pytest.fixture(scope="module")
def linear(corpus, real_news, experiments_file):
    inputs = read_inputs(corpus, real_news)
    recipe = load_experiments(experiments_file).recipe("words")
    rows = inputs.training[~inputs.training["several"]]
    model = Model(refit(recipe, {"C": 10.0}, rows, 0), {})
    return measure_explanations(model, inputs, "words", most=3)


def test_any_pipeline_that_takes_text_and_context_is_measured(measured):
    assert list(measured["sets"]) == ["real_news_window", "test"]
    curve = measured["sets"]["test"]
    # Four test articles have a refusal each; as many sentences without a claim are set beside them.
    assert (curve["predicted_claims"], curve["claims"], curve["n_sentences"]) == (4, 4, 8)
    assert {s: cells["support"] for s, cells in curve["per_stance"].items()} == {
        "none": 4, "rejects": 4
    }  # fmt: skip
    # Without "rejected" a refusal falls from 0.91 to 0.03, and the others stay at 0.91; it is
    # the first of 14 words to go, and a tenth of 14 is one word.
    assert curve["guided"][0]["value"] == pytest.approx(0.91)
    assert curve["guided"][1]["value"] == pytest.approx((0.91 + 0.03) / 2)
    assert curve["per_stance"]["none"]["area"]["value"] == 0
    assert curve["per_stance"]["rejects"]["area"]["low"] > 0
    assert list(curve["rivals"]) == [NEAREST]
    assert curve["rivals"][NEAREST]["lead"]["value"] > 0


def test_a_model_that_is_not_linear_has_importances_of_words_alone(measured):
    assert measured["importances"]["features"] == {}
    assert measured["importances"]["n_sentences"] == 24
    best = measured["importances"]["words"]["rejects"][0]
    # The fall of the log-odds is ln(0.91 / 0.09) - ln(0.03 / 0.97), four times.
    fall = np.log(0.91 / 0.09) - np.log(0.03 / 0.97)
    assert (best["feature"], best["n"]) == ("rejected", 4)
    assert best["weight"] == pytest.approx(4 * fall, abs=1e-3)


def test_a_linear_model_is_compared_with_its_own_coefficients(linear):
    curve = linear["sets"]["test"]
    assert list(curve["rivals"]) == [NEAREST, TFIDF]
    assert curve["claims"] == 3
    features = linear["importances"]["features"]
    assert set(features) == {"cue", "word", "context"}
    assert all(list(rows) == list(STANCES) for rows in features.values())
    assert max(len(rows) for block in features.values() for rows in block.values()) == 15


def test_a_measurement_is_the_same_again_and_seeded(any_model, inputs, measured):
    assert measure_explanations(any_model, inputs, "said-no") == measured
    other = measure_explanations(any_model, inputs, "said-no", seed=1)
    assert other["sets"]["test"]["random"] != measured["sets"]["test"]["random"]


def test_decisions_may_be_taken_from_published_predictions(any_model, inputs, measured):
    known = pd.concat(
        [predict_with(rows, any_model.pipeline).assign(set=n) for n, rows in inputs.sets.items()]
    )
    assert measure_explanations(any_model, inputs, "said-no", known) == measured
    with pytest.raises(DataError, match=r"predictions, \w+: .* has none"):
        measure_explanations(any_model, inputs, "x", known.groupby("set").head(15))


def test_no_word_of_real_news_is_in_the_figures(any_model, inputs):
    sets = dict(inputs.sets)
    news = sets["real_news_window"]
    sets["real_news_window"] = news.assign(text="Zyxolia rejected " + news["text"])
    measured = measure_explanations(any_model, replace(inputs, sets=sets), "x")
    assert "zyxolia" not in json.dumps(measured).lower()
    assert measured["sets"]["real_news_window"]["predicted_claims"] == len(news)


def test_a_set_without_predicted_claims_is_left_out(any_model, inputs):
    sets = {name: rows[rows["stance"] != "rejects"] for name, rows in inputs.sets.items()}
    sets = {name: rows.reset_index(drop=True) for name, rows in sets.items()}
    measured = measure_explanations(any_model, replace(inputs, sets=sets), "x")
    assert measured["sets"] == {}
    assert measured["importances"]["words"] == {}
    assert explanations_page(measured).startswith("# Explanations")


def test_articles_give_sentences_in_turn_and_in_equal_numbers():
    frame = pd.DataFrame(
        {
            "article_id": [a for a in "abcdef" for _ in range(3)],
            "decision": ["accepts", "none", "none"] * 6,
        }
    )
    drawn = draw_sentences(frame, 4, 0)
    counts = pd.crosstab(drawn["article_id"], drawn["decision"])
    assert drawn["decision"].value_counts().to_dict() == {"accepts": 4, "none": 4}
    # The first four of the six articles in random order give one of each.
    assert (counts == 1).all(axis=None)
    assert len(counts) == 4
    # Seven of twelve sentences without a claim: one of each article, then a second of the first.
    more = pd.concat([frame, frame.iloc[:1]], ignore_index=True)
    counts = pd.crosstab(*(draw_sentences(more, None, 0)[c] for c in ("article_id", "decision")))
    assert sorted(counts["none"]) == [1, 1, 1, 1, 1, 2]
    assert counts["accepts"].tolist() == [2, 1, 1, 1, 1, 1]
    assert not draw_sentences(frame, 2, 0).equals(draw_sentences(frame, 2, 1))
    assert draw_sentences(frame[frame["decision"] == "none"], None, 0).empty


def weighed(text, weights):
    words, at = [], 0
    for word, weight in zip(text.rstrip(".").split(), weights, strict=True):
        at = text.index(word, at)
        words.append(WordWeight(word, at, at + len(word), weight))
    return tuple(words)


def test_words_are_ranked_outwards_from_the_word_for_a_ceasefire():
    text = "They want a cessation of hostilities or a truce now."
    words = nearest_first(text, weighed(text, [0.0] * 10))
    assert [w.weight for w in words] == [-3, -2, -1, 0, 0, 0, -1, -1, 0, -1]
    text = "They said so."
    assert [w.weight for w in nearest_first(text, weighed(text, [0] * 3))] == [0, -1, -2]


def test_telling_words_are_summed_by_decision():
    weights = [weighed("No no yes", [2.0, 1.0, -5.0]), weighed("no", [4.0])]
    assert telling_words(weights, ["rejects", "none"]) == {
        "none": [{"feature": "no", "n": 1, "weight": 4.0}],
        "rejects": [
            {"feature": "yes", "n": 1, "weight": -5.0},
            {"feature": "no", "n": 2, "weight": 3.0},
        ],
    }
    assert [len(rows) for rows in telling_words(weights, ["none", "none"], 1).values()] == [1]


def test_the_page_is_made_from_the_metrics_and_the_same_every_time(linear, tmp_path):
    for folder in ("one", "two"):
        write_explanations_page(tmp_path / folder, linear)
    files = sorted(p.name for p in (tmp_path / "one").iterdir())
    stems = ["deletion-real-news-window", "deletion-test", "words", "cue", "word", "context"]
    figures = [f"{stem}.{suffix}" for stem in stems for suffix in ("png", "svg")]
    assert files == sorted(["README.md", "metrics.json", *figures])
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    stored = json.loads((tmp_path / "one" / "metrics.json").read_text(encoding="utf-8"))
    assert stored == linear
    page = (tmp_path / "one" / "README.md").read_text(encoding="utf-8")
    assert page == explanations_page(stored)
    assert explanations_table(stored) in page
    assert all(f"]({s}.svg)" in page for s in stems)


def test_conclusions_follow_from_the_intervals():
    def cell(low, high):
        return {"value": (low + high) / 2, "low": low, "high": high}

    curve = {
        "area": cell(0.1, 0.2),
        "rivals": {
            "by one": {"lead": cell(-0.2, -0.1)},
            "by two": {"lead": cell(-0.1, 0.1)},
            "by three": {"lead": cell(0.1, 0.3)},
            "by four": {"lead": cell(0.1, 0.3)},
        },
    }
    (line, _) = conclusions({"sets": {"test": curve}})
    assert line == (
        "- Written, test: by our weights decisions fall sooner than in random order, by three and "
        "by four; later than by one; neither sooner nor later, for sure, than by two."
    )


def test_published_explanations_do_not_drift_and_an_edit_by_hand_does(measured, tmp_path):
    write_explanations_page(tmp_path / "explanations", measured)
    same = check_explanations(tmp_path, measured)
    assert (same.name, same.drifts) == ("explanations", [])
    assert set(same.now) == {"real_news_window, area", "test, area"}
    written = {**measured, "sets": {"test": measured["sets"]["test"]}}
    assert check_explanations(tmp_path, written).drifts == []
    path = tmp_path / "explanations" / "metrics.json"
    metrics = json.loads(path.read_text(encoding="utf-8"))
    metrics["sets"]["test"]["area"]["value"] += 0.01
    path.write_text(json.dumps(metrics), encoding="utf-8")
    drifts = check_explanations(tmp_path, measured).drifts
    assert [d.where for d in drifts] == ["sets.test.area.value"]


def test_the_readme_takes_its_table_from_the_metrics(measured, experiments_file, tmp_path):
    reports, readme = tmp_path / "reports", tmp_path / "README.md"
    write_explanations_page(reports / "explanations", measured)
    markers = "<!-- {0} -->\nold\n<!-- /{0} -->\n"
    readme.write_text(markers.format("leaderboard") + markers.format("explanations"), "utf-8")
    text = refresh_readme(readme, reports, load_experiments(experiments_file))
    assert explanations_table(measured) in text


def test_without_published_metrics_nothing_is_measured(inputs, experiments_file, tmp_path):
    assert fresh_explanations(tmp_path, load_experiments(experiments_file), inputs) is None


def test_the_committed_page_is_made_from_the_committed_metrics():
    metrics = json.loads((REPORT / "metrics.json").read_text(encoding="utf-8"))
    assert (REPORT / "README.md").read_text(encoding="utf-8") == explanations_page(metrics)
    assert metrics["recipe"] == load_experiments().default_model
