"""The holder model trained and the chain measured, on the miniature corpus."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pandas as pd
import pytest
from joblib import parallel_config

from ceasefire_stance.articles.actors import load_gazetteer
from ceasefire_stance.articles.claims import read_claims_of
from ceasefire_stance.articles.holders import rank_mentions
from ceasefire_stance.articles.mentions import mentions_of
from ceasefire_stance.articles.syntax import Word
from ceasefire_stance.corpus.manifest import corpus_fingerprint, read_claims
from ceasefire_stance.corpus.sentences import with_context
from ceasefire_stance.evaluation.reading_page import reading_table, write_reading_page
from ceasefire_stance.experiments import publishing, read_inputs
from ceasefire_stance.experiments.articles import (
    METHODS,
    PARSED,
    actor_key,
    measure_reading,
    real_news_claims,
    score_reading,
    train_holders,
    train_holders_to_folder,
)
from ceasefire_stance.experiments.corpus_curve import SETS, corpus_curve
from ceasefire_stance.experiments.publishing import fresh_reading
from ceasefire_stance.experiments.settings import load_experiments
from ceasefire_stance.learning import load_model
from ceasefire_stance.learning.predicting import predict_with

from .invented_war import ROWS, KeywordStances, actor_row, make_gazetteer, make_reader

HOLDER_SCORES = {"n_claims", "span_exact", "span_overlap", "actor_accuracy", "actor_f1"}
CHAIN_SCORES = {"n_gold", "n_found", "precision", "recall", "f1"}


@pytest.fixture(scope="module")
def experiments(experiments_file):
    return load_experiments(experiments_file)


@pytest.fixture(scope="module")
def model(claims):
    return train_holders(claims, make_gazetteer())


@pytest.mark.parametrize(
    ("text", "stance", "holder"),
    [
        ("The rebels rejected any truce around Elva and vowed to fight on.", "rejects",
         "The rebels"),
        ("The mayor of Elva would accept a truce only if prisoners were freed.", "conditional",
         "The mayor of Elva"),
        # A name that it has never seen, in the place of the holder.
        ("Norland rejected any truce around the Hill Army and vowed to fight on.", "rejects",
         "Norland"),
    ],
)  # fmt: skip
def test_the_holder_model_finds_who_it_was_trained_to_find(model, text, stance, holder):
    best = rank_mentions(model, text, mentions_of(text, make_gazetteer()), stance)
    assert best[0].mention.text == holder
    assert best[0].probability > 0.5


def test_only_claims_of_the_training_split_are_trained_on(claims, model):
    # Holders of other splits are made wrong: nothing changes.
    wrong = claims.assign(holder=claims["holder"].where(claims["split"] == "train", "a truce"))
    again = train_holders(wrong, make_gazetteer())
    assert (again.named_steps["classifier"].coef_ == model.named_steps["classifier"].coef_).all()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Nordhaven", "the N.L.", True),
        ("the Norland (NRL)", "Norland", True),
        ("Some rebels of Elva", "rebels of elva", True),
        ("the Sudrians", "Sudria", True),
        ("Norland bakers", "Norland", False),
        ("the government of Norland", "Norland", True),
        ("Norland armed forces", "Sudrian army", False),
        ("Sudrian army", "Sudria", True),
        ("hill army", "Hill Army", True),
        ("Hill Army government", "Hill Army", False),
        ("Norland and the Sudrians", "Sudria, Nordhaven", True),
        ("Norland, Sudria and the Hill Army", "Norland and Sudria", False),
        ("Norland and bakers", "bakers and Norland", False),
        ("Norland", "Sudria", False),
    ],
)
def test_two_spellings_of_one_party_have_one_key(one, other, same):
    gazetteer = make_gazetteer()
    assert (actor_key(one, gazetteer) == actor_key(other, gazetteer)) is same


def gold_claims(*rows):
    frame = pd.DataFrame(
        list(rows), columns=["article_id", "position", "text", "holder", "actor", "stance"]
    )
    frame["sentence_id"] = [
        f"{a}:{p}" for a, p in zip(frame.article_id, frame.position, strict=True)
    ]
    return with_context(frame.assign(title="", published=""))


def test_the_chain_scores_are_those_counted_by_hand():
    gold = gold_claims(
        ("a", 0, "Norland rejected the truce.", "Norland", "Norland", "rejects"),
        ("a", 1, "It rained.", "", "", "none"),
        # The first named actor is not the holder.
        ("a", 2, "On Sudria’s coast the Hill Army agreed.", "the Hill Army", "Hill Army",
         "accepts"),
        # The stand-in for the model of stances misses this one.
        ("b", 0, "Norland balked at the truce.", "Norland", "Norland", "rejects"),
        # And finds one where there is none.
        ("b", 1, "The bread was ready in Sudria.", "", "", "none"),
    )  # fmt: skip
    reader = make_reader()
    sentences = gold.drop_duplicates("sentence_id")
    predictions = predict_with(sentences.reset_index(drop=True), KeywordStances())
    found = score_reading({"mine": gold}, {"mine": predictions}, reader)["mine"]
    assert set(found) == {"holders", "chain", "ahead"}
    assert tuple(found["ahead"]) == METHODS[1:]
    for method, cells in found["ahead"].items():
        right = [found["holders"][m]["actor_accuracy"]["value"] for m in (METHODS[0], method)]
        ahead = cells["actor_accuracy"]["difference"]
        assert ahead == pytest.approx(right[0] - right[1], abs=1e-5)
        chain = [found["chain"][m]["f1"]["value"] for m in (METHODS[0], method)]
        assert cells["chain_f1"]["difference"] == pytest.approx(chain[0] - chain[1], abs=1e-5)
        assert cells["chain_f1"]["low"] <= cells["chain_f1"]["difference"]
    assert tuple(found["holders"]) == tuple(found["chain"]) == METHODS
    holders = found["holders"]["first named actor"]
    assert set(holders) == HOLDER_SCORES
    assert holders["n_claims"] == 3
    assert holders["actor_accuracy"]["value"] == pytest.approx(2 / 3, abs=1e-5)
    assert holders["span_exact"]["value"] == pytest.approx(2 / 3, abs=1e-5)
    chain = found["chain"]["first named actor"]
    assert set(chain) == CHAIN_SCORES
    # Gold: Norland rejects, Hill Army accepts; Norland rejects. Found: Norland rejects, Sudria
    # accepts; Sudria accepts.
    assert (chain["n_gold"], chain["n_found"]) == (3, 3)
    assert chain["precision"]["value"] == pytest.approx(1 / 3, abs=1e-5)
    assert chain["recall"]["value"] == pytest.approx(1 / 3, abs=1e-5)


def measure(corpus, experiments, real_news=None, earlier=None):
    inputs = read_inputs(corpus, real_news)
    predictions = pd.concat(
        [predict_with(gold, KeywordStances()).assign(set=n) for n, gold in inputs.sets.items()]
    )
    claims = {"corpus": read_claims(corpus)}
    if real_news:
        claims["real_news"] = real_news_claims(real_news)
    recipe = experiments.recipe("keyword-rules")
    return measure_reading(inputs, claims, predictions, recipe, {}, experiments.seed, earlier)


@pytest.fixture(scope="module")
def measured(corpus, real_news, experiments):
    return measure(corpus, experiments, real_news)


def test_holders_and_the_chain_are_measured_on_every_set(measured, corpus):
    assert measured["corpus"] == corpus_fingerprint(corpus)
    assert measured["recipe"] == "keyword-rules"
    assert list(measured["sets"]) == ["real_news_all", "test"]
    test = measured["sets"]["test"]
    assert {m: set(s) for m, s in test["holders"].items()} == dict.fromkeys(METHODS, HOLDER_SCORES)
    assert {m: set(s) for m, s in test["chain"].items()} == dict.fromkeys(METHODS, CHAIN_SCORES)
    # Four articles with three claims each.
    assert {s["n_claims"] for s in test["holders"].values()} == {12}
    assert {s["n_gold"] for s in test["chain"].values()} == {12}
    cells = [c for s in test["holders"].values() for k, c in s.items() if k != "n_claims"]
    assert all(0 <= c["low"] <= c["value"] <= c["high"] <= 1 for c in cells)
    # "The rebels" are found as they are written, of "The government" and "The mayor" the phrase
    # with "of …" behind, which shares two of four words: 2 · 2 / (2 + 4).
    trained = test["holders"]["holder model"]
    assert trained["span_exact"]["value"] == pytest.approx(4 / 12, abs=1e-5)
    assert trained["span_overlap"]["value"] == pytest.approx((4 + 8 * 2 / 3) / 12, abs=1e-5)
    assert json.loads(json.dumps(measured)) == measured


def test_without_real_news_the_written_set_alone_is_measured(corpus, experiments, measured):
    alone = measure(corpus, experiments)
    assert alone["sets"] == {"test": measured["sets"]["test"]}


def test_real_news_claims_are_in_reading_order_with_a_date(tmp_path, real_news):
    path = tmp_path / "news.jsonl"
    pd.DataFrame(
        {
            "article_id": ["b", "a", "a"],
            "position": [0, 10, 9],
            "text": ["x", "y", "z"],
            "date": ["2020-01-02", None, "2020-01-01"],
        }
    ).to_json(path, orient="records", lines=True)
    rows = real_news_claims(path)
    assert rows["text"].tolist() == ["z", "y", "x"]
    assert rows["published"].tolist() == ["2020-01-01", "", "2020-01-02"]
    assert set(real_news_claims(real_news)["published"]) == {""}


def one_word_parses(text):
    """A stand-in for a parser: every word is the root's subject."""
    spans = [m.span() for m in re.finditer(r"\w+", text)]
    return tuple(Word(a, b, text[a:b].lower(), "NOUN", "nsubj", 0) for a, b in spans)


