from __future__ import annotations

import shutil

import pytest

from ceasefire_stance.corpus import DataError, load_corpus, read_claims, save_corpus
from ceasefire_stance.corpus.manifest import (
    corpus_fingerprint,
    frame_fingerprint,
    manifest_version,
    verify_manifest,
)


def test_a_saved_corpus_loads_with_context_and_splits(corpus, claims):
    sentences = load_corpus(corpus)
    assert len(sentences) == 144
    assert set(sentences["split"]) == {"train", "validation", "test", "challenge"}
    second = sentences[sentences["sentence_id"] == "m03:1"].iloc[0]
    first = sentences[sentences["sentence_id"] == "m03:0"].iloc[0]
    assert second["context"] == first["text"]
    assert len(read_claims(corpus)) == len(claims)


def test_an_altered_missing_or_extra_file_is_refused(corpus, tmp_path):
    folder = tmp_path / "c"
    shutil.copytree(corpus, folder)
    file = folder / "sentences" / "test.jsonl"
    original = file.read_text(encoding="utf-8")
    file.write_text(original.replace("truce", "lull"), encoding="utf-8")
    with pytest.raises(DataError, match="SHA-256"):
        load_corpus(folder)
    file.unlink()
    with pytest.raises(DataError, match="missing, but the manifest lists it"):
        verify_manifest(folder)
    file.write_text(original, encoding="utf-8")
    (folder / "claims" / "more.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(DataError, match="not in the manifest"):
        verify_manifest(folder)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda c: c.assign(stance="acept"), "has the stance 'acept'"),
        (lambda c: c.assign(split="holdout"), "has the split 'holdout'"),
        (lambda c: c.assign(text=" "), "has no text"),
        (lambda c: c.assign(split=["train", "test"] * (len(c) // 2) + ["test"]), "splits"),
    ],
)
def test_claims_that_make_no_sense_are_not_saved(claims, tmp_path, change, part):
    with pytest.raises(DataError, match=part):
        save_corpus(change(claims), tmp_path, "1")
    assert list(tmp_path.iterdir()) == []


def test_the_file_of_a_split_that_became_empty_goes(claims, tmp_path):
    save_corpus(claims, tmp_path, "1")
    save_corpus(claims[claims["split"] != "challenge"], tmp_path, "2")
    assert not (tmp_path / "claims" / "challenge.jsonl").exists()
    assert manifest_version(tmp_path) == "2"


def test_a_folder_without_a_manifest_is_refused(tmp_path):
    with pytest.raises(DataError, match="expected the manifest"):
        load_corpus(tmp_path)


def test_fingerprints_follow_the_content(corpus, claims):
    assert corpus_fingerprint(corpus).startswith("0.0.1-")
    changed = claims.assign(stance="none")
    assert frame_fingerprint(claims) != frame_fingerprint(changed)
