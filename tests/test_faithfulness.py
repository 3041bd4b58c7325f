from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.stances import PROBABILITY_COLUMNS
from ceasefire_stance.evaluation.explanation_figures import draw_deletion, draw_importances
from ceasefire_stance.evaluation.faithfulness import FRACTIONS, deletion_curve
from ceasefire_stance.learning.explaining import without


def predict(frame: pd.DataFrame) -> pd.DataFrame:
    """0.9 for rejects while the sentence has "no", otherwise 0.1."""
    p = np.array([0.9 if "no" in t.rstrip(".").split() else 0.1 for t in frame["text"]])
    rest = (1 - p) / 3
    return pd.DataFrame(
        np.column_stack([rest, rest, rest, p]), columns=list(PROBABILITY_COLUMNS)
    ).assign(sentence_id=frame["sentence_id"].to_numpy())


def weighed(text: str, **weights: float) -> list[tuple[str, int, int, float]]:
    out, at = [], 0
    for word in text.rstrip(".").split():
        start = text.index(word, at)
        at = start + len(word)
        out.append((word, start, at, weights.get(word, 0.0)))
    return out


TEXTS = [f"{a} no to it was all they said at {b}." for a in ("One", "Two") for b in ("noon", "ten")]
SENTENCES = pd.DataFrame({"article_id": ["a", "a", "b", "c"], "text": TEXTS, "context": ""})


def curve_of(no: float = 1.0, **options):
    return deletion_curve(
        predict, SENTENCES, [weighed(t, no=no) for t in TEXTS], without, **options
    )


def test_a_faithful_order_falls_at_once():
    curve = curve_of()
    # Ten words: the first tenth removed is the one word that matters.
    assert [c["value"] for c in curve["guided"]] == pytest.approx([0.9] + [0.1] * 10)
    assert curve["random"][0]["value"] == pytest.approx(0.9)
    assert curve["random"][-1]["value"] == pytest.approx(0.1)
    assert curve["area"]["value"] > 0.1
    assert curve["area"]["low"] > 0


def test_the_decision_need_not_be_the_most_probable_stance():
    usual, other = curve_of(), curve_of(decisions=["none"] * len(TEXTS))
    assert usual["per_stance"]["rejects"]["support"] == other["per_stance"]["none"]["support"] == 4
    assert usual["guided"][0]["value"] == pytest.approx(0.9)
    assert other["guided"][0]["value"] == pytest.approx(0.1 / 3, abs=1e-6)


def test_the_area_is_the_one_that_is_found_by_hand():
    sentences, text = SENTENCES.iloc[:1].assign(text="no"), "no"
    # One word goes at six tenths in any order: nothing between the curves.
    assert deletion_curve(predict, sentences, [weighed(text)], without)["area"]["value"] == 0
    worst, best = curve_of(-1.0, orders=2), curve_of(1.0, orders=2)
    # Between removing the word last (0.9 up to 0.9 of the words) and first (0.9 at 0 only): nine
    # tenths of the width at a height of 0.8. The random orders are the same and cancel.
    assert best["area"]["value"] - worst["area"]["value"] == pytest.approx(0.9 * 0.8, abs=1e-5)
    assert worst["area"]["value"] < 0


def test_random_orders_are_seeded():
    assert curve_of(seed=1) == curve_of(seed=1)
    assert curve_of(seed=1, orders=1)["random"] != curve_of(seed=2, orders=1)["random"]


def test_the_first_decision_is_followed_though_it_changes():
    seen = []

    def watched(frame: pd.DataFrame) -> pd.DataFrame:
        seen.extend(frame["text"])
        return predict(frame)

    weights = [weighed(t, no=1.0) for t in TEXTS]
    curve = deletion_curve(watched, SENTENCES, weights, without, orders=1)
    assert curve["per_stance"]["rejects"]["support"] == 4
    assert list(curve["per_stance"]) == ["rejects"]
    assert "" not in seen
    assert "." in seen


def test_sentences_without_words_are_left_out():
    sentences = pd.concat(
        [SENTENCES, pd.DataFrame({"article_id": ["d"], "text": ["…"], "context": [""]})],
        ignore_index=True,
    )
    weights = [*[weighed(t, no=1.0) for t in TEXTS], []]
    curve = deletion_curve(predict, sentences, weights, without, rivals={"same": weights})
    assert (curve["n_sentences"], curve["n_articles"]) == (4, 3)


