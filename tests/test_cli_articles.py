"""``article`` and ``timeline`` as a user meets them: output, exit codes, files."""

from __future__ import annotations

import io
import json
import sys
from types import SimpleNamespace

import pandas as pd
import pytest

from ceasefire_stance.articles.claims import CLAIM_COLUMNS
from ceasefire_stance.articles.events import EVENT_COLUMNS
from ceasefire_stance.articles.positions import POSITION_COLUMNS
from ceasefire_stance.cli.main import main
from ceasefire_stance.learning import ModelError

from .invented_war import actor_row, make_reader
from .test_pdfs import make_pdf

REPORT = """\
Norland agreed to the truce on Monday. Shells fell on the fish market of Elva.

“We will sign only if the siege ends,” said Eva Lund, an envoy of the Marsh Front.
Sudria said Norland had ruled out a longer truce last year.
"""
PAGE = """\
<html lang="en"><head><title>Marsh Front rejects the truce</title>
<meta name="date" content="2021-05-05"></head><body><article>
<h1>Marsh Front rejects the truce</h1>
<p>The Marsh Front rejected the truce on Wednesday, two days after it had said what it wanted. The
siege of Elva has gone on for nine weeks, and there has been no bread in the town since Sunday.</p>
<p>Norland welcomed the truce again, and its envoy flew to the Concord for talks.</p>
</article></body></html>
"""
OLD = "Sudria rejected the truce in the hills above the town on Sunday morning."
ROWS = (
    {"text": "Norland agreed to the truce.", "published": "2021-05-04", "outlet": "The Echo",
     "title": "Guns fall silent"},
    {"text": "Norland rejected the truce.", "published": "2021-05-04", "outlet": "The Post"},
)  # fmt: skip


@pytest.fixture(autouse=True)
def reader(monkeypatch):
    """Stances by keyword and the first named actor: what is tested is what is made of them."""
    asked = []

    def load_reader(model=None, actors=None, *, parse=False):
        asked.append((model, actors, "parsed") if parse else (model, actors))
        more = [actor_row("Northern Isles")] if actors else []
        return make_reader(more=more)

    monkeypatch.setattr("ceasefire_stance.articles.load_reader", load_reader)
    return asked


@pytest.fixture
def report(tmp_path):
    path = tmp_path / "report.txt"
    path.write_text(REPORT, encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path, report):
    """A text, a web page, a PDF, a table, a file of no known kind and an empty one."""
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    (tmp_path / "old.pdf").write_bytes(make_pdf([[(72, 700, 11, OLD)]]))
    (tmp_path / "more").mkdir()
    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    (tmp_path / "more" / "wires.jsonl").write_text(lines, encoding="utf-8")
    (tmp_path / "logo.png").write_bytes(b"\x89PNG")
    (tmp_path / "empty.txt").write_text("", encoding="utf-8")
    return tmp_path


def run(capsys, *arguments):
    code = main([str(a) for a in arguments])
    output = capsys.readouterr()
    return code, output.out, output.err


def test_the_table_names_each_actor_its_terms_and_its_evidence(capsys, report):
    code, out, err = run(capsys, "article", report)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "report"
    assert [line for line in lines if line and not line.startswith(" ")][1:] == [
        "Norland: accepts (0.94)", "Marsh Front: conditional (0.94)", "Sudria: rejects (0.19)",
    ]  # fmt: skip
    assert "  on what terms: only if the siege ends" in lines
    assert "  [0] accepts 0.94: Norland agreed to the truce on Monday." in lines
    assert any(line.startswith("  [3] rejects 0.94, past: Sudria said") for line in lines)
    assert "fish market" not in out


def test_an_article_without_a_claim_says_so_in_every_format(capsys, tmp_path):
    path = tmp_path / "rain.txt"
    path.write_text("It rained all day.", encoding="utf-8")
    code, out, _ = run(capsys, "article", path)
    assert code == 0
    assert "nobody's position toward a ceasefire was found" in out
    code, out, _ = run(capsys, "article", path, "--format", "json")
    assert (code, json.loads(out)) == (0, [])
    for shape, columns in (("csv", POSITION_COLUMNS), ("plover", EVENT_COLUMNS)):
        code, out, _ = run(capsys, "article", path, "--format", shape)
        assert (code, out) == (0, ",".join(columns) + "\n")
    code, out, _ = run(capsys, "article", path, "--format", "html")
    assert code == 0
    assert "It rained all day." in out
    path.write_text("* * *\n", encoding="utf-8")
    assert run(capsys, "article", path)[0] == 0


