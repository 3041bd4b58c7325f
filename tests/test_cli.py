"""The command line as a user meets it: output, exit codes, files."""

from __future__ import annotations

import argparse
import io
import json
import shutil
import signal
import subprocess
import sys
from types import SimpleNamespace

import pandas as pd
import pytest

from ceasefire_stance.cli.main import build_parser, main
from ceasefire_stance.corpus.manifest import load_corpus
from ceasefire_stance.corpus.tables import read_table


@pytest.fixture(scope="module")
def model(corpus, experiments_file, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli") / "model"
    options = ["--data", str(corpus), "--experiments", str(experiments_file)]
    code = main(["train", "words", "--out", str(folder), *options])
    assert code == 0
    return str(folder)


def run(capsys, *arguments):
    code = main([str(a) for a in arguments])
    output = capsys.readouterr()
    return code, output.out, output.err


def test_an_article_is_split_and_every_sentence_gets_a_stance(capsys, model, tmp_path):
    path = tmp_path / "report.txt"
    path.write_text(
        "The government of Osk agreed to a ceasefire of 9 days and welcomed the plan. "
        "The rebels rejected any truce around Osk and vowed to fight on.\n"
        "Shelling near Osk killed 5 people.\n",
        encoding="utf-8",
    )
    code, out, _ = run(capsys, "predict", path, "--model", model)
    assert code == 0
    lines = [line.split()[:2] for line in out.splitlines() if line.startswith("report:")]
    assert lines == [
        ["report:0", "accepts"], ["report:1", "rejects"], ["report:2", "none"],
    ]  # fmt: skip
    assert out.splitlines()[-1] == "3 sentences: 1 accepts, 1 none, 1 rejects"
    code, out, _ = run(capsys, "predict", path, "--model", model, "--claims-only")
    assert "report:2" not in out


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".tsv"])
def test_tables_keep_order_ids_and_columns(capsys, model, tmp_path, suffix):
    frame = pd.DataFrame(
        {
            "id": ["z", "a"],
            "sentence_id": ["q2", "q1"],
            "text": ["Rebels rejected any truce.", "It rained."],
            "stance": ["theirs", "theirs"],
        }
    )
    source, target = tmp_path / f"in{suffix}", tmp_path / "out.parquet"
    if suffix == ".parquet":
        frame.to_parquet(source, index=False)
    elif suffix == ".jsonl":
        frame.to_json(source, orient="records", lines=True)
    else:
        frame.to_csv(source, index=False, sep="\t" if suffix == ".tsv" else ",")
    code, _, _ = run(capsys, "predict", source, "--model", model, "--out", target)
    out = pd.read_parquet(target)
    assert code == 0
    assert out["sentence_id"].tolist() == ["q2", "q1"]
    assert out["id"].tolist() == ["z", "a"]
    assert out["stance"].isin(["accepts", "conditional", "none", "rejects"]).all()
    assert out.filter(like="p_").sum(axis=1).round(6).eq(1).all()


def test_standard_input_is_one_sentence_a_line(capsys, model, monkeypatch):
    raw = io.BytesIO(b"The rebels rejected any truce. So there.\n\nIt rained.\n")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=raw))
    code, out, _ = run(capsys, "predict", "-", "--model", model, "--format", "jsonl")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [r["sentence_id"] for r in rows] == ["stdin:0", "stdin:1"]
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"")))
    code, _, err = run(capsys, "predict", "-", "--model", model)
    assert code == 3
    assert "nothing to read" in err


