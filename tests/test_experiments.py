from __future__ import annotations

import json

import pandas as pd
import pytest

from ceasefire_stance.corpus import DataError
from ceasefire_stance.corpus.manifest import load_corpus
from ceasefire_stance.corpus.real_news import read_real_news, real_news_sets
from ceasefire_stance.corpus.tables import read_table
from ceasefire_stance.evaluation import evaluate
from ceasefire_stance.experiments import check_against, publish, read_inputs, run_recipes
from ceasefire_stance.experiments.publishing import read_agreement
from ceasefire_stance.experiments.settings import load_experiments
from ceasefire_stance.experiments.training import draw_articles, fold_groups, train


@pytest.fixture(scope="module")
def experiments(experiments_file):
    return load_experiments(experiments_file)


@pytest.fixture(scope="module")
def runs(corpus, real_news, experiments):
    inputs = read_inputs(corpus, real_news)
    return run_recipes(list(experiments.recipes), inputs, experiments)


@pytest.fixture(scope="module")
def reports(runs, corpus, real_news, experiments, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    publish(runs, folder, experiments, real_news, corpus)
    return folder


def test_published_results_do_not_drift_and_an_edit_by_hand_does(reports, runs, tmp_path):
    assert [o.drifts for o in check_against(reports, runs)] == [[], [], []]
    path = reports / "words" / "metrics.json"
    original = path.read_text(encoding="utf-8")
    metrics = json.loads(original)
    metrics["sets"]["test"]["four_way"]["macro_f1"]["value"] += 0.01
    path.write_text(json.dumps(metrics), encoding="utf-8")
    drifted = {o.name: [d.where for d in o.drifts] for o in check_against(reports, runs)}
    path.write_text(original, encoding="utf-8")
    assert drifted["words"] == ["sets.test.four_way.macro_f1.value"]
    assert drifted["majority"] == []


def test_a_changed_label_drifts(reports, runs):
    path = reports / "majority" / "predictions.csv"
    original = path.read_text(encoding="utf-8")
    path.write_text(original.replace(",none,", ",accepts,", 1), encoding="utf-8")
    outcomes = {o.name: o.drifts for o in check_against(reports, runs)}
    path.write_text(original, encoding="utf-8")
    assert [(d.published, d.now) for d in outcomes["majority"]] == [("accepts", "none")]


def test_without_real_news_the_written_figures_alone_are_compared(reports, corpus, experiments):
    runs = run_recipes(["majority"], read_inputs(corpus), experiments)
    (outcome,) = check_against(reports, runs)
    assert outcome.drifts == []
    assert "real_news_all" not in outcome.now


def test_publishing_without_real_news_does_not_lose_its_figures(reports, runs, corpus, experiments):
    with pytest.raises(DataError, match="so that they are not lost"):
        publish(runs, reports, experiments, None, corpus)


def test_publishing_twice_gives_the_same_bytes(reports, runs, corpus, real_news, experiments):
    before = {p: p.read_bytes() for p in reports.rglob("*") if p.is_file()}
    publish(runs, reports, experiments, real_news, corpus)
    after = {p: p.read_bytes() for p in reports.rglob("*") if p.is_file()}
    assert before.keys() == after.keys()
    assert [p.name for p in before if before[p] != after[p]] == []


def test_every_score_can_be_remade_from_gold_and_predictions(reports, corpus):
    sentences = load_corpus(corpus)
    gold = sentences[sentences["split"] == "test"].reset_index(drop=True)
    predictions = read_table(reports / "words" / "predictions.csv")
    part = predictions[predictions["set"] == "test"].astype(
        {c: float for c in predictions.columns if c.startswith("p_")}
    )
    metrics = json.loads((reports / "words" / "metrics.json").read_text(encoding="utf-8"))
    assert json.loads(json.dumps(evaluate(gold, part))) == metrics["sets"]["test"]


def test_pages_hold_no_text_of_real_news_and_the_html_asks_for_nothing(reports, real_news):
    texts = read_real_news(real_news)["text"]
    for page in [*reports.rglob("*.md"), *reports.rglob("*.csv"), *reports.rglob("*.json")]:
        content = page.read_text(encoding="utf-8")
        assert not any(text in content for text in texts)
    html = (reports / "index.html").read_text(encoding="utf-8")
    assert "<script" not in html
    assert 'src="http' not in html
    assert "keyword-rules" in html


def test_results_are_taken_again_while_nothing_has_changed(corpus, experiments, tmp_path):
    inputs, lines = read_inputs(corpus), []
    first = run_recipes(["majority"], inputs, experiments, reuse=tmp_path, progress=lines.append)
    again = run_recipes(["majority"], inputs, experiments, reuse=tmp_path, progress=lines.append)
    assert "earlier results taken" in lines[-1]
    assert again["majority"].metrics == first["majority"].metrics
    assert again["majority"].predictions.equals(first["majority"].predictions)


def test_real_news_is_read_by_sentence_and_part(real_news):
    sets = real_news_sets(read_real_news(real_news))
    assert set(sets["real_news_window"]["part"]) == {"window"}
    assert len(sets["real_news_all"]) > len(sets["real_news_window"])
    assert read_agreement(real_news)["four_way"]["alpha"]["value"] == 1


def test_bad_real_news_is_refused(tmp_path):
    path = tmp_path / "dev.jsonl"
    path.write_text('{"text": "x"}\n', encoding="utf-8")
    with pytest.raises(DataError, match="'sentence_id'"):
        read_real_news(path)
    row = {"sentence_id": "a", "part": "window", "article_id": "a", "text": "x", "context": ""}
    row |= {"stance": "maybe", "holder": "", "actor": ""}
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match="'maybe'"):
        read_real_news(path)