def test_rows_are_positions_or_claims(capsys, report):
    code, out, _ = run(capsys, "article", report, "--format", "csv")
    frame = pd.read_csv(io.StringIO(out), keep_default_na=False)
    assert code == 0
    assert tuple(frame.columns) == POSITION_COLUMNS
    assert frame["actor"].tolist() == ["Norland", "Marsh Front", "Sudria"]
    assert frame["position"].tolist() == ["accepts", "conditional", "rejects"]
    assert frame["evidence"].tolist() == ["report:0#0", "report:2#0", "report:3#0"]
    code, out, _ = run(capsys, "article", report, "--format", "csv", "--rows", "claims")
    frame = pd.read_csv(io.StringIO(out), keep_default_na=False)
    assert code == 0
    assert tuple(frame.columns) == CLAIM_COLUMNS
    text = REPORT
    for row in frame.to_dict("records"):
        assert text[row["start"] : row["end"]] == row["text"]
        assert text[row["holder_start"] : row["holder_end"]] == row["holder"]


def test_json_keeps_lists_and_letters(capsys, tmp_path):
    path = tmp_path / "élva.txt"
    path.write_text("Norland rejected the truce in Élva.", encoding="utf-8")
    code, out, _ = run(capsys, "article", path, "--format", "json")
    (row,) = json.loads(out)
    assert code == 0
    assert (row["article_id"], row["evidence"]) == ("élva", ["élva:0#0"])
    assert "élva" in out
    (row,) = json.loads(run(capsys, "article", path, "--format", "json", "--rows", "claims")[1])
    assert row["text"] == "Norland rejected the truce in Élva."


def test_parquet_keeps_types(capsys, report, tmp_path):
    target = tmp_path / "out.parquet"
    code, out, _ = run(capsys, "article", report, "--out", target)
    frame = pd.read_parquet(target)
    assert (code, out) == (0, "")
    assert tuple(frame.columns) == POSITION_COLUMNS
    assert frame["n_claims"].tolist() == [1, 1, 1]
    assert list(frame["evidence"].iloc[0]) == ["report:0#0"]


def test_plover_events_are_csv(capsys, report):
    code, out, _ = run(capsys, "article", report, "--format", "plover")
    frame = pd.read_csv(io.StringIO(out), keep_default_na=False)
    assert code == 0
    assert tuple(frame.columns) == EVENT_COLUMNS
    assert frame["event"].tolist() == ["AGREE", "REQUEST", "REJECT"]
    assert frame["mode"].tolist() == ["ceasefire", "conditional", "ceasefire"]
    assert frame["source_code"].tolist() == ["NRL", "", "SDR"]
    assert frame["context"].tolist() == ["", "only if the siege ends", ""]


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("out.html", "<!doctype html>"),
        ("out.htm", "<!doctype html>"),
        ("out.csv", "article_id,"),
        ("out.json", "["),
        ("out.txt", "report"),
        ("out", "report"),
    ],
)
def test_the_ending_of_the_file_tells_the_format(capsys, report, tmp_path, name, start):
    target = tmp_path / name
    code, out, _ = run(capsys, "article", report, "--out", target)
    assert (code, out) == (0, "")
    content = target.read_text(encoding="utf-8")
    assert content.lower().startswith(start)
    assert "Norland" in content
    assert content.endswith("\n")


@pytest.mark.parametrize("name", ["out.jsonl", "out.tsv", "out.doc"])
def test_an_unknown_ending_is_a_usage_error(capsys, report, tmp_path, name):
    code, _, err = run(capsys, "article", report, "--out", tmp_path / name)
    assert code == 2
    assert "expected a name in .csv" in err
    assert not (tmp_path / name).exists()


def test_the_page_holds_the_whole_article(capsys, report):
    code, out, _ = run(capsys, "article", report, "--format", "html")
    assert code == 0
    assert "Shells fell on the fish market of Elva." in out
    assert "Marsh Front" in out


def test_many_kinds_of_files_are_read_and_bad_ones_named(capsys, folder):
    code, out, err = run(capsys, "article", folder, "--format", "csv")
    frame = pd.read_csv(io.StringIO(out), keep_default_na=False)
    assert code == 0
    assert list(dict.fromkeys(frame["article_id"])) == [
        "more-wires-1", "more-wires-2", "old", "page", "report",
    ]  # fmt: skip
    rows = frame.set_index(["article_id", "actor"])
    assert rows.loc[("old", "Sudria"), "position"] == "rejects"
    assert rows.loc[("page", "Marsh Front"), "published"] == "2021-05-05"
    assert rows.loc[("more-wires-1", "Norland"), "outlet"] == "The Echo"
    (line,) = err.splitlines()
    assert line.startswith("left out: ")
    assert "empty.txt" in line
    assert "logo.png" not in err