def test_several_files_make_one_table_with_unique_ids(capsys, model, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.txt").write_text("It rained.", encoding="utf-8")
    files = [tmp_path / "a" / "x.txt", tmp_path / "b" / "x.txt"]
    code, out, _ = run(capsys, "predict", *files, "--model", model, "--format", "csv")
    frame = pd.read_csv(io.StringIO(out))
    assert code == 0
    assert frame["sentence_id"].tolist() == ["x:0", "x:0#2"]


def test_parquet_needs_a_file(capsys, model, tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("It rained.", encoding="utf-8")
    assert run(capsys, "predict", path, "--format", "parquet", "--model", model)[0] == 2


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (b"text,stance\nx,accept\n", ["row 1", "'accept'", "--map-label accept=accepts"]),
        (b"", ["empty"]),
        (b"body,stance\nx,none\n", ["'text' is missing", "found body, stance"]),
        (b"text,stance\ncaf\xe9,none\n", ["line 2", "not UTF-8"]),
        (b"text,stance\nx,\n", ["row 1", "stance is empty"]),
        (b"text,stance\n,none\n", ["row 1", "text is empty"]),
        (b"text,stance,sentence_id\nx,none,a\ny,none,a\n", ["row 2", "'a'"]),
    ],
)
def test_bad_data_is_exit_3_with_file_row_and_remedy(capsys, tmp_path, content, parts):
    path = tmp_path / "mine.csv"
    path.write_bytes(content)
    code, out, err = run(capsys, "data", "validate", path)
    assert code == 3
    assert out == ""
    assert "mine.csv" in err
    assert "Traceback" not in err
    assert all(part in err for part in parts), err


def test_training_on_one_class_or_too_few_articles_is_exit_3(capsys, tmp_path, experiments_file):
    path = tmp_path / "mine.csv"
    options = ["--data", path, "--out", tmp_path / "m", "--experiments", experiments_file]
    path.write_text("text,stance\nx,none\ny,none\n", encoding="utf-8")
    code, _, err = run(capsys, "train", "words", *options)
    assert (code, "every label is 'none'" in err) == (3, True)
    rows = "x,none,a\ny,accepts,a\n" * 2
    path.write_text(f"text,stance,article_id\n{rows}", encoding="utf-8")
    code, _, err = run(capsys, "train", "words", *options)
    assert (code, "1 article(s) found" in err) == (3, True)
    assert not (tmp_path / "m").exists()
    path.write_text("text,stance,split\nx,none,training\ny,accepts,test\n", encoding="utf-8")
    code, _, err = run(capsys, "train", "words", *options)
    assert (code, "no sentences in split 'train'; found test, training" in err) == (3, True)
    code, _, err = run(capsys, "train", "magic", *options)
    assert (code, "is no recipe" in err) == (3, True)


def test_files_that_cannot_be_opened_or_written_are_no_traceback(capsys, tmp_path):
    code, _, err = run(capsys, "data", "build", tmp_path / "absent")
    assert (code, "expected the manifest" in err) == (3, True)
    table = tmp_path / "x.csv"
    table.write_text("text,stance\nx,none\n", encoding="utf-8")
    code, _, err = run(capsys, "data", "import", table, "--out", table / "y.csv")
    assert (code, "Check the path" in err) == (3, True)