def test_training_is_the_same_for_the_same_seed(corpus, experiments):
    sentences = load_corpus(corpus)
    rows = sentences[sentences["split"] == "train"]
    one, two = (train(experiments.recipe("words"), rows, 3, 2) for _ in range(2))
    assert one.chosen == two.chosen
    proba = [t.pipeline.predict_proba(rows) for t in (one, two)]
    assert (proba[0] == proba[1]).all()


def test_folds_keep_writers_together_where_they_are_named_and_articles_elsewhere() -> None:
    rows = pd.DataFrame({"article_id": ["1", "1", "2", "3"], "writer": ["A", "A", "B", "B"]})

    assert fold_groups(rows, 2)[0] == "writer"
    assert list(fold_groups(rows, 2)[1]) == ["A", "A", "B", "B"]
    # Too few writers for the folds, a row without one, no such column.
    assert fold_groups(rows, 3)[0] == "article"
    assert fold_groups(rows.assign(writer=["A", "", "B", "C"]), 2)[0] == "article"
    name, groups = fold_groups(rows.drop(columns="writer"), 2)
    assert (name, list(groups)) == ("article", ["1", "1", "2", "3"])


def test_fewer_articles_than_folds_is_bad_data(corpus, experiments):
    sentences = load_corpus(corpus)
    rows = sentences[sentences["article_id"].isin(["m00", "m01"])]
    with pytest.raises(DataError, match="5 expected, one for each fold"):
        train(experiments.recipe("words"), rows, folds=5)


def test_articles_are_drawn_whole(corpus):
    sentences = load_corpus(corpus)
    part = draw_articles(sentences, 0.25, 0)
    assert part["article_id"].nunique() == 6
    assert (part["article_id"].value_counts() == 6).all()


def test_settings_errors_say_what_is_missing(tmp_path, experiments):
    with pytest.raises(DataError, match="is no recipe; expected one of majority"):
        experiments.recipe("magic")
    path = tmp_path / "e.toml"
    with pytest.raises(DataError, match="no such file"):
        load_experiments(path)
    path.write_text("[settings\n", encoding="utf-8")
    with pytest.raises(DataError, match="not valid TOML"):
        load_experiments(path)
    recipe = 'description = "d"\nclassifier = "knn"\n'
    path.write_text(f"[settings]\n[prior]\n[recipes.x]\n{recipe}", encoding="utf-8")
    with pytest.raises(DataError, match="recipe x: classifier is 'knn'"):
        load_experiments(path)
    path.write_text("[settings]\n", encoding="utf-8")
    with pytest.raises(DataError, match="'prior' is missing"):
        load_experiments(path)


@pytest.mark.parametrize(
    ("settings", "prior", "more", "message"),
    [
        ('logit_adjustment = "high"', "", "", "logit_adjustment is 'high'; expected a number"),
        ("logit_adjustment = 2", "", "", "logit_adjustment is 2; expected a number from 0 to 1"),
        ("logit_adjustment = 0.5", "none = 0.9", "", "names none; expected a share above 0"),
        ("", "", "network_temperature = 0", "recipe x: network_temperature is 0.0; expected a"),
    ],
)
def test_a_rule_of_answering_that_cannot_be_followed_is_refused(
    tmp_path, settings, prior, more, message
):
    path = tmp_path / "e.toml"
    recipe = f'description = "d"\nclassifier = "rules"\n{more}\n'
    path.write_text(f"[settings]\n{settings}\n[prior]\n{prior}\n[recipes.x]\n{recipe}")
    with pytest.raises(DataError, match=message):
        load_experiments(path)
