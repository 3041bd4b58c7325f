"""Labels that stand off from their text, and the way back."""

from __future__ import annotations

import csv
import gzip
import html
import io
import json
import unicodedata
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire_stance.cli.main import main
from ceasefire_stance.corpus import DataError
from ceasefire_stance.corpus.fingerprints import (
    digest,
    fingerprint,
    letters_of,
    plain_text,
    rolling_hashes,
)
from ceasefire_stance.corpus.manifest import load_corpus, save_corpus
from ceasefire_stance.corpus.real_news import read_standoff, share_found
from ceasefire_stance.reading import Searcher, iterate_texts, recover_rows, stand_off
from ceasefire_stance.reading.recovery import sentence_fingerprints

from .conftest import REAL_NEWS, ROOT, make_claims

SIGNS = ' \n\t.,;:!?"“”‘’–—-()[]…'


@st.composite
def mangled(draw: st.DrawFn) -> tuple[str, str]:
    """A text and another copy of it, with other signs, entities, tags, case and composition."""
    words = draw(
        st.lists(st.text("abcdéßﬁÅÜñ0123", min_size=1, max_size=8), min_size=1, max_size=12)
    )
    text = " ".join(words)
    other = draw(st.sampled_from(SIGNS)).join(words)
    if draw(st.booleans()):
        other = unicodedata.normalize(draw(st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"])), other)
    if draw(st.booleans()):
        other = other.upper()
    if draw(st.booleans()):
        other = html.escape(other).replace(" ", "&nbsp;")
    if draw(st.booleans()):
        other = f'<p class="x">{other}</p><!-- note -->'
    return text, f"“{other}” "


@given(mangled())
@settings(deadline=None)
def test_mangling_keeps_the_fingerprint(pair):
    one, two = (fingerprint(text) for text in pair)
    assert (one.letters, one.sha, one.anchor) == (two.letters, two.sha, two.anchor)


@given(st.text(max_size=60))
@settings(deadline=None)
def test_letters_are_those_of_the_slow_definition(text):
    expected, where = [], []
    for i, character in enumerate(text):
        folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
        for c in folded:
            if c.isalnum():
                expected.append(ord(c))
                where.append(i)
    codes, places = letters_of(text)
    assert codes.tolist() == expected
    assert places.tolist() == where


@given(st.lists(st.integers(1, 0x10FFFF), min_size=1, max_size=80), st.integers(1, 20))
def test_rolling_hashes_do_not_depend_on_what_stands_before(values, length):
    codes = np.array(values, dtype=np.uint32)
    hashes = rolling_hashes(codes, length)
    assert len(hashes) == max(0, len(codes) - length + 1)
    for i, value in enumerate(hashes.tolist()):
        assert value == rolling_hashes(codes[i : i + length], length)[0]


def test_signs_around_are_counted_and_entities_resolved_twice():
    one = fingerprint("“A truce,” he said.")
    assert (one.lead, one.trail) == (1, 1)
    assert plain_text("AT&amp;amp;T <b>x</b>") == "AT&T x"
    assert fingerprint("…").letters == 0


LABELS_TEXT = pd.DataFrame(
    [
        {"part": "window", "outlet": "Our Gazette", "date": "2020-01-01", "first": r["stance"],
         "second": r["stance"], "context": "", **r}
        for r in make_claims().to_dict("records")
    ]
)  # fmt: skip


def with_contexts() -> pd.DataFrame:
    frame = LABELS_TEXT.copy()
    texts = dict(zip(frame["sentence_id"], frame["text"], strict=True))
    frame["context"] = [
        " ".join(texts[f"{a}:{q}"] for q in range(max(0, p - 3), p))
        for a, p in zip(frame["article_id"], frame["position"], strict=True)
    ]
    frame["holder"] = [
        h if h in t else "" for h, t in zip(frame["holder"], frame["text"], strict=True)
    ]
    return frame


@pytest.fixture(scope="module")
def labels():
    return stand_off(with_contexts(), {"m00": {"dataset": "d", "path": "p", "url": "u"}})


def articles() -> dict[str, str]:
    frame = with_contexts().drop_duplicates("sentence_id")
    return {str(a): " ".join(rows["text"]) for a, rows in frame.groupby("article_id")}


def tokenised(text: str) -> str:
    return text.replace(".", " .").replace(",", " ,").replace("'", " '")


def copies(folder, kind: str) -> None:
    """The miniature articles as another person might have them."""
    texts = articles()
    if kind == "text":
        for name, text in texts.items():
            broken = text.replace(" of ", "\n  of ").replace("—", "-")
            (folder / f"{name}.txt").write_text(broken, encoding="utf-8")
    elif kind == "html":
        body = "".join(f"<div><p>{html.escape(t).replace('The', 'The&#32;')}</p><p>Advert</p></div>"
                       for t in texts.values())  # fmt: skip
        (folder / "page.html").write_text(f"<html><body>{body}</body></html>", encoding="utf-8")
    elif kind == "json":
        content = {
            "articles": [{"id": n, "body": {"text": tokenised(t)}} for n, t in texts.items()]
        }
        (folder / "all.json").write_text(json.dumps(content), encoding="utf-8")
    elif kind == "jsonl.gz":
        lines = "\n".join(json.dumps({"t": t.upper()}) for t in texts.values())
        (folder / "all.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    elif kind == "csv in zip":
        buffer = io.StringIO()
        csv.writer(buffer).writerows([[n, f'He said "{t}"'] for n, t in texts.items()])
        with zipfile.ZipFile(folder / "all.zip", "w") as archive:
            archive.writestr("deep/all.csv", buffer.getvalue())
    else:
        content = "\n\n".join(
            t.replace(" killed", " [killed](http://x.y/z)") for t in texts.values()
        )
        (folder / "all.md").write_text(content, encoding="utf-8")


@pytest.mark.parametrize("kind", ["text", "html", "json", "jsonl.gz", "csv in zip", "markdown"])
def test_mangled_copies_are_found_to_the_last_sentence(tmp_path, labels, kind):
    copies(tmp_path, kind)
    searcher = Searcher([f for label in labels for f in sentence_fingerprints(label)])
    for _, text in iterate_texts(tmp_path):
        searcher.search(text)
    rows, missing = recover_rows(labels, searcher.found)
    assert missing == []
    assert len(rows) == len(labels)
    original = with_contexts()
    for row, text, holder in zip(rows, original["text"], original["holder"], strict=True):
        assert fingerprint(str(row["text"])).sha == fingerprint(text).sha
        assert fingerprint(str(row["holder"])).sha == fingerprint(holder).sha


def test_an_unmangled_copy_gives_back_every_character(tmp_path, labels):
    original = with_contexts()
    path = tmp_path / "same.jsonl"
    original[["text", "context"]].to_json(path, orient="records", lines=True)
    searcher = Searcher([f for label in labels for f in sentence_fingerprints(label)])
    for _, text in iterate_texts(path):
        searcher.search(text)
    rows, _ = recover_rows(labels, searcher.found)
    for column in ("sentence_id", "text", "context", "holder", "stance", "actor", "part"):
        assert [r[column] for r in rows] == original[column].tolist(), column


def test_labels_hold_no_word_of_the_text(labels):
    content = json.dumps(labels)
    words = {w for t in LABELS_TEXT["text"] for w in t.split() if len(w) > 7}
    assert words
    assert not [w for w in words if w in content]


def test_short_sentences_are_found_behind_another_and_nowhere_else():
    first = "The ministers met again in the capital to speak about the truce."
    wanted = [fingerprint(first), fingerprint('"No."')]
    searcher = Searcher(wanted)
    searcher.search("No. Nobody came.")
    assert searcher.found == {}
    searcher.search(f'{first} "No." Nobody came.')
    assert searcher.found == {wanted[0].sha: first, wanted[1].sha: '"No."'}


def benchmark_searcher() -> Searcher:
    labels = read_standoff(ROOT / "data").to_dict("records")
    return Searcher([f for label in labels for f in sentence_fingerprints(label)])


def test_nothing_of_the_benchmark_is_in_the_corpus():
    searcher = benchmark_searcher()
    frame = load_corpus(ROOT / "data")
    searcher.search("\n".join([*frame["text"], *frame["title"]]))
    assert searcher.found == {}


@pytest.mark.slow
def test_no_false_hit_in_a_hundred_million_characters_of_random_prose():
    searcher = benchmark_searcher()
    words = np.array(sorted({w for t in load_corpus(ROOT / "data")["text"] for w in t.split()}))
    rng = np.random.default_rng(0)
    while searcher.characters < 100_000_000:
        searcher.search(" ".join(words[rng.integers(0, len(words), 1_500_000)]))
    assert searcher.found == {}


def test_texts_longer_than_a_chunk_are_searched_across_the_seam(monkeypatch):
    monkeypatch.setattr("ceasefire_stance.reading.recovery.CHUNK", 500)
    monkeypatch.setattr("ceasefire_stance.reading.recovery.OVERLAP", 120)
    sentence = "The ministers met again in the capital to speak about the truce."
    for shift in range(380, 520, 7):
        searcher = Searcher([fingerprint(sentence)])
        searcher.search("x" * shift + f" {sentence} " + "y" * 400)
        assert list(searcher.found.values()) == [sentence]


def test_what_cannot_be_read_is_passed_over(tmp_path):
    (tmp_path / "x.png").write_bytes(b"\x89PNG")
    (tmp_path / "x.bin").write_bytes(b"a\0b")
    (tmp_path / "x.gz").write_bytes(b"\x1f\x8bbroken")
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04broken")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.txt").write_text("hidden", encoding="utf-8")
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9")
    (tmp_path / "cut.json").write_text('{"t": "caf\\u00e9 \\"x\\"\\n', encoding="utf-8")
    texts = dict(iterate_texts(tmp_path))
    assert sorted(name.rsplit("/", 1)[1] for name in texts) == ["cut.json", "latin.txt"]
    assert "café" in texts[str(tmp_path / "latin.txt")]
    assert 'café "x"' in texts[str(tmp_path / "cut.json")]
    with pytest.raises(DataError, match="no such file or folder"):
        list(iterate_texts(tmp_path / "absent"))


@pytest.fixture
def folder(tmp_path, claims):
    save_corpus(claims, tmp_path / "data", "0.0.1")
    file = tmp_path / "set.jsonl"
    with_contexts().to_json(file, orient="records", lines=True)
    sources = tmp_path / "sources.jsonl"
    sources.write_text('{"article_id": "m00", "dataset": "d", "path": "p"}\n', encoding="utf-8")
    options = ["--sources", str(sources), "--data", str(tmp_path / "data")]
    assert main(["real-news", "standoff", str(file), *options]) == 0
    return tmp_path


def test_the_command_rebuilds_and_says_what_is_missing(folder, capsys):
    options = ["--data", str(folder / "data"), "--out", str(folder / "out.jsonl")]
    assert main(["real-news", "rebuild", str(folder / "set.jsonl"), *options]) == 0
    assert "144 of 144 sentences found (100.0%)" in capsys.readouterr().out
    part = folder / "part.txt"
    part.write_text(articles()["m01"], encoding="utf-8")
    (folder / "out.jsonl").unlink()
    assert main(["real-news", "rebuild", str(part), *options]) == 3
    output = capsys.readouterr()
    assert "m00: 0 of 6 found; Our Gazette 2020-01-01 d p" in output.out
    assert "--partial" in output.err
    assert not (folder / "out.jsonl").exists()
    assert main(["real-news", "rebuild", str(part), *options, "--partial"]) == 0
    frame = pd.read_json(folder / "out.jsonl", lines=True)
    assert share_found(frame) == pytest.approx(6 / 144, abs=1e-4)
    nothing = folder / "nothing.txt"
    nothing.write_text("Nothing to see.", encoding="utf-8")
    assert main(["real-news", "rebuild", str(nothing), *options, "--partial"]) == 3


def test_scores_on_a_part_carry_the_share_in_their_name(folder, capsys, corpus, experiments_file):
    model = str(folder / "model")
    train = ["--data", str(corpus), "--experiments", str(experiments_file), "--out", model]
    assert main(["train", "keyword-rules", *train]) == 0
    part = folder / "part.txt"
    part.write_text(" ".join(articles()[k] for k in ("m01", "m02")), encoding="utf-8")
    out = str(folder / "out.jsonl")
    options = ["--data", str(folder / "data"), "--out", out, "--partial"]
    assert main(["real-news", "rebuild", str(part), *options]) == 0
    capsys.readouterr()
    assert main(["evaluate", model, "--real-news", out]) == 0
    assert capsys.readouterr().out.startswith("PARTIAL REAL NEWS, 8.3% OF THE SENTENCES FOUND")


def test_a_corpus_without_the_labels_says_so(corpus):
    with pytest.raises(DataError, match="stand-off labels"):
        read_standoff(corpus)


@pytest.mark.skipif(not REAL_NEWS.is_file(), reason="the texts are not part of the project")
def test_a_copy_of_the_articles_gives_the_published_figures_to_the_digit(tmp_path, capsys):
    out = str(tmp_path / "real-news.jsonl")
    data = str(ROOT / "data")
    assert main(["real-news", "rebuild", str(REAL_NEWS), "--data", data, "--out", out]) == 0
    capsys.readouterr()
    assert main(["evaluate", "fast", "--real-news", out, "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    model = json.loads((ROOT / "models" / "fast" / "model.json").read_text(encoding="utf-8"))
    name = model["recipe"]["name"]
    published = json.loads((ROOT / "reports" / name / "metrics.json").read_text(encoding="utf-8"))
    expected = published["sets"]["real_news_all"]
    for task in ("four_way", "three_way", "detection"):
        assert scores[task]["confusion"] == expected[task]["confusion"]
        assert scores[task]["macro_f1"] == expected[task]["macro_f1"]


def test_digests_are_of_utf8():
    # SHA-256 of "abc" begins ba7816bf 8f01cfea 414140de 5dae2223.
    assert digest(letters_of("A-b c!")[0]) == "ba7816bf8f01cfea414140de5dae2223"