def test_the_columns_of_a_table_can_be_named(capsys, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(
        "body,day,head\nNorland agreed to the truce.,2020-02-03,Guns rest\n", encoding="utf-8"
    )
    named = ["--text-column", "body", "--date-column", "day", "--title-column", "head"]
    code, out, _ = run(capsys, "article", path, *named, "--format", "json")
    (row,) = json.loads(out)
    assert code == 0
    assert (row["published"], row["title"]) == ("2020-02-03", "Guns rest")
    code, _, err = run(capsys, "article", path)
    assert code == 3
    assert "'text' is missing" in err


def test_standard_input_is_one_article(capsys, monkeypatch):
    raw = io.BytesIO(b"Norland rejected the truce. It rained.")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=raw))
    code, out, _ = run(capsys, "article", "-")
    assert code == 0
    assert out.splitlines()[0] == "stdin"
    assert "Norland: rejects" in out
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b" ")))
    code, _, err = run(capsys, "article", "-")
    assert code == 3
    assert "stdin: the file is empty" in err


def test_model_and_actors_are_handed_on(capsys, reader, tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("The Northern Isles rejected the truce.", encoding="utf-8")
    assert "Northern Isles: rejects" in run(capsys, "article", path, "--actors", "mine.csv")[1]
    assert "Northern Isles: rejects" in run(capsys, "article", path, "--model", "m")[1]
    assert reader == [(None, "mine.csv"), ("m", None)]


@pytest.mark.parametrize("command", [("article",), ("timeline", "--out", "page.html")])
def test_the_parser_is_asked_for_and_its_absence_has_the_exit_code_of_models(
    capsys, reader, report, monkeypatch, tmp_path, command
):
    monkeypatch.chdir(tmp_path)
    name, *rest = command
    assert run(capsys, name, report, "--parser", "spacy", *rest)[0] == 0
    assert reader == [(None, None, "parsed")]

    def load_reader(model, actors, *, parse):
        raise ModelError("expected the library spacy")

    monkeypatch.setattr("ceasefire_stance.articles.load_reader", load_reader)
    code, _, err = run(capsys, name, report, "--parser", "spacy", *rest)
    assert code == 4
    assert "expected the library spacy" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["article", "{folder}", "--format", "html"], "expected one"),
        (["article", "{report}", "--format", "parquet"], "needs --out FILE"),
        (["timeline", "{report}", "--out", "{folder}/x.docx"], "--out ends in '.docx'"),
        (["timeline", "{report}", "--out", "{folder}/x"], "--out ends in 'nothing'"),
    ],
)
def test_bad_usage_is_exit_2(capsys, folder, report, arguments, message):
    asked = [a.format(folder=folder, report=report) for a in arguments]
    code, out, err = run(capsys, *asked)
    assert (code, out) == (2, "")
    assert message in err
    assert not (folder / "x").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["article"],
        ["article", "x.txt", "--format", "docx"],
        ["article", "x.txt", "--rows", "sentences"],
        ["timeline", "x.txt"],
    ],
)
def test_usage_that_cannot_be_parsed_is_exit_2(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["article"], ["timeline", "--out", "t.csv"]])
def test_bad_data_is_exit_3_and_nothing_is_written(capsys, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *command, "absent.txt")
    assert (code, out) == (3, "")
    assert "absent.txt: no such file or folder" in err
    (tmp_path / "latin.txt").write_bytes("Élva".encode("latin-1"))
    code, _, err = run(capsys, *command, "latin.txt")
    assert code == 3
    assert "not UTF-8" in err
    assert "left out" not in err
    (tmp_path / "none").mkdir()
    code, _, err = run(capsys, *command, "none")
    assert (code, "no readable article" in err) == (3, True)
    # All of several are bad: each is named, and then that nothing was left.
    (tmp_path / "void.txt").write_text(" ", encoding="utf-8")
    code, _, err = run(capsys, *command, "latin.txt", "void.txt")
    assert code == 3
    assert err.count("left out: ") == 2
    assert "found no readable article" in err
    assert not (tmp_path / "t.csv").exists()


