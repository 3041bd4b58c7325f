from __future__ import annotations

import json
from pathlib import Path

import pytest

from ceasefire_stance.articles import load_reader, read_articles
from ceasefire_stance.corpus import DataError
from ceasefire_stance.corpus.stances import PROBABILITY_COLUMNS
from ceasefire_stance.learning import ModelError
from ceasefire_stance.reading import Article

from .invented_war import make_reader

TEXT = """\
Élva, 4 May — 🕊️ The Marsh Front rejected the truce.

Norland agreed to the truce. Norland would sign only if the siege ended.
It rained.
"""
ARTICLE = Article("a", TEXT, "Guns over Élva", "2021-05-04", "The Echo")


def read(*articles):
    return list(read_articles(articles, make_reader()))


def test_an_article_becomes_sentences_claims_and_positions():
    (reading,) = read(ARTICLE)
    assert reading.article is ARTICLE
    assert reading.sentences["text"].tolist()[0] == "Guns over Élva"
    assert reading.sentences["stance"].tolist() == [
        "none", "rejects", "accepts", "conditional", "none",
    ]  # fmt: skip
    assert reading.sentences[list(PROBABILITY_COLUMNS)].sum(axis=1).round(6).eq(1).all()
    assert reading.claims[["actor", "stance"]].to_numpy().tolist() == [
        ["Marsh Front", "rejects"], ["Norland", "accepts"], ["Norland", "conditional"],
    ]  # fmt: skip
    positions = reading.positions.set_index("actor")
    assert positions["position"].to_dict() == {
        "Norland": "conditional", "Marsh Front": "rejects",
    }  # fmt: skip
    assert positions.loc["Norland", "condition"] == "only if the siege ended"
    assert positions.loc["Norland", "iso3"] == "NRL"


def test_every_row_says_where_it_comes_from():
    (reading,) = read(ARTICLE)
    for frame in (reading.claims, reading.positions):
        assert set(frame["outlet"]) == {"The Echo"}
        assert set(frame["published"]) == {"2021-05-04"}
        assert set(frame["title"]) == {"Guns over Élva"}
    ids = set(reading.claims["claim_id"])
    assert {i for evidence in reading.positions["evidence"] for i in evidence} == ids


def test_offsets_count_in_the_text_of_the_article():
    (reading,) = read(ARTICLE)
    for row in reading.claims.to_dict("records"):
        assert TEXT[row["start"] : row["end"]] == row["text"]
        assert TEXT[row["holder_start"] : row["holder_end"]] == row["holder"]


@pytest.mark.parametrize("text", ["It rained. Nobody slept.", "* * *", "…"])
def test_an_article_without_a_claim_is_read_all_the_same(text):
    (reading,) = read(Article("a", text))
    assert reading.claims.empty
    assert reading.positions.empty
    assert "stance" in reading.sentences
    assert "position" in reading.positions


def test_articles_are_read_one_after_the_other():
    taken = []

    def articles():
        for name in "abc":
            taken.append(name)
            yield Article(name, "Norland rejected the truce.")

    readings = read_articles(articles(), make_reader())
    assert next(readings).article.article_id == "a"
    assert taken == ["a"]
    assert [r.claims["claim_id"].tolist() for r in readings] == [["b:0#0"], ["c:0#0"]]


def test_a_reader_needs_its_models_and_a_good_table_of_actors(tmp_path):
    with pytest.raises(ModelError, match="no such model folder"):
        load_reader(str(tmp_path / "absent"))


def test_an_actor_of_ones_own_is_in_the_reader(tmp_path, monkeypatch):
    asked = []

    def load_model(name=None):
        asked.append(name)
        return make_reader().stances

    monkeypatch.setattr("ceasefire_stance.articles.readings.load_model", load_model)
    path = tmp_path / "mine.csv"
    path.write_text("name,kind\nMarsh Front,armed group\n", encoding="utf-8")
    reader = load_reader("mine", str(path))
    assert asked == ["mine", "holders"]
    assert reader.gazetteer.resolve("Marsh Front").kind == "armed group"
    assert reader.parser is None
    monkeypatch.setattr("ceasefire_stance.articles.readings.load_parser", lambda: len)
    assert load_reader("mine", parse=True).parser is len
    assert asked[2:] == ["mine", "holders-parsed"]
    path.with_name("bad.csv").write_text("actor\nMarsh Front\n", encoding="utf-8")
    with pytest.raises(DataError, match="'kind' is missing"):
        load_reader(None, str(path.with_name("bad.csv")))


def test_the_shipped_holder_model_says_what_it_is():
    info = json.loads(
        (Path(__file__).resolve().parents[1] / "models" / "holders" / "model.json").read_text(
            encoding="utf-8"
        )
    )
    assert info["recipe"]["name"] == "holders"
    assert sorted(info["classes"]) == ["holder", "other"]
