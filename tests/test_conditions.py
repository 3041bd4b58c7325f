from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceasefire_stance.articles.conditions import (
    clause_spans,
    condition_span,
    is_past,
    is_threat,
)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Kyiv agreed; Moscow wants terms.", ["Kyiv agreed", "Moscow wants terms."]),
        ("Kyiv agreed, but Moscow did not.", ["Kyiv agreed", "but Moscow did not."]),
        ("While A agreed, B refused.", ["While A agreed, B refused."]),
        ("A agreed while B refused.", ["A agreed", "while B refused."]),
        ("“We agree; we wait,” he said.", ["“We agree; we wait,” he said."]),
    ],
)
def test_clauses(text, parts):
    assert [text[a:b] for a, b in clause_spans(text)] == parts


@given(st.text(alphabet="ab ;,“”butwhileAND", max_size=60))
def test_clauses_are_in_order_and_apart(text):
    spans = clause_spans(text)
    assert all(a < b for a, b in spans)
    assert all(x[1] <= y[0] for x, y in pairwise(spans))


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("They would stop only if the siege were lifted.", "only if the siege were lifted"),
        ("It will not sign unless prisoners are freed, he said.", "unless prisoners are freed"),
        ("It will not sign unless they are freed, Eva Lund said.", "unless they are freed"),
        ("It will wait until they are freed, its envoy told us.", "until they are freed"),
        ("The army offered a halt in exchange for the captives.", "in exchange for the captives"),
        ("“No truce until they leave,” said the minister.", "until they leave"),
        ("The group is studying the text.", None),
        ("No truce until U.S. troops leave.", "until U.S. troops leave"),
        ("The premier must first be briefed by us.", "must first be briefed by us"),
        ("Officials said the side would push for guarantees.", "push for guarantees"),
    ],
)  # fmt: skip
def test_the_condition_is_given_in_its_own_words(text, condition):
    span = condition_span(text)
    assert (text[slice(*span)] if span else None) == condition


@pytest.mark.parametrize(
    ("text", "past"),
    [
        ("The minister has repeatedly rejected a truce.", True),
        ("He had turned down two offers.", True),
        ("Last year it refused.", True),
        ("The minister rejects a truce.", False),
        ("He had to wait.", False),
        ("The group said it had accepted the plan.", False),
        ("In 2022 the minister ruled it out.", True),
        ("The army has long demanded a truce.", False),
        ("They rejected it on Monday.", False),
    ],
)
def test_past_positions_are_told_from_present_ones(text, past):
    assert is_past(text) is past


@pytest.mark.parametrize(
    ("text", "threat"),
    [
        ("“If they say no, we shall have to think again,” he added.", True),
        ("If Sudria rejects the truce, the war goes on.", True),
        ("Should the Hill Army refuse, the envoy said, there would be sanctions.", True),
        ("There will be sanctions if the rebels do not accept.", True),
        # A condition of one's own yes, whoever has to meet it.
        ("Norland will stop if Sudria stops.", False),
        ("Norland will stop if the rebels leave the town.", False),
        ("It will agree unless it is attacked.", False),
    ],
)
def test_what_follows_if_others_refuse_is_a_threat(text, threat):
    assert is_threat(text) is threat
