from __future__ import annotations

import pandas as pd
import pytest

from ceasefire_stance.evaluation.slices import contrast_consistency, slice_columns


def aligned(*rows):
    return pd.DataFrame(list(rows), columns=["article_id", "stance", "predicted"])


def test_contrast_consistency_is_that_counted_by_hand():
    rows = aligned(
        # Wholly right.
        ("g1.a", "accepts", "accepts"),
        ("g1.b", "rejects", "rejects"),
        # One of three right, over two articles of the group.
        ("g2.a", "accepts", "accepts"),
        ("g2.b", "rejects", "accepts"),
        ("g2.b", "none", "accepts"),
        # A name with a full stop of its own: the last one parts group and member.
        ("v1.g2.a", "none", "none"),
        ("v1.g2.b", "conditional", "none"),
        # Wholly wrong.
        ("v1.g3.a", "none", "rejects"),
    )
    found = contrast_consistency(rows, resamples=200)
    assert found["n_groups"] == 4
    assert found["all_right"]["value"] == pytest.approx(1 / 4)
    assert found["mean_right"] == pytest.approx((1 + 1 / 3 + 1 / 2 + 0) / 4, abs=1e-6)
    assert 0 <= found["all_right"]["low"] <= 1 / 4 <= found["all_right"]["high"] <= 1


def test_contrast_consistency_does_not_hang_on_the_order_of_rows():
    rows = aligned(
        ("g1.a", "accepts", "accepts"), ("g2.a", "none", "none"), ("g1.b", "none", "rejects"),
        ("g2.b", "rejects", "rejects"),
    )  # fmt: skip
    assert contrast_consistency(rows) == contrast_consistency(rows.iloc[::-1])
    assert contrast_consistency(rows)["all_right"]["value"] == pytest.approx(1 / 2)


def test_a_model_that_is_always_right_is_wholly_consistent():
    rows = aligned(("g1.a", "accepts", "accepts"), ("g2.a", "none", "none"))
    found = contrast_consistency(rows, resamples=50)
    assert found["all_right"] == pytest.approx({"value": 1, "low": 1, "high": 1})
    assert found["mean_right"] == 1


def test_sentences_are_cut_by_length_naming_speech_and_conflict():
    rows = pd.DataFrame(
        {
            "text": ["A truce, he said.", "“No,” he said " + "again and " * 10 + "again."],
            "conflict": ["Island war", "Marsh war"],
        }
    )
    cuts = slice_columns(rows, ["Island war"])
    assert cuts["length"].tolist() == ["≤ 12 words", "21–30"]
    assert cuts["names a ceasefire"].tolist() == ["yes", "no"]
    assert cuts["direct speech"].tolist() == ["no", "yes"]
    assert cuts["conflict"].tolist() == ["seen", "unseen"]