def test_a_missing_or_altered_model_is_exit_4(capsys, model, tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("It rained.", encoding="utf-8")
    assert run(capsys, "predict", path, "--model", "absent")[0] == 4
    broken = tmp_path / "broken"
    shutil.copytree(model, broken)
    (broken / "model.skops").write_bytes(b"x")
    code, _, err = run(capsys, "predict", path, "--model", broken)
    assert code == 4
    assert "altered" in err


def test_users_bring_their_own_sentences(capsys, tmp_path):
    source, target = tmp_path / "mine.tsv", tmp_path / "ours.jsonl"
    source.write_text("sentence\tlabel\nx\taccept\ny\tNA\n", encoding="utf-8")
    options = ["--text-column", "sentence", "--label-column", "label", "--map-label"]
    code, out, _ = run(
        capsys, "data", "import", source, *options, "accept=accepts", "--out", target
    )
    assert code == 0
    assert "2 sentences" in out
    assert read_table(target)["stance"].tolist() == ["accepts", "none"]
    with pytest.raises(SystemExit) as caught:
        main(["data", "import", str(source), "--map-label", "accept", "--out", "x.csv"])
    assert caught.value.code == 2


def test_stats_of_a_corpus_and_of_a_table(capsys, corpus, tmp_path):
    code, out, _ = run(capsys, "data", "stats", corpus, "--plot", tmp_path / "c")
    assert code == 0
    assert "Northern war" in out
    assert {p.name for p in tmp_path.iterdir()} == {
        "c-mix.svg", "c-mix.png", "c-lengths.svg", "c-lengths.png",
    }  # fmt: skip
    code, out, _ = run(capsys, "data", "stats", corpus, "--json")
    assert json.loads(out)["all"]["sentences"] == 144


def test_validate_finds_repeats_across_splits(capsys, corpus, tmp_path):
    # The miniature corpus repeats its templates, which is what the check is for.
    code, out, _ = run(capsys, "data", "validate", corpus)
    assert "valid; 144 sentences" in out
    assert code in (0, 1)
    table = tmp_path / "twice.csv"
    row = "The truce in the north began at noon on Friday in the rain."
    table.write_text(f"text,stance,split\n{row},none,train\n{row},none,test\n", encoding="utf-8")
    code, out, _ = run(capsys, "data", "validate", table)
    assert code == 1
    assert "1 of them across splits" in out


def test_build_remakes_what_is_derived(capsys, corpus, tmp_path):
    folder = tmp_path / "c"
    shutil.copytree(corpus, folder)
    file = folder / "claims" / "test.jsonl"
    text = file.read_text(encoding="utf-8").replace("hospital workers", "doctors")
    file.write_text(text, encoding="utf-8")
    assert run(capsys, "data", "validate", folder)[0] == 3
    assert run(capsys, "data", "build", folder)[0] == 0
    assert load_corpus(folder)["text"].str.contains("doctors").sum() == 4


def test_evaluate_scores_models_and_anybodys_predictions(capsys, corpus, model, tmp_path):
    code, out, _ = run(capsys, "evaluate", model, "--data", corpus)
    assert code == 0
    assert "4-way" in out
    assert "claim detection" in out
    gold = load_corpus(corpus)
    gold = gold[gold["split"] == "test"]
    gold.to_json(tmp_path / "gold.jsonl", orient="records", lines=True)
    gold[["sentence_id", "stance"]].to_csv(tmp_path / "mine.csv", index=False)
    options = ["--gold", tmp_path / "gold.jsonl", "--predictions", tmp_path / "mine.csv"]
    code, out, _ = run(capsys, "evaluate", *options, "--json")
    assert json.loads(out)["four_way"]["macro_f1"]["value"] == 1
    assert run(capsys, "evaluate")[0] == 2
    code, _, err = run(capsys, "evaluate", model, "--data", corpus, "--split", "nowhere")
    assert (code, "no sentences in split" in err) == (3, True)


def test_evaluate_on_real_news(capsys, model, real_news):
    code, out, _ = run(capsys, "evaluate", model, "--real-news", real_news, "--json")
    assert code == 0
    assert json.loads(out)["n_sentences"] > 50


def test_bad_predictions_are_exit_3(capsys, tmp_path):
    gold = tmp_path / "gold.csv"
    gold.write_text("sentence_id,article_id,stance\na,a,none\n", encoding="utf-8")
    mine = tmp_path / "mine.csv"
    mine.write_text(
        "sentence_id,stance,p_accepts,p_conditional,p_none,p_rejects\na,none,x,0,1,0\n",
        encoding="utf-8",
    )
    code, _, err = run(capsys, "evaluate", "--gold", gold, "--predictions", mine)
    assert (code, "expected numbers" in err) == (3, True)
    gold.write_text("text,stance\na,none\n", encoding="utf-8")
    code, _, err = run(capsys, "evaluate", "--gold", gold, "--predictions", mine)
    assert (code, "expected the columns" in err) == (3, True)


def test_compare_needs_two_models(capsys, corpus, model, experiments_file, tmp_path):
    other = tmp_path / "rules"
    run(capsys, "train", "keyword-rules", "--data", corpus, "--out", other,
        "--experiments", experiments_file)  # fmt: skip
    code, out, _ = run(capsys, "compare", model, other, "--data", corpus)
    assert code == 0
    assert "McNemar" in out
    code, out, _ = run(capsys, "compare", model, other, "--data", corpus, "--json")
    assert len(json.loads(out)) == 1
    assert run(capsys, "compare", model)[0] == 2


def test_recipes_are_listed_with_the_shipped_one_marked(capsys, experiments_file):
    code, out, _ = run(capsys, "recipes", "--experiments", experiments_file)
    assert code == 0
    assert "words and cues (shipped)" in out


def test_reproduce_compares_and_fails_on_an_edited_number(
    capsys, corpus, real_news, experiments_file, tmp_path
):
    reports, readme = tmp_path / "reports", tmp_path / "README.md"
    readme.write_text("<!-- leaderboard -->\n<!-- /leaderboard -->\n", encoding="utf-8")
    options = ["--data", corpus, "--reports", reports, "--experiments", experiments_file]
    options += ["--readme", readme, "--reuse", tmp_path / "cache"]
    real = ["--real-news", real_news]
    assert run(capsys, "reproduce", *options, *real, "--update")[0] == 0
    assert "keyword-rules" in readme.read_text(encoding="utf-8")
    code, out, _ = run(capsys, "reproduce", *options, *real)
    assert code == 0
    assert "all numbers of 3 recipes are as published" in out
    for page in ("articles", "doubt", "explanations"):
        assert any(line.startswith(page) for line in out.splitlines())
    explanations = reports / "explanations" / "metrics.json"
    published = explanations.read_text(encoding="utf-8")
    explanations.write_text(published.replace('"claims": ', '"claims": 9'), "utf-8")
    assert run(capsys, "reproduce", *options, *real)[0] == 1
    explanations.write_text(published, "utf-8")
    code, out, _ = run(capsys, "reproduce", "majority", *options)
    assert code == 0
    assert "real-news figures were not checked" in out
    path = reports / "majority" / "metrics.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"training_sentences": ', '"training_sentences": 1'), "utf-8")
    code, _, err = run(capsys, "reproduce", *options, *real)
    assert code == 1
    assert "training_sentences" in err


def test_every_command_has_help_with_an_example_in_half_a_second():
    commands = ["predict", "train", "evaluate", "compare", "recipes", "reproduce", "data"]
    calls = [[c] for c in commands]
    calls += [["data", c] for c in ("validate", "stats", "import", "build")]
    heavy = "sklearn", "pandas", "datasets", "matplotlib"
    probe = (
        "import sys; from ceasefire_stance.cli.main import build_parser; build_parser(); "
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True
    )
    # What makes help slow is what it imports; that is tested, not the clock of a busy machine.
    assert loaded.stdout.strip() == "[]"
    for call in calls:
        done = subprocess.run(
            [sys.executable, "-m", "ceasefire_stance.cli.main", *call, "--help"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert "example:\n  ceasefire-stance" in done.stdout


def every_parser(parser):
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for one in action.choices.values():
                yield from every_parser(one)


def test_the_help_of_every_command_can_be_written():
    parsers = list(every_parser(build_parser()))
    assert len(parsers) > 15
    assert all("usage:" in one.format_help() for one in parsers)


def test_an_interrupt_is_exit_130_and_leaves_nothing_half_written(tmp_path):
    code = (
        # A shell that runs the tests in the background lets its children ignore the signal.
        "import signal, sys, time; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from ceasefire_stance.cli import main, predicting; "
        "from ceasefire_stance.corpus.atomic import whole_file\n"
        "def slow(arguments):\n"
        f"    with whole_file({str(tmp_path / 'out.csv')!r}) as t:\n"
        "        t.write_text('half'); print('ready', flush=True); time.sleep(60)\n"
        "predicting.predict = slow\n"
        "sys.exit(main.main(['predict', 'x.txt']))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "interrupted" in err
    assert list(tmp_path.iterdir()) == []


def test_an_unexpected_error_is_not_hidden(monkeypatch, capsys):
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("ceasefire_stance.cli.learning.experiments_of", fail)
    with pytest.raises(ZeroDivisionError):
        main(["recipes"])


@pytest.mark.parametrize(
    ("options", "folder", "parse"),
    [
        ([], "models/holders", False),
        (["--parser", "spacy"], "models/holders-parsed", True),
        (["--parser", "spacy", "--out", "mine"], "mine", True),
    ],
)
def test_holder_models_with_and_without_a_parser_have_folders_of_their_own(
    corpus, monkeypatch, capsys, tmp_path, options, folder, parse
):
    asked = []
    monkeypatch.setattr(
        "ceasefire_stance.experiments.articles.train_holders_to_folder",
        lambda data, out, scores, *, parse: asked.append((out, scores, parse)),
    )
    given = ["--data", str(corpus), "--reports", str(tmp_path), *options]
    assert main(["train-holders", *given]) == 0
    assert asked == [(folder, {}, parse)]
    assert capsys.readouterr().out == f"{folder}: holder model\n"