@pytest.fixture
def with_parser(monkeypatch):
    """As if the extra were installed."""
    place = "ceasefire_stance.experiments.articles."
    monkeypatch.setattr(place + "parser_installed", lambda: True)
    monkeypatch.setattr(place + "parser_version", lambda: {"spacy": "3.8.1"})
    asked = []

    def parse(text):
        asked.append(text)
        return one_word_parses(text)

    monkeypatch.setattr(place + "load_parser", lambda: parse)
    return asked


def test_with_the_parser_installed_there_is_one_method_more_and_without_it_is_kept(
    corpus, experiments, measured, with_parser, monkeypatch, tmp_path
):
    assert measured["parser"] == {}
    found = measure(corpus, experiments)
    test = found["sets"]["test"]
    assert found["parser"] == {"spacy": "3.8.1"}
    assert tuple(test["holders"]) == tuple(test["chain"]) == (METHODS[0], PARSED, *METHODS[1:])
    assert tuple(test["ahead"]) == (PARSED, *METHODS[1:])
    gold = read_claims(corpus)
    claims = gold[gold["stance"] != "none"]
    for split in ("train", "test"):
        assert set(claims.loc[claims["split"] == split, "text"]) <= set(with_parser)
    monkeypatch.setattr("ceasefire_stance.experiments.articles.parser_installed", lambda: False)
    kept = measure(corpus, experiments, earlier=found)
    assert kept == found
    assert json.dumps(kept) == json.dumps(found)
    # What was measured on another corpus is not.
    other = measure(corpus, experiments, earlier={**found, "corpus": "other"})
    assert other["parser"] == {}
    assert PARSED not in other["sets"]["test"]["chain"]
    write_reading_page(tmp_path, found)
    page = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "(spacy 3.8.1)" in page
    assert "With a parser" in page


