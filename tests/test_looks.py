from __future__ import annotations

from ceasefire_stance.evaluation.looks import add_looks, count_looks, read_looks


def test_nothing_was_looked_at_before_the_first_look(tmp_path):
    assert count_looks(read_looks(tmp_path)) == 0


def test_every_configuration_is_counted_once_per_corpus(tmp_path):
    add_looks(tmp_path, "one", [("words", 1), ("curve", 96)])
    add_looks(tmp_path, "one", [("words", 1), ("cues", 1)])
    add_looks(tmp_path, "two", [("words", 1)])
    looks = read_looks(tmp_path)
    assert looks["what"].tolist() == ["words", "curve", "cues", "words"]
    assert count_looks(looks) == 99