def test_the_shipped_models_read_an_article_with_actors_of_ones_own(capsys, tmp_path, monkeypatch):
    monkeypatch.undo()
    actors = tmp_path / "mine.csv"
    actors.write_text("name,kind\nNorland,state\nMarsh Front,armed group\n", encoding="utf-8")
    path = tmp_path / "x.txt"
    path.write_text(
        "Norland rejected the ceasefire on Monday. It rained in Elva.\n"
        "The Marsh Front said it would accept a truce only if the siege ended.\n",
        encoding="utf-8",
    )
    code, out, _ = run(capsys, "article", path, "--actors", actors, "--format", "json")
    assert code == 0
    assert {r["actor"]: (r["actor_kind"], r["position"]) for r in json.loads(out)} == {
        "Norland": ("state", "rejects"),
        "Marsh Front": ("armed group", "conditional"),
    }


def test_a_missing_model_is_exit_4_and_a_bad_table_of_actors_exit_3(capsys, report, monkeypatch):
    monkeypatch.undo()
    code, _, err = run(capsys, "article", report, "--model", "absent")
    assert (code, "no such model folder" in err) == (4, True)
    code, _, err = run(capsys, "article", report, "--actors", "absent.csv")
    assert (code, "absent.csv: no such file" in err) == (3, True)


def test_a_timeline_is_a_table_of_positions(capsys, folder):
    target = folder / "out.csv"
    code, out, _ = run(capsys, "timeline", folder, "--out", target)
    assert code == 0
    frame = pd.read_csv(target, keep_default_na=False)
    assert tuple(frame.columns) == POSITION_COLUMNS
    assert len(frame) == 8
    head, *changes = out.splitlines()
    assert head == (
        f"{target}: 5 articles, 8 positions of 3 actors, 1 changes, 1 disagreements between "
        "articles of one day"
    )
    assert changes == ["  2021-05-05 Norland: rejects → accepts"]


def test_a_timeline_as_json_tells_changes_and_disagreements(capsys, folder):
    target = folder / "out.json"
    assert run(capsys, "timeline", folder, "--out", target)[0] == 0
    content = json.loads(target.read_text(encoding="utf-8"))
    assert set(content) == {"positions", "changes", "disagreements"}
    first = content["positions"][0]
    assert first["evidence"] == ["more-wires-1:1#0"]
    assert first["n_claims"] == 1
    assert isinstance(first["confidence"], float)
    (change,) = content["changes"]
    assert (change["actor"], change["before"], change["after"]) == ("Norland", "rejects", "accepts")
    assert change["text_after"].startswith("Norland welcomed the truce again")
    (apart,) = content["disagreements"]
    assert apart["outlets"] == ["The Echo", "The Post"]
    assert apart["positions"] == ["accepts", "rejects"]


@pytest.mark.parametrize("suffix", [".svg", ".png", ".SVG"])
def test_a_timeline_is_drawn(capsys, folder, suffix):
    target = folder / f"drawn{suffix}"
    assert run(capsys, "timeline", folder, "--out", target)[0] == 0
    start = b"\x89PNG" if suffix == ".png" else b"<?xml"
    assert target.read_bytes().startswith(start)
    if suffix != ".png":
        assert "Marsh Front" in target.read_text(encoding="utf-8")
    assert [p.name for p in folder.glob("drawn*")] == [target.name]


def test_a_timeline_is_a_page(capsys, folder):
    target = folder / "out.html"
    assert run(capsys, "timeline", folder, "--out", target)[0] == 0
    page = target.read_text(encoding="utf-8")
    assert page.lower().startswith("<!doctype html>")
    assert "Norland" in page
    assert "2021-05-05" in page


def test_a_timeline_as_parquet(capsys, folder):
    target = folder / "out.parquet"
    assert run(capsys, "timeline", folder, "--out", target)[0] == 0
    assert len(pd.read_parquet(target)) == 8


@pytest.mark.parametrize("name", ["t.html", "t.csv", "t.json", "t.parquet", "t.svg"])
@pytest.mark.parametrize("text", ["It rained.", "Norland rejected the truce."])
def test_a_timeline_without_positions_or_without_dates_is_written(capsys, tmp_path, name, text):
    path = tmp_path / "x.txt"
    path.write_text(text, encoding="utf-8")
    code, out, _ = run(capsys, "timeline", path, "--out", tmp_path / name)
    assert code == 0
    found = int("Norland" in text)
    assert f"1 articles, {found} positions of {found} actors, 0 changes" in out
    assert (tmp_path / name).stat().st_size > 0