def test_a_holder_model_that_learns_from_parses_is_saved_under_its_own_name(
    corpus, with_parser, tmp_path
):
    folder = tmp_path / "parsed"
    train_holders_to_folder(corpus, folder, {}, parse=True)
    saved = load_model(folder)
    assert saved.info["parser"] == {"spacy": "3.8.1"}
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert card.startswith("# Model card: holders-parsed")
    assert "--parser spacy" in card
    names = saved.pipeline.named_steps["features"].feature_names_
    assert any(name.startswith("role nsubj") for name in names)


def test_a_reading_is_not_measured_before_its_recipe_is(corpus, experiments, tmp_path):
    assert fresh_reading(tmp_path, experiments, read_inputs(corpus), corpus, None) is None


def test_the_page_shows_every_set_and_method_and_is_the_same_twice(measured, tmp_path):
    write_reading_page(tmp_path, measured)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    assert set(before) == {"metrics.json", "README.md"}
    assert json.loads(before["metrics.json"]) == measured
    page = before["README.md"].decode("utf-8")
    table = [line for line in page.splitlines() if line.startswith("|")]
    # A second table says how far each baseline is behind.
    assert len(table) == 2 + 2 * len(METHODS) + 2 + 2 * (len(METHODS) - 1)
    counts = [sum(method in line for line in table) for method in METHODS]
    assert counts == [2, *[4] * (len(METHODS) - 1)]
    assert "`keyword-rules`" in page
    value = measured["sets"]["test"]["chain"]["holder model"]["f1"]["value"]
    (row,) = [line for line in table if "test" in line and "holder model" in line]
    assert row.split("|")[-2].strip().startswith(f"{value:.2f} (")
    write_reading_page(tmp_path, measured)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_a_reading_without_sets_has_a_table_without_rows():
    assert len(reading_table({"sets": {}}).splitlines()) == 2


