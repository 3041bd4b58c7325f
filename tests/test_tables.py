from __future__ import annotations

import datasets
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ceasefire_stance.corpus import DataError, read_table, write_table
from ceasefire_stance.corpus.tables import decode, render_table

CELL = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029\x85"),
    min_size=1,
    max_size=30,
)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25
)
@given(texts=st.lists(CELL, min_size=1, max_size=5))
def test_what_is_written_is_read_back(tmp_path, suffix, texts):
    frame = pd.DataFrame(
        {"text": texts, "stance": ["none", "NA", "null", "None", "nan"][: len(texts)]}
    )
    path = tmp_path / f"table{suffix}"
    write_table(frame, path)
    back = read_table(path)
    assert back["text"].tolist() == texts
    assert back["stance"].tolist() == frame["stance"].tolist()


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("x.csv", b"", "empty"),
        ("x.jsonl", b"\n", "empty"),
        ("x.csv", b"text\nna\xefve\n", "line 2: byte 0xef is not UTF-8"),
        ("x.jsonl", b"{bad\n", "line 1"),
        ("x.jsonl", b"[1]\n", "found a JSON list"),
        ("x.csv", b'text,stance\n"a,b,c\n', "x.csv"),
        ("x.parquet", b"no parquet", "not a readable Parquet file"),
        ("x.docx", b"zip", "the ending is '.docx'"),
    ],
)
def test_unreadable_files_are_bad_data(tmp_path, name, content, part):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=part.replace("(", r"\(")):
        read_table(path)


def test_missing_files_and_names_are_bad_data(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read_table(tmp_path / "absent.csv")


def test_a_local_dataset_is_read_with_its_class_names(tmp_path):
    rows = datasets.Dataset.from_dict({"text": ["x", "y"], "label": [1, 0]})
    rows = rows.cast_column("label", datasets.ClassLabel(names=["none", "accepts"]))
    folder = tmp_path / "mine"
    folder.mkdir()
    rows.to_parquet(str(folder / "train.parquet"))
    frame = read_table(str(folder))
    assert frame["label"].tolist() == ["accepts", "none"]
    assert frame["split"].tolist() == ["train", "train"]


def test_a_name_that_is_no_dataset_is_bad_data(tmp_path):
    with pytest.raises(DataError, match="neither a file nor a dataset"):
        read_table(str(tmp_path / "nothing-here"))


def test_a_byte_order_mark_is_no_part_of_the_text():
    assert decode(b"\xef\xbb\xbftext", "x") == "text"


def test_unknown_endings_are_not_written(tmp_path):
    with pytest.raises(DataError, match="expected one of"):
        write_table(pd.DataFrame({"a": [1]}), tmp_path / "x.xls")
    assert list(tmp_path.iterdir()) == []


def test_json_lines_hold_plain_values():
    frame = pd.DataFrame({"n": [1], "missing": [float("nan")], "flag": [True]})
    assert render_table(frame, ".jsonl") == '{"n": 1, "missing": null, "flag": true}\n'
