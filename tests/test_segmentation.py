"""Sentences of news prose: a table of cases, and what holds for any text."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceasefire_stance.reading import Article, article_sentences
from ceasefire_stance.reading.segmentation import body_spans, sentence_spans

# Each case is a paragraph; "|" stands where a sentence has to end, and nowhere else.
CASES = (
    "The U.S. Embassy in Varn closed.| It opened again.",
    "He left the U.S.| He came back in May.",
    "The U.N. Secretary-General wrote to the U.S. President.| Nobody answered.",
    "U.S.-led forces left.| The U.K. and the E.U. met in Washington, D.C.| They agreed.",
    "Lt. Gen. Ivan Ostrow spoke first.| Brig. Gen. Sela followed.",
    "Gen. Will Harrow and Col. An Duc came.| Maj. In Lee did not.",
    "Sen. Will Marsh met Rep. Ana Two Moons, D-Calif., and Gov. Who Dares.| They ate.",
    "Mr. Orm and Mrs. Dell met Ms. Varn and Dr. An.| Prof. Holt was there.",
    "Capt. Foss, Sgt. Lee, Cmdr. Poe, Adm. Roe and Amb. Two Rivers signed.| It was late.",
    "Troops entered St. Orm and Ft. Marsh near Mt. Dell.| They stayed.",
    "He is the No. 2 man, not No. One.| Resolution No. 40 says so.",
    "Did they agree?| No.| They did not.",
    "Asked about a truce, the mayor said no.| George Holt disagreed.",
    "No.| Talks go on.",
    "“No. Talks are over,” he said.| He left.",
    "It began at 5 a.m. Friday and ended at 7 p.m. Sunday.| All was calm.",
    "It began at 5 a.m.| Fighting went on.",
    "They meet at 5 p.m. EST.| It is 5 p.m. Varn time.| They meet at 6 p.m. March 3.",
    "John F. Kennedy was quoted.| George W. Bush was not.| J. D. Holt met S. Lee.",
    "On Jan. 5, Feb. 6, Sept. 7 and Dec. 25 they met.| On Oct. 7 it ended.| Aug. 3 was quiet.",
    "On Mon. Feb. 3 they met.| On Tues. 4 they left.",
    "“We wait … And we see,” he said.| “Nothing more.”",
    '"We wait ... And we see," he said.| "Nothing more."',
    "“We wait... And we see what comes.| Then we go.",
    "The colonel paused...| He said no more.",
    "“There is no truce.”| He left.",
    '"There is no truce."| He left.',
    '"Is it over?" he asked.| "Yes."',
    'He said: "No."| "Yes," she said.',
    "“Enough!” she said.| “Stop!”",
    "He said: ‘I can’t.’| Then he left.",
    "“He said: ‘I can’t.’”| Then he left.",
    "“The guns are silent. We are glad,” she said.| They were.",
    "They left (the mayor stayed.)| Others came.",
    "He left in haste. )| Others came.",
    "He said so (Lt. Gen. Lee did not).| They left.",
    "About 3.5 million fled, or 12.5 percent.| Some 1.2 million came back.",
    "Orm Steel Inc. said it would pay.| Dell Corp. and Holt Co. Ltd. did not.",
    "KYIV, Ukraine (AP) — The army held its fire.| It was quiet.",
    "GENEVA, March 3 - The parties met.| They left.",
    "PORT-AU-PRINCE, Haiti, Jan. 3 (AP) -- Gangs met.| They left.",
    "MOSCOW, March 3. /TASS/. The parties met.| They left.",
    "MOSCOW. March 3 (Interfax) - The parties met.| They left.",
    "NATO ministers met.| They said no — and left.",
    "The group, i.e. the rebels, e.g. those of Orm vs. Varn, left.| Vol. 3 and p. 5 say so.",
    "Talks failed.|The army left.",
)


@pytest.mark.parametrize("case", CASES)
def test_sentences_end_where_a_reader_ends_them(case):
    expected = [piece.strip() for piece in case.split("|")]
    text = case.replace("|", "")
    assert [text[a:b] for a, b in sentence_spans(text)] == expected
    assert [text[a:b] for a, b in body_spans(text)] == expected


@pytest.mark.parametrize(
    ("line", "sentences"),
    [
        ("- The council agreed", ["The council agreed"]),
        ("• The council agreed. Orm did not.", ["The council agreed. Orm did not."]),
        ("* The council agreed.", ["The council agreed."]),
        ("  •The council agreed.", ["The council agreed."]),
        ("-5 degrees in Orm.", ["-5 degrees in Orm."]),
        ("**Orm** agreed.", ["**Orm** agreed."]),
        ("* * *", []),
        ("•", []),
        ("14:32 GMT", []),
        ("14:32 GMT The council agreed. Orm did not.", ["The council agreed.", "Orm did not."]),
        ("16:20 (GMT+3) A shell fell.", ["A shell fell."]),
        ("3.15pm", []),
        ("3.15pm BST The council agreed.", ["The council agreed."]),
        ("10.15 CET", []),
        ("7:30 p.m. ET: Orm agreed.", ["Orm agreed."]),
        ("09:12 — the council agreed.", ["the council agreed."]),
        ("09:12 “We agree,” it said.", ["“We agree,” it said."]),
        ("[09:12] The council agreed.", ["The council agreed."]),
        ("2h ago The council agreed.", ["The council agreed."]),
        ("2h ago", []),
        ("35 minutes ago", []),
        ("• 14:32 GMT — The council agreed.", ["The council agreed."]),
        ("2 hours ago Orm was quiet.", ["2 hours ago Orm was quiet."]),
        ("9:30 was the hour.", ["9:30 was the hour."]),
        ("14:32-15:00 Talks.", ["14:32-15:00 Talks."]),
        ("3.15 million people fled.", ["3.15 million people fled."]),
        ("25:61 Nothing.", ["25:61 Nothing."]),
    ],
)
def test_bullets_and_times_of_live_reports_belong_to_no_sentence(line, sentences):
    text = f"Before it.\n{line}\nBehind it."
    found = [text[a:b] for a, b in body_spans(text)]
    assert found == ["Before it.", *sentences, "Behind it."]


FRONTS = ("", "- ", "• ", "* ", "14:32 GMT ", "3.15pm ", "09:12 — ", "2h ago ", "• 14:32 GMT: ")
WORDS = st.lists(
    st.sampled_from(
        ["Orm", "said", "no.", "No.", "Gen.", "Will", "“We", "go.”", '"', ")", "(He", "left.)",
         "…", "5", "a.m.", "Friday", "U.S.", "!", "—", "MOSCOW,", "/TASS/.", "’", "\u2028", "é"]
    ),
    max_size=14,
)  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(FRONTS), WORDS), max_size=6))
def test_spans_are_ordered_and_disjoint_and_hold_every_letter_but_those_of_fronts(lines):
    # "Then" in front: what follows a time has to look like the start of a sentence.
    bodies = [" ".join(["Then", *words]) for _, words in lines]
    text = "\n".join(front + body for (front, _), body in zip(lines, bodies, strict=True))
    spans = body_spans(text)
    assert all(a < b for a, b in spans)
    assert all(one[1] <= two[0] for one, two in itertools.pairwise(spans))
    assert not any("\n" in text[a:b] or text[a:b] != text[a:b].strip() for a, b in spans)
    held = "".join(c for a, b in spans for c in text[a:b] if c.isalnum())
    assert held == "".join(c for c in "".join(bodies) if c.isalnum())


@given(st.text(max_size=300))
def test_of_any_text_the_spans_are_ordered_and_none_is_without_a_letter_or_figure(text):
    spans = body_spans(text)
    assert all(one[1] <= two[0] for one, two in itertools.pairwise(spans))
    assert all(any(c.isalnum() for c in text[a:b]) for a, b in spans)


BODY = "The council of Varn agreed. Orm did not.\nNobody knew what came next."


def test_the_title_is_the_first_sentence_and_stands_outside_the_text():
    frame = article_sentences(Article("a", BODY, "Varn  council offers truce", "2020-03-03"))
    assert frame["text"].tolist()[:2] == [
        "Varn council offers truce",
        "The council of Varn agreed.",
    ]
    assert frame["part"].tolist() == ["title", "body", "body", "body"]
    assert frame["position"].tolist() == [0, 1, 2, 3]
    assert frame["sentence_id"].tolist() == ["a:0", "a:1", "a:2", "a:3"]
    assert (frame.loc[0, "start"], frame.loc[0, "end"]) == (-1, -1)
    for row in frame[frame["part"] == "body"].itertuples():
        assert BODY[row.start : row.end] == row.text
    assert frame.loc[1, "context"] == "Varn council offers truce"
    assert set(frame["published"]) == {"2020-03-03"}


@pytest.mark.parametrize("title", ["", "  ", "THE COUNCIL of Varn agreed. Orm did not"])
def test_a_title_that_the_text_begins_with_or_that_is_unknown_adds_no_sentence(title):
    frame = article_sentences(Article("a", BODY, title))
    assert frame["part"].tolist() == ["body"] * 3
    assert frame["start"].min() == 0


def test_the_title_can_be_left_out_and_an_empty_article_has_no_rows():
    assert len(article_sentences(Article("a", BODY, "Truce"), title_as_sentence=False)) == 3
    empty = article_sentences(Article("a", ""))
    assert empty.empty
    assert {"part", "start", "context"} <= set(empty.columns)
    assert article_sentences(Article("a", "", "Truce"))["text"].tolist() == ["Truce"]