def test_the_holder_model_is_saved_with_its_card_and_reads_as_before(corpus, measured, tmp_path):
    folder = tmp_path / "holders"
    train_holders_to_folder(corpus, folder, measured["sets"])
    saved = load_model(folder)
    assert saved.info["corpus"] == corpus_fingerprint(corpus)
    assert sorted(saved.classes) == ["holder", "other"]
    card = (folder / "README.md").read_text(encoding="utf-8")
    exact = measured["sets"]["test"]["holders"]["holder model"]["span_exact"]["value"]
    (row,) = [line for line in card.splitlines() if line.startswith("| written, test")]
    assert row.startswith(f"| written, test | 12 | {exact:.2f} (")
    # The saved model gives the probabilities that a fresh one gives.
    gold = gold_claims(("a", 0, "The rebels rejected any truce.", "", "", "rejects"))
    predictions = predict_with(gold, KeywordStances())
    reader = make_reader()
    loaded, fresh = (
        read_claims_of(gold, predictions, replace(reader, holders=h))
        for h in (saved.pipeline, train_holders(read_claims(corpus), load_gazetteer()))
    )
    assert loaded["holder"].tolist() == ["The rebels"]
    pd.testing.assert_frame_equal(loaded, fresh)


@pytest.fixture(scope="module")
def curve(corpus, real_news, experiments):
    inputs = read_inputs(corpus, real_news)
    lines = []
    small = replace(experiments, corpus_batches=(("X",), ("Y",)), corpus_resamples=2)
    recipe = replace(experiments.recipe("words"), features=("words",), context=False)
    # New processes take longer to start than these few sentences to learn.
    with parallel_config(backend="threading"):
        return corpus_curve(inputs, small, recipe, {"C": 1.0}, lines.append), lines


def test_the_corpus_curve_grows_by_batches_and_leaves_out_each_writer(curve):
    found, lines = curve
    assert (found["recipe"], found["resamples"]) == ("words", 2)
    rows = [*found["batches"], *found["without_writer"]]
    assert [(r["name"], r["writers"]) for r in rows] == [
        ("X", ["X"]), ("+ Y", ["X", "Y"]), ("without X", ["Y"]), ("without Y", ["X"]),
    ]  # fmt: skip
    # Seven training articles of six sentences each; one of X's sentences has two stances.
    assert [r["sentences"] for r in rows] == [41, 83, 42, 41]
    assert [r["claims"] for r in rows] == [20, 41, 21, 20]
    assert lines == [f"corpus curve: {r['name']}" for r in rows]


def test_the_corpus_curve_scores_each_set_within_the_range_of_its_resamples(curve):
    found, _ = curve
    for row in [*found["batches"], *found["without_writer"]]:
        for name in SETS:
            assert 0 <= row[name]["low"] <= row[name]["mean"] <= row[name]["high"] <= 1
    # The same writers, resampled with the same seeds, give the same scores.
    first, last = found["batches"][0], found["without_writer"][-1]
    assert {n: first[n] for n in SETS} == {n: last[n] for n in SETS}
    assert json.loads(json.dumps(found)) == found


def test_the_curve_is_made_again_when_the_recipe_it_is_of_has_changed(
    curve, corpus, real_news, experiments, monkeypatch, tmp_path
):
    found, _ = curve
    made = []

    def stand_in(inputs, experiments, recipe, chosen):
        made.append(recipe)
        return {**found, "settings": recipe.as_dict()}

    monkeypatch.setattr(publishing, "corpus_curve", stand_in)
    monkeypatch.setattr(publishing, "CURVE_RECIPE", "words")
    inputs, path = read_inputs(corpus, real_news), tmp_path / "curve.json"
    small = replace(experiments, corpus_batches=(("X",), ("Y",)))
    heavy = replace(small.recipe("words"), block_weights={"words": 2.0})
    changed = replace(small, recipes={**small.recipes, "words": heavy})
    for one in (small, small, changed, changed):
        publishing._refresh_curve(path, one, {"words": {"chosen": {}}}, inputs)
    assert made == [small.recipe("words"), heavy]


def test_actors_of_the_tests_are_invented():
    shipped = load_gazetteer()
    assert [r["name"] for r in ROWS if shipped.resolve(r["name"])] == []
    assert actor_row("x")["kind"] == "state"
