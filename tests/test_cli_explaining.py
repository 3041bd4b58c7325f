from __future__ import annotations

import argparse
import io
import json
import re
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

from ceasefire_stance.cli import explaining
from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.manifest import load_corpus
from ceasefire_stance.corpus.sentences import single_stance
from ceasefire_stance.learning import Model, ModelError, Recipe, make_pipeline, save_model
from ceasefire_stance.learning.explaining import Explanation, WordWeight

SENTENCE = "The rebels of Osk rejected any truce and vowed to fight on."
NASTY = 'The rebels rejected <b>any</b> truce & "vowed" </style><script>alert(1)</script> on.'


@pytest.fixture(scope="module")
def models(corpus, tmp_path_factory):
    rows = single_stance(load_corpus(corpus))
    folder = tmp_path_factory.mktemp("explain")
    for classifier in ("logreg", "nb"):
        recipe = Recipe(classifier, "", classifier, ("cues", "words"), context=True)
        pipeline = make_pipeline(recipe).fit(rows[["text", "context"]], rows["stance"])
        save_model(Model(pipeline, {}), folder / classifier, "A card.\n")
    return folder


def run(capsys, *arguments):
    parser = argparse.ArgumentParser()
    explaining.add_commands(parser.add_subparsers(required=True))
    parsed = parser.parse_args(["explain", *map(str, arguments)])
    code = parsed.function(parsed)
    return code, capsys.readouterr().out


class Page(HTMLParser):
    """Open tags, and whether each was closed in its turn."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.words, self.attributes = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_the_text_marks_words_and_shows_bars_and_contributions(capsys, models):
    code, out = run(capsys, SENTENCE, "--model", models / "logreg", "--top", 3)
    assert code == 0
    assert "[rejected]" in out.splitlines()[0]
    bars = re.findall(r"^[> ] (accepts|conditional|none|rejects) +(#*) +\d\.\d\d$", out, re.M)
    assert len(bars) == 4
    assert max(bars, key=lambda b: len(b[1]))[0] == "rejects"
    assert "\n> rejects" in out
    first = out.split("contributions to ")[1]
    assert first.startswith("rejects")
    assert len(re.findall(r"^ +[+-]\d+\.\d\d  (?:cue|word) ", first, re.M)) == 3
    assert "base, with the class prior" in first


def test_words_against_are_in_other_brackets_and_weak_ones_in_none():
    text = "Yes, if not now."
    weights = (("Yes", 0, 3, -2.0), ("if", 5, 7, 3.0), ("not", 8, 11, 0.5), ("now", 12, 15, -0.9))
    explanation = Explanation(
        text=text, context="", stance="conditional", probabilities={"conditional": 1.0},
        contributions={}, base={}, rest={},
        word_weights=tuple(WordWeight(*w) for w in weights), phrases=(),
    )  # fmt: skip
    out = explaining.as_text(explanation)
    assert out.splitlines()[0] == "{Yes}, [if] not now."
    assert [line.split() for line in out.splitlines() if line.startswith("   ")] == [
        ["+3.00", "if"], ["-2.00", "Yes"], ["-0.90", "now"], ["+0.50", "not"],
    ]  # fmt: skip


def test_json_is_the_whole_explanation(capsys, models):
    context = "A truce was offered to Osk."
    arguments = (SENTENCE, "--context", context, "--model", models / "logreg", "--top", 1000)
    out = json.loads(run(capsys, *arguments, "--format", "json")[1])
    assert (out["text"], out["context"], out["stance"]) == (SENTENCE, context, "rejects")
    assert sum(out["probabilities"].values()) == pytest.approx(1)
    assert "context" in {c["block"] for c in out["contributions"]["none"]}
    assert out["word_weights"][0]["word"] == "The"


@pytest.mark.parametrize("model", ["logreg", "nb"])
def test_the_page_is_whole_escaped_and_needs_nothing_else(capsys, models, tmp_path, model):
    path = tmp_path / "why.html"
    code, out = run(
        capsys, NASTY, "--context", "<i>Before</i> & after", "--model", models / model,
        "--out", path,
    )  # fmt: skip
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    assert (code, out, page.open) == (0, "", [])
    assert not {"script", "link", "img", "b" * 2} & set(page.tags)
    assert page.tags.count("b") == 1
    assert "i" not in page.tags
    assert not re.search(r"https?:|url\(|@import", text)
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes
    words = "".join(page.words)
    assert NASTY in words
    assert "<i>Before</i> & after" in words
    assert "prefers-color-scheme:dark" in text
    assert ("not linear" in text) == (model == "nb")


def test_every_word_that_matters_is_marked_with_its_weight(capsys, models):
    arguments = (SENTENCE, "--model", models / "logreg", "--format")
    weights = json.loads(run(capsys, *arguments, "json")[1])["word_weights"]
    text = run(capsys, *arguments, "html")[1]
    marks = re.findall(r'<mark class="([^"]+)" title="([^"]+) log-odds">([^<]+)</mark>', text)
    expected = [
        (w["word"], f"{w['weight']:+.2f}", w["weight"] > 0)
        for w in weights
        if abs(w["weight"]) >= explaining.LEAST
    ]
    assert [(word, title, c.startswith("for rejects ")) for c, title, word in marks] == expected
    heaviest = max(weights, key=lambda w: abs(w["weight"]))["word"]
    assert any(c.endswith(" s3") for c, _, word in marks if word == heaviest)


def test_a_model_that_is_not_linear_is_explained_by_its_words(capsys, models):
    out = run(capsys, SENTENCE, "--model", models / "nb")[1]
    assert "the model is not linear" in out
    assert "contributions to" not in out
    assert "rejected" in out


def test_the_sentence_may_come_by_stdin(capsys, models, monkeypatch):
    stdin = SimpleNamespace(buffer=io.BytesIO(f"\n  {SENTENCE}\n".encode()))
    monkeypatch.setattr("sys.stdin", stdin)
    by_pipe = run(capsys, "-", "--model", models / "logreg")[1]
    assert by_pipe == run(capsys, SENTENCE, "--model", models / "logreg")[1]


@pytest.mark.parametrize("given", [b"", b"One.\nTwo.\n"])
def test_stdin_holds_one_sentence(capsys, models, monkeypatch, given):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(given)))
    with pytest.raises(DataError, match="expected one sentence on one line"):
        run(capsys, "-", "--model", models / "logreg")


def test_an_unusable_request_is_refused(capsys, models):
    with pytest.raises(DataError, match="text is empty"):
        run(capsys, " ", "--model", models / "logreg")
    with pytest.raises(ModelError, match="no such model folder"):
        run(capsys, SENTENCE, "--model", models / "absent")
    with pytest.raises(SystemExit):
        run(capsys, SENTENCE, "--top", "0")


def test_the_form_follows_the_name_of_the_file(capsys, models, tmp_path):
    for name, start in (("a.json", "{"), ("a.htm", "<!doctype"), ("a.txt", "The")):
        run(capsys, SENTENCE, "--model", models / "logreg", "--out", tmp_path / name)
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)
