"""What a network says of mentions, beside the model that knows their place."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from ceasefire_stance.articles.holders import Ranked
from ceasefire_stance.articles.mentions import Mention
from ceasefire_stance.articles.tagging import (
    heard,
    mention_positions,
    network_in,
    position_of,
    tags_of,
    with_tagged,
)
from ceasefire_stance.learning.tuned import AveragedClassifier, TunedClassifier

TEXT = "Egypt proposed it and Hamas refused."
EGYPT, HAMAS = Mention(0, 5, "Egypt", "name", None), Mention(22, 27, "Hamas", "name", None)
TAGS = [(0, 5, np.array([0.9, 0.1, 0.0])), (22, 24, np.array([0.1, 0.0, 0.3])),
        (24, 27, np.array([0.0, 0.2, 0.8]))]  # fmt: skip


def test_a_mention_is_what_its_likeliest_token_is():
    assert mention_positions(EGYPT, TAGS).tolist() == [0.9, 0.1, 0.0]
    assert mention_positions(HAMAS, TAGS).tolist() == [0.1, 0.2, 0.8]
    assert mention_positions(Mention(30, 35, "other", "role", None), TAGS) is None


def test_the_network_moves_the_order_as_much_as_its_share_says():
    ranked = [Ranked(EGYPT, 0.9), Ranked(HAMAS, 0.1)]
    alone = heard(ranked, TAGS, share=0.0)
    assert [r.probability for r in alone] == pytest.approx([0.9, 0.1])
    whole = heard(ranked, TAGS, share=1.0)
    assert [r.probability for r in whole] == pytest.approx([0.9, 0.8])
    half = heard(ranked, TAGS, share=0.5)
    # The mean of log-odds: of 1/9 and 4 it is that of 2/3.
    assert half[1].probability == pytest.approx(0.4)
    assert [position_of(r) for r in half] == ["accepts", "rejects"]


def test_who_was_not_read_stays_as_ranked():
    far = Ranked(Mention(900, 905, "Qatar", "name", None), 0.7)
    assert heard([far], TAGS) == [far]
    assert position_of(far) is None


def test_a_network_that_sees_nobody_has_no_say_in_the_position():
    assert position_of(Ranked(HAMAS, 0.9, (0.1, 0.05, 0.19))) is None
    assert position_of(Ranked(HAMAS, 0.9, (0.1, 0.05, 0.21))) == "rejects"


def test_certainty_is_bounded():
    sure = heard([Ranked(HAMAS, 0.0)], [(22, 27, np.array([0.0, 0.0, 1.0]))], share=0.5)
    assert sure[0].probability == pytest.approx(0.5)


def test_the_network_is_found_where_there_is_one():
    network = TunedClassifier("somewhere")
    averaged = AveragedClassifier([("a", network)], [1.0])
    averaged.estimators_ = [network]
    # An unfitted one, as scikit-learn keeps beside its fitted clones, cannot be asked.
    assert network_in(network) is None
    network.network_ = "sha"
    assert network_in(network) is network
    assert network_in(Pipeline([("classifier", averaged)])) is network
    assert network_in(object()) is None
    assert tags_of(pd.DataFrame({"text": ["x"], "context": [""]}), object()) is None


def test_words_that_the_rules_pass_over_are_found_where_nobody_else_holds_anything():
    text = "In town several of the trustees agreed, Oslo said."
    oslo = Mention(40, 44, "Oslo", "name", None)
    own, other = np.array([0.8, 0.0, 0.1]), np.array([0.1, 0.0, 0.0])
    tags = [(3, 7, other), (8, 15, own), (16, 18, own), (19, 22, other), (40, 44, other)]
    found = with_tagged(text, [oslo], tags)
    assert [(m.text, m.kind) for m in found] == [("several of", "role"), ("Oslo", "name")]
    # A mention that the network takes for a holder is enough.
    assert with_tagged(text, [oslo], [*tags[:-1], (40, 44, own)]) == [oslo]
    # A sign is nobody.
    assert with_tagged(text, [oslo], [(38, 39, own)]) == [oslo]


def test_words_that_stand_for_others_are_pronouns():
    tags = [(0, 3, np.array([0.0, 0.9, 0.0]))]
    assert with_tagged("His answer is no.", [], tags)[0].kind == "pronoun"
    assert with_tagged("US wants it.", [], [(0, 2, tags[0][2])])[0].kind == "role"


def test_a_part_of_a_word_stands_for_the_word():
    found = with_tagged("The trustees agreed.", [], [(8, 12, np.array([0.9, 0.0, 0.0]))])
    assert [m.text for m in found] == ["trustees"]