def test_the_context_stays_as_it_is():
    contexts = []

    def watched(frame: pd.DataFrame) -> pd.DataFrame:
        contexts.extend(frame["context"])
        return predict(frame)

    weights = [weighed(t) for t in TEXTS]
    deletion_curve(watched, SENTENCES.assign(context="Before."), weights, without, orders=1)
    assert set(contexts) == {"Before."}
    alone = deletion_curve(predict, SENTENCES.drop(columns="context"), weights, without)
    assert alone["n_sentences"] == 4


def test_weights_that_do_not_fit_are_refused():
    weights = [weighed(t) for t in TEXTS]
    with pytest.raises(DataError, match="3 sets of words for 4 sentences"):
        deletion_curve(predict, SENTENCES, weights[:3], without)
    with pytest.raises(DataError, match="row 1: the text has 'One' at 0–3; expected 'Two'"):
        deletion_curve(predict, SENTENCES, [weights[2], *weights[1:]], without)
    with pytest.raises(DataError, match="no sentence has a word"):
        deletion_curve(predict, SENTENCES, [[]] * 4, without)
    with pytest.raises(DataError, match="'article_id' is missing"):
        deletion_curve(predict, SENTENCES[["text"]], weights, without)


def test_rivals_with_other_words_are_refused():
    weights = [weighed(t) for t in TEXTS]
    for rival, message in (
        (weights[:3], "mine: 3 sets of words for 4 sentences"),
        ([weights[0][:-1], *weights[1:]], "mine, row 1: its words are not those"),
        ([weights[0][::-1], *weights[1:]], "mine, row 1: its words are not those"),
    ):
        with pytest.raises(DataError, match=message):
            deletion_curve(predict, SENTENCES, weights, without, rivals={"mine": rival})


def test_rivals_are_compared_on_the_same_sentences():
    ours, theirs = ([weighed(t, no=no) for t in TEXTS] for no in (1.0, -1.0))
    curve = deletion_curve(
        predict, SENTENCES, ours, without, rivals={"last": theirs, "same": ours}, resamples=20
    )
    # As above: the word last or first, nine tenths of the width at a height of 0.8.
    assert curve["rivals"]["last"]["lead"]["value"] == pytest.approx(0.9 * 0.8)
    assert curve["rivals"]["same"]["lead"] == {"value": 0, "low": 0, "high": 0}
    assert curve["rivals"]["same"]["curve"] == curve["guided"]
    assert curve["rivals"]["same"]["area"] == curve["area"]
    apart = curve["area"]["value"] - curve["rivals"]["last"]["area"]["value"]
    assert apart == pytest.approx(0.9 * 0.8, abs=1e-5)


def test_words_that_weigh_the_same_are_removed_in_reading_order():
    seen = []

    def watched(frame: pd.DataFrame) -> pd.DataFrame:
        seen.extend(frame["text"])
        return predict(frame)

    # The differences are what is left of a sum on another machine.
    even = [(w, a, b, 1e-12 * i) for i, (w, a, b, _) in enumerate(weighed("one two no"))]
    sentences = SENTENCES.iloc[:1].assign(text="one two no")
    deletion_curve(watched, sentences, [even], without, orders=1, resamples=5)
    assert "two no" in seen
    assert seen.index("two no") < seen.index("no")


def test_a_curve_is_plain_data_and_is_drawn():
    rivals = {"mine": [weighed(t, no=-1.0) for t in TEXTS]}
    curve = json.loads(json.dumps(curve_of(resamples=20, rivals=rivals)))
    ax = draw_deletion(curve, "Deletion")
    ours, mine, random = ax.lines
    assert list(ours.get_ydata()) == [c["value"] for c in curve["guided"]]
    assert list(mine.get_ydata()) == [c["value"] for c in curve["rivals"]["mine"]["curve"]]
    assert list(random.get_xdata()) == list(FRACTIONS)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["weightiest words first", "mine", "in random order"]
    figure = ax.get_figure()
    assert isinstance(figure, Figure)
    figure.canvas.draw()


def test_importances_are_drawn_a_panel_a_stance():
    rows = {
        "accepts": [{"feature": "agreed", "weight": 1.5}],
        "none": [{"feature": "truce", "weight": -0.5}],
    }
    first = draw_importances(rows, "Words", "log-odds", 5)
    panels = first.get_figure().axes
    names = [[t.get_text() for t in panel.get_yticklabels()] for panel in panels[:2]]
    assert names == [["agreed"], ["truce"]]
    assert panels[1].patches[0].get_width() == -0.5
    assert first.get_xlabel() == "log-odds"
