from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from ceasefire_stance.corpus.stances import STANCES
from ceasefire_stance.evaluation import annotator_agreement
from ceasefire_stance.evaluation.agreement import (
    agreement_by,
    cohen_kappa,
    corpus_agreement,
    krippendorff_alpha,
)


def test_alpha_by_hand():
    # Two coders, ten binary units.
    table = np.array([[5.0, 1.0], [3.0, 1.0]])
    # Coincidences: o00 = 10, o01 = o10 = 4, o11 = 2; n0 = 14, n1 = 6, n = 20.
    # 1 - (n - 1) * 4 * 2 / (2 * 14 * 6) = 1 - 19 * 8 / 168
    assert krippendorff_alpha(table) == pytest.approx(1 - 19 * 8 / 168)


def test_kappa_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    a, b = rng.choice(STANCES, 50), rng.choice(STANCES, 50)
    table = pd.crosstab(a, b).to_numpy(float)
    assert cohen_kappa(table) == pytest.approx(cohen_kappa_score(a, b))


def test_agreement_leaves_out_and_counts_sentences_with_several_stances():
    frame = pd.DataFrame(
        {
            "article_id": ["x", "x", "y", "y", "z"],
            "label_a": ["none", "accepts", "rejects", "none", "accepts,rejects"],
            "label_b": ["none", "accepts", "conditional", "accepts", "accepts"],
        }
    )
    result = annotator_agreement(frame, resamples=50)
    assert result["n_several"] == 1
    assert result["four_way"]["n_sentences"] == 4
    assert result["three_way"]["n_sentences"] == 2
    assert result["detection"]["confusion"] == [[2, 0], [1, 1]]


def test_sentences_nobody_has_read_are_left_out():
    claims = pd.DataFrame(
        {
            "sentence_id": ["a", "b", "b", "c"],
            "article_id": ["x", "x", "x", "y"],
            "stance": ["none", "accepts", "accepts", "rejects"],
            "label_a": ["none", "accepts", "accepts", ""],
            "label_b": ["", "rejects", "rejects", ""],
        }
    )
    result = corpus_agreement(claims)
    assert result["labels_and_reader"]["four_way"]["n_sentences"] == 2
    assert result["labels_and_reader"]["four_way"]["confusion"][0][0] == 1
    assert result["two_readers"]["three_way"]["confusion"] == [[0, 0, 1], [0, 0, 0], [0, 0, 0]]
    assert corpus_agreement(claims.assign(label_a="", label_b="")) == {}


def test_full_agreement_is_one():
    frame = pd.DataFrame({"article_id": list("wxyz"), "label_a": STANCES, "label_b": STANCES})
    result = annotator_agreement(frame, resamples=20)
    assert result["four_way"]["alpha"]["value"] == 1
    assert result["four_way"]["kappa"]["value"] == 1


def test_agreement_is_given_for_each_part_that_two_have_read():
    n = 70
    stances = list(STANCES) * n
    part = pd.DataFrame(
        {
            "sentence_id": [f"a{i}" for i in range(n)],
            "article_id": [f"x{i % 7}" for i in range(n)],
            "writer": "A",
            "label_a": stances[:n],
            "label_b": stances[:n],
        }
    )
    # B's readers never agree; of C's sentences too few, of D's none were read twice.
    other = part.assign(
        sentence_id="b" + part["sentence_id"], writer="B", label_b=stances[1 : n + 1]
    )
    few = part.head(59).assign(sentence_id="c" + part["sentence_id"], writer="C")
    once = part.assign(sentence_id="d" + part["sentence_id"], writer="D", label_b="")
    # A sentence with two claims counts once; B is the larger for one sentence more.
    more = other.head(1).assign(sentence_id="e")
    claims = pd.concat([part, part.head(5), other, more, few, once], ignore_index=True)
    found = agreement_by(claims, "writer")
    assert list(found) == ["B", "A"]
    assert found["A"]["n_sentences"] == 70
    assert found["B"]["n_sentences"] == 71
    assert found["A"]["alpha"]["value"] == 1
    assert found["B"]["alpha"]["value"] < 0
    assert list(agreement_by(claims, "writer", least=59)) == ["B", "A", "C"]
    assert agreement_by(claims.assign(label_a=""), "writer") == {}
