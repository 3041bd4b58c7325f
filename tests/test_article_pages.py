from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceasefire_stance.articles import page_grid
from ceasefire_stance.articles.page_parts import STANCE_MEANINGS
from ceasefire_stance.articles.pages import article_page, timeline_page
from ceasefire_stance.evaluation import figures
from ceasefire_stance.reading import Article

# An invented war between invented parties. The tags, the ampersands and the letters outside ASCII
# (and outside the basic plane) are there to break what does not escape or miscounts.
TITLE = "Arvénie agrees to 30-day truce & rebels of the “Kestrel Front” balk <update>"
TEXT = """\
ORSK-SUR-MER, March 3 — 🕊️ The government of Arvénie on Sunday agreed to a truce of 30 days, \
hours after shells fell on the fish market of Orsk-sur-Mer. \
At least nine people were killed & 14 were hurt, the ministry of health said.

“We will lay down our guns only if the siege of Tålen is lifted first,” said Ilse Brandvær, the \
spokeswoman of the Kestrel Front. \
A week ago the front had rejected every truce “under any circumstances”.
Norland welcomed the decision, while the Kestrel Front refused to sign the text & its annex <A>. \
The mediator, Norland's envoy Per Aas, called the offer a step that <b>"nobody should waste"</b>.

“They can forget it,” she added when she was asked about the annex. \
Prices of bread in Tålen have doubled since January; the market's web page reads </script> and \
nothing else. \
President Aurel Věk had said in February that he would never stop before victory.
The United Towns urged both sides to silence their guns. \
Two convoys of flour & oil reached the east bank before dark. \
It is studying the map that Norland drew, a commander of the Kestrel Front told reporters. \
Fog closed the harbour on Monday.
"""
ARVENIA, FRONT, NORLAND = "Arvénie", "Kestrel Front", "Norland"
TOWNS = "<script>United & Towns</script>"
# sentence (its beginning), stance, probability, holder, actor, condition, source, when
CLAIMS = [
    ("", "accepts", 0.91, "Arvénie", ARVENIA, "", "others", "now"),
    ("", "rejects", 0.55, "rebels of the “Kestrel Front”", FRONT, "", "others", "now"),
    ("ORSK-SUR-MER", "accepts", 0.97, "The government of Arvénie", ARVENIA, "", "others", "now"),
    ("“We will lay", "conditional", 0.93, "Ilse Brandvær, the spokeswoman of the Kestrel Front",
     FRONT, "only if the siege of Tålen is lifted first", "self", "now"),
    ("A week ago", "rejects", 0.88, "the front", FRONT, "", "others", "past"),
    ("Norland welcomed", "accepts", 0.74, "Norland", NORLAND, "", "others", "now"),
    ("Norland welcomed", "rejects", 0.82, "the Kestrel Front", FRONT, "", "others", "now"),
    ("The mediator", "accepts", 0.61, "Norland's envoy Per Aas", NORLAND, "", "self", "now"),
    ("“They can forget", "rejects", 0.70, "she", FRONT, "", "self", "now"),
    ("President Aurel", "rejects", 0.66, "President Aurel Věk", ARVENIA, "before victory",
     "self", "past"),
    ("The United Towns", "accepts", 0.90, "The United Towns", TOWNS, "", "self", "now"),
    ("It is studying", "conditional", 0.58, "a commander of the Kestrel Front", FRONT, "", "self",
     "now"),
]  # fmt: skip
SENTENCE_END = re.compile(r"(?<=[.”>])(?<!it,”)(?<!first,”) |\n+")
KINDS = {
    ARVENIA: ("state", "ARV", "990", "991"),
    FRONT: ("armed group", "", "", ""),
    NORLAND: ("state", "NRL", "", ""),
}
SURE = 0.62
"""Claims below it are those of which the model is unsure: the second, the eighth and the last."""


@dataclass(frozen=True)
class OutletArticle(Article):
    outlet: str = "The Harbour Gazette"


def spans_of(text: str) -> list[tuple[int, int]]:
    cuts = [0, *(x for m in SENTENCE_END.finditer(text) for x in m.span()), len(text)]
    return [(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=True) if text[a:b].strip()]


def make_article() -> Article:
    return OutletArticle("news/3 <a>", TEXT, TITLE, "2031-03-03")


def make_claims(article: Article) -> pd.DataFrame:
    spans = spans_of(article.text)
    rows = []
    for i, (start, stance, p, holder, actor, condition, source, when) in enumerate(CLAIMS):
        if start:
            place = next(k for k, (a, _) in enumerate(spans) if article.text.startswith(start, a))
            a, b = spans[place]
            text = article.text[a:b]
            assert holder in text
            at_holder = a + text.find(holder)
            at_condition = a + text.find(condition) if condition else -1
        else:
            place, a, b, text, at_holder, at_condition = -1, -1, -1, article.title, -1, -1
        kind, iso3, cow, gwno = KINDS.get(actor, ("body", "", "", ""))
        rows.append(
            {
                "claim_id": f"c{i}&<", "sentence_id": f"{article.article_id}:{place + 1}",
                "article_id": article.article_id, "position": place + 1, "title": article.title,
                "published": article.published, "outlet": article.outlet, "text": text,
                "start": a, "end": b, "stance": stance, "probability": p, "holder": holder,
                "holder_start": at_holder,
                "holder_end": at_holder + len(holder) if at_holder >= 0 else -1,
                "actor": actor, "actor_kind": kind, "iso3": iso3, "cow": cow, "gwno": gwno,
                "abstained": p < SURE, "condition": condition,
                "condition_start": at_condition,
                "condition_end": at_condition + len(condition) if at_condition >= 0 else -1,
                "source": source, "when": when,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


POSITION_COLUMNS = [
    "article_id", "published", "outlet", "title", "actor", "actor_kind", "iso3", "cow", "gwno",
    "position", "confidence", "n_claims", "n_past", "n_reported", "n_unsure", "past_position",
    "condition", "evidence",
]  # fmt: skip
CHANGE_COLUMNS = [
    "actor", "before", "after", "date_before", "date_after", "article_before", "article_after",
    "text_before", "text_after",
]  # fmt: skip


def position_row(claims: pd.DataFrame, actor: str, position: str, **other: object) -> dict:
    own = claims[claims["actor"] == actor].sort_values("probability", ascending=False)
    first = own.iloc[0]
    keep = (
        "article_id",
        "published",
        "outlet",
        "title",
        "actor",
        "actor_kind",
        "iso3",
        "cow",
        "gwno",
    )
    return {k: first[k] for k in keep} | {
        "position": position, "confidence": 0.8,
        "n_claims": len(own), "n_past": int((own["when"] == "past").sum()),
        "n_reported": int((own["source"] == "others").sum()),
        "n_unsure": int(own["abstained"].sum()), "past_position": "",
        "condition": max(own["condition"], key=len),
        "evidence": own["claim_id"].tolist(),
    } | other  # fmt: skip


def make_positions(claims: pd.DataFrame) -> pd.DataFrame:
    rows = [
        position_row(claims, FRONT, "conditional", confidence=0.71, past_position="rejects"),
        position_row(claims, ARVENIA, "mixed", confidence=0.64),
        position_row(claims, NORLAND, "accepts", confidence=0.74),
        position_row(claims, TOWNS, "accepts", confidence=0.9),
    ]
    return pd.DataFrame(rows, columns=POSITION_COLUMNS)


def make_many(claims: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Positions of many days, made by hand, and the changes among them."""
    course = {
        FRONT: ["rejects", "rejects", "conditional", "mixed", "conditional", "accepts"],
        ARVENIA: ["rejects", "accepts", "accepts", "conditional", "accepts", "accepts"],
        NORLAND: ["accepts", "accepts", "", "accepts", "accepts", ""],
        TOWNS: ["", "", "accepts", "accepts", "", "conditional"],
    }
    days = ["2031-01-04", "2031-02-11", "2031-03-03", "2031-03-03", "2031-03-05", "2031-05-20"]
    rows = []
    for actor, stances in course.items():
        for i, (stance, day) in enumerate(zip(stances, days, strict=True)):
            if stance:
                n = 1 + i * 2 % 7
                other = {"published": day, "article_id": f"a{i}", "n_claims": n, "n_past": 0}
                other |= {"n_reported": 1}
                # The article of 5 March is all doubt.
                other |= {"n_unsure": n if day == "2031-03-05" else 0}
                title = TITLE if i == 2 else f"Report {i} on the talks in Orsk & elsewhere"
                rows.append(position_row(claims, actor, stance, **other, title=title))
    rows.append(position_row(claims, NORLAND, "accepts", published="", article_id="undated<1>"))
    rows.append(position_row(claims, FRONT, "rejects", published="in May", article_id="undated<1>"))
    changes = [
        [FRONT, "rejects", "conditional", days[1], days[2], "a1", "a2",
         "The Kestrel Front refused <flatly>.", CLAIMS[3][5] + " & then"],
        [ARVENIA, "conditional", "accepts", days[3], days[4], "a3", "a4",
         "Arvénie wanted guarantees.", "The government of Arvénie agreed."],
    ]  # fmt: skip
    positions = pd.DataFrame(rows, columns=POSITION_COLUMNS)
    return positions, pd.DataFrame(changes, columns=CHANGE_COLUMNS)


class Page(HTMLParser):
    """What a page holds: balanced tags, ids, links, and the text of marked elements."""

    VOID = frozenset(("meta", "br", "input", "link"))

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source
        self.stack: list[tuple[str, dict[str, str], list[str]]] = []
        self.elements: list[tuple[str, dict[str, str], str]] = []
        self.feed(source)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        attributes = {k: v or "" for k, v in attrs}
        assert len(attributes) == len(attrs), f"attribute twice in {tag}"
        if tag in self.VOID:
            self.elements.append((tag, attributes, ""))
        else:
            self.stack.append((tag, attributes, []))

    def handle_startendtag(self, tag: str, attrs: list) -> None:
        self.elements.append((tag, dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        opened, attributes, text = self.stack.pop()
        assert opened == tag
        self.elements.append((tag, attributes, "".join(text)))

    def handle_data(self, data: str) -> None:
        # The numbers of notes are text of their own, not of the sentence they stand in.
        refs = [i for i, (_, a, _) in enumerate(self.stack) if a.get("class") == "refs"]
        for _, _, text in self.stack[refs[0] if refs else 0 :]:
            text.append(data)

    def all(self, tag: str, **wanted: str) -> list[tuple[dict[str, str], str]]:
        return [
            (attributes, text)
            for name, attributes, text in self.elements
            if name == tag
            and all(v in attributes.get(k.strip("_"), "").split() for k, v in wanted.items())
        ]

    def ids(self) -> list[str]:
        return [a["id"] for _, a, _ in self.elements if "id" in a]


@pytest.fixture(scope="module")
def article() -> Article:
    return make_article()


@pytest.fixture(scope="module")
def read(article: Article) -> pd.DataFrame:
    return make_claims(article)


@pytest.fixture(scope="module")
def article_html(article: Article, read: pd.DataFrame) -> Page:
    return Page(article_page(article, read, make_positions(read)))


@pytest.fixture(scope="module")
def timeline_html(read: pd.DataFrame) -> Page:
    positions, changes = make_many(read)
    return Page(timeline_page(positions, read, changes))


@pytest.fixture(params=["article_html", "timeline_html"])
def page(request: pytest.FixtureRequest) -> Page:
    return request.getfixturevalue(request.param)


def test_a_page_refers_to_nothing_outside_itself(page):
    assert not re.search(r"https?:|//[a-z]|url\(|@import|src=", page.source)
    assert {name for name, _, _ in page.elements}.isdisjoint({"link", "img", "iframe", "object"})
    targets = [a["href"] for _, a, _ in page.elements if "href" in a]
    assert targets
    assert {t[0] for t in targets} == {"#"}
    assert {t[1:] for t in targets} <= set(page.ids())


def test_ids_are_unique_and_never_made_from_data(page):
    ids = page.ids()
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)?|[a-z]\d+", i) for i in ids)


def test_the_policy_lets_only_the_pages_own_style_and_script_run(page):
    ((meta, _),) = [e for e in page.all("meta") if "http-equiv" in e[0]]
    policy = dict(part.split(" ", 1) for part in meta["content"].split("; "))
    assert policy["default-src"] == "'none'"
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        ((_, source),) = page.all(tag)
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert policy[directive] == f"'sha256-{digest}'"
    # An inline style or handler would be refused by that policy.
    assert not any("style" in a or any(k.startswith("on") for k in a) for _, a, _ in page.elements)


def test_words_of_the_data_cannot_become_tags(page):
    tags = {name for name, _, _ in page.elements}
    assert tags.isdisjoint({"update", "a1", "b", "a>"})
    assert page.source.count("</script>") == 1
    assert "<script>United" not in page.source
    assert "&lt;script&gt;United &amp; Towns&lt;/script&gt;" in page.source


def test_every_page_says_that_a_machine_made_it(page):
    ((_, foot),) = page.all("footer")
    assert "machine-made" in foot
    assert "probabilities" in foot
    assert "Check the sentence" in foot


def test_the_text_is_shown_whole_and_in_order(article, article_html):
    paragraphs = [text for a, text in article_html.all("p") if a.get("dir") == "auto"]
    assert paragraphs == [line for line in article.text.split("\n") if line]


def test_every_sentence_with_a_claim_is_marked_with_its_most_probable_stance(article, article_html):
    found = {text: attributes["data-stance"] for attributes, text in article_html.all("mark")}
    expected: dict[str, tuple[float, str]] = {}
    for (_, stance, p, *_), row in zip(CLAIMS, make_claims(article).itertuples(), strict=True):
        if p > expected.get(row.text, (0, ""))[0]:
            expected[row.text] = (p, stance)
    assert found == {text: stance for text, (_, stance) in expected.items()}
    assert len(found) == 10


def test_a_sentence_of_two_holders_carries_both_claims(article_html):
    ((attributes, _),) = [m for m in article_html.all("mark") if m[1].startswith("Norland welc")]
    assert attributes["class"] == "rejects"
    assert attributes["data-actors"] == "0:rejects 2:accepts"
    assert attributes["title"] == (
        "Kestrel Front: rejects (0.82), reported by others; "
        "Norland: accepts (0.74), reported by others"
    )


def test_holders_and_conditions_are_underlined_word_for_word(article_html):
    holders = [text for _, text in article_html.all("span", class_="holder")]
    assert holders[:2] == ["Arvénie", "rebels of the “Kestrel Front”"]
    assert set(holders) - {"underlined"} == {c[3] for c in CLAIMS}
    conditions = {text for _, text in article_html.all("span", class_="condition")}
    assert conditions == {"dotted", "only if the siege of Tålen is lifted first", "before victory"}


def test_words_that_are_holder_and_condition_at_once_keep_both_marks(article, read):
    rows = read.copy()
    at = article.text.index("siege of Tålen is lifted")
    rows.loc[3, ["holder_start", "holder_end"]] = [at, at + len("siege of Tålen is lifted")]
    page = Page(article_page(article, rows, make_positions(rows)))
    ((_, text),) = page.all("span", class_="condition", _class="holder")
    assert text == "siege of Tålen is lifted"


def test_every_claim_has_a_note_with_its_probability_source_and_time(article_html):
    notes = [text for a, text in article_html.all("li") if a.get("id", "").startswith("n")]
    assert len(notes) == len(CLAIMS)
    for note, (_, stance, p, holder, actor, condition, source, when) in zip(
        notes, CLAIMS, strict=True
    ):
        assert note.startswith(f"{actor}  {stance}")
        assert f"probability {p:.2f}" in note
        assert f"holder: {holder}" in note
        assert ("in its own words" in note) == (source == "self")
        assert ("reported by others" in note) == (source == "others")
        assert ("unsure" in note) == (p < SURE)
        assert ("past position" in note) == (when == "past")
        assert (f"condition: {condition}" in note) == bool(condition)
        assert "to the sentence" in note


def test_the_table_has_each_actor_with_the_number_of_its_sentences(article_html):
    buttons = [t for a, t in article_html.all("button") if a.get("aria-pressed") == "false"]
    assert buttons == [FRONT, ARVENIA, NORLAND, TOWNS]
    counts = [t for a, t in article_html.all("td") if a["data-label"] == "Sentences"]
    assert [c.split()[0] for c in counts] == ["6", "3", "2", "1"]
    # Links stand in the order of the evidence, the best first.
    assert counts[0].split()[1].startswith("457" + "9" + "12" + "2")


def test_the_table_tells_whose_words_they_are_and_what_is_past_or_unsure(article_html):
    cells = [t for a, t in article_html.all("td") if a["data-label"] == "Sentences"]
    # The Front: 3 of 6 claims are reported, 1 is of a week ago, 2 have probabilities below 0.62.
    assert cells[0].endswith("3 of 6 reported by others1 of 6 past2 of 6 unsure")
    assert cells[3].endswith("own words")
    told = [t for a, t in article_html.all("td") if a["data-label"] == "Position"]
    assert told[0].strip() == "conditionalconfidence 0.71 rejected before"
    assert told[3].strip() == "acceptsconfidence 0.90"
    conditions = [t for a, t in article_html.all("td") if a["data-label"] == "Condition"]
    assert conditions[0] == "“only if the siege of Tålen is lifted first”"


def test_codes_stand_in_a_quiet_line_and_are_explained(article_html, article, read):
    lines = [text for _, text in article_html.all("div", class_="codes")]
    assert lines == [
        "armed group", "state · ISO3 ARV · COW 990 · GW 991", "state · ISO3 NRL", "body",
    ]  # fmt: skip
    assert "Codes of states: ISO3 (ISO 3166-1 alpha-3), COW (Corr" in article_html.source
    front = read[read["actor"] == FRONT]
    page = Page(article_page(article, front, make_positions(read).iloc[:1]))
    assert "Codes of states" not in page.source


def test_a_sentence_of_which_the_model_is_unsure_is_framed_named_and_explained(
    article_html, article, read
):
    framed = [text for _, text in article_html.all("mark", class_="unsure")]
    # The headline and the sentence of two holders have a surer claim before the unsure one.
    assert [text[:12] for text in framed] == ["The mediator", "It is studyi"]
    ((attributes, _),) = [m for m in article_html.all("mark") if m[1].startswith("Arvénie")]
    assert attributes["data-actors"] == "1:accepts 0:rejects:unsure"
    notes = [t for _, t in article_html.all("a", class_="ref")]
    assert notes[0] == "1"
    assert [t for t in notes if "unsure" in t] == ["2 unsure", "8 unsure", "12 unsure"]
    assert [t for t in notes if "past" in t] == ["5 past", "10 past"]
    assert "dashed frame unsure so improbable" in article_html.all("section", class_="legend")[0][1]
    ((_, first),) = article_html.all("p", class_="first")
    assert first == "Check first The model is unsure of 3 of 12 claims: 2812"
    sure = read.assign(abstained=False)
    page = Page(article_page(article, sure, make_positions(sure)))
    assert "unsure" not in re.sub(r"<(style|script)>.*?</\1>", "", page.source, flags=re.DOTALL)


def test_a_condition_without_words_is_not_passed_over(article, read):
    rows = read.assign(condition="", condition_start=-1, condition_end=-1)
    page = Page(article_page(article, rows, make_positions(rows)))
    cells = [t for a, t in page.all("td") if a["data-label"] == "Condition"]
    assert cells == ["no words found for it", "", "", ""]


def test_the_summary_can_be_copied_as_plain_text(article_html, article):
    ((_, text),) = article_html.all("pre")
    lines = text.split("\n")
    assert lines[0] == f"{TITLE} · The Harbour Gazette · 2031-03-03"
    assert "check each sentence" in lines[1]
    assert lines[3:6] == [
        "Kestrel Front: conditional (confidence 0.71, rejected before)",
        "  Condition: only if the siege of Tålen is lifted first",
        "  – “We will lay down our guns only if the siege of Tålen is lifted first,” said Ilse "
        "Brandvær, the spokeswoman of the Kestrel Front.",
    ]
    # What makes the best evidence count for less comes with it.
    assert lines[9] == f"  – {article.text[: article.text.index(' At least')]} (reported by others)"


def test_an_actor_of_claims_without_a_position_can_still_be_chosen(article, read):
    positions = make_positions(read)
    page = Page(article_page(article, read, positions[positions["actor"] != NORLAND]))
    assert [t for a, t in page.all("button") if "data-actor" in a][-1] == NORLAND
    assert "no position given" in page.source


def test_an_article_without_claims_says_so_and_shows_its_text(article, read):
    page = Page(article_page(article, read.iloc[:0], make_positions(read).iloc[:0]))
    assert "No claim about a ceasefire was found in this article." in page.source
    assert page.all("mark") == []
    assert "Fog closed the harbour" in page.source
    assert [b for b in page.all("button")] == []


def test_claims_of_other_articles_are_left_out(article, read):
    other = read.assign(article_id="another")
    page = Page(article_page(article, pd.concat([read, other]), make_positions(read)))
    assert len(page.all("mark")) == 10


def test_a_headline_that_begins_the_text_is_shown_once(read):
    title = "Front rejects truce"
    article = Article("x", f"{title}\n\nFog closed the harbour.\n", title)
    row = read.iloc[[6]].assign(article_id="x", start=0, end=19, holder_start=0, holder_end=5)
    page = Page(article_page(article, row, make_positions(read).iloc[:0]))
    ((_, heading),) = page.all("h1")
    assert heading == title
    assert [t for a, t in page.all("p") if "dir" in a] == ["Fog closed the harbour."]
    assert [t for _, t in page.all("span", class_="refs")] == ["1"]
    untitled = Page(article_page(Article("y", "Fog."), read.iloc[:0], make_positions(read)))
    assert untitled.all("h1")[0][1] == "y"
    assert "date unknown" in untitled.source


def test_offsets_outside_the_text_leave_the_claim_in_the_notes_alone(article, read):
    rows = read.iloc[[2, 3]].copy()
    rows["start"], rows["end"] = [10_000, 50], [10_020, 50]
    page = Page(article_page(article, rows, make_positions(read)))
    assert page.all("mark") == []
    assert [a["id"] for a, _ in page.all("li") if "id" in a] == ["n1", "n2"]
    targets = {a["href"][1:] for _, a, _ in page.elements if "href" in a}
    assert targets <= set(page.ids())


def test_missing_cells_are_shown_as_nothing(article, read):
    rows = read.assign(condition=float("nan"), iso3=None, holder=pd.NA)
    page = Page(article_page(article, rows, make_positions(read).assign(confidence=None)))
    for word in ("nan", "None", "&lt;NA&gt;"):
        assert f">{word}" not in page.source
        assert f" {word} " not in page.source


ONE_CLAIM = make_claims(make_article()).iloc[[2]].assign(article_id="x")


@given(st.text(max_size=80), st.data())
def test_any_text_with_any_spans_is_shown_unchanged(text, data):
    text = text.replace("\r", " ").replace("\x00", " ")
    places = st.integers(0, len(text))
    spans = {}
    for part in ("", "holder_", "condition_"):
        spans[f"{part}start"], spans[f"{part}end"] = sorted((data.draw(places), data.draw(places)))
    no_positions = pd.DataFrame(columns=POSITION_COLUMNS)
    page = Page(article_page(Article("x", text), ONE_CLAIM.assign(**spans), no_positions))
    shown = [t for a, t in page.all("p") if a.get("dir") == "auto"]
    assert shown == [line for line in text.split("\n") if line.strip()]
    marked = "".join(t for _, t in page.all("mark"))
    assert "".join(marked.split()) == "".join(text[spans["start"] : spans["end"]].split())
    targets = {a["href"][1:] for _, a, _ in page.elements if "href" in a}
    assert targets <= set(page.ids())


def test_the_grid_has_one_mark_a_dated_position_to_scale(timeline_html):
    marks = timeline_html.all("a", class_="mark")
    assert len(marks) == 19
    front = [a["aria-label"] for a, _ in marks if a["aria-label"].startswith(FRONT)]
    assert front[0] == (
        "Kestrel Front, 2031-01-04: rejects (confidence 0.80, 1 claim), "
        "Report 0 on the talks in Orsk & elsewhere"
    )
    first, last = date(2031, 1, 4), date(2031, 5, 20)
    assert page_grid.date_place(first, first, last) == page_grid.LEFT
    assert page_grid.date_place(last, first, last) == page_grid.RIGHT
    middle = page_grid.date_place(date(2031, 3, 13), first, last)
    assert middle == pytest.approx((page_grid.LEFT + page_grid.RIGHT) / 2)
    assert page_grid.date_place(first, first, first) == 50


def test_actors_with_the_most_articles_come_first(timeline_html):
    names = [t for _, t in timeline_html.all("span", class_="name")]
    assert names == [FRONT, ARVENIA, NORLAND, TOWNS]


def test_the_area_of_a_mark_grows_with_its_claims():
    assert page_grid.radius(4) == 2 * page_grid.radius(1)
    assert page_grid.radius(6) < page_grid.radius(7) == page_grid.radius(100)
    assert page_grid.radius(None) == page_grid.radius(0) == page_grid.SMALLEST


def test_marks_that_would_cover_each_other_are_stacked():
    assert page_grid.levels([10, 10, 10, 60], [6, 6, 6, 6]) == [0, 1, 2, 0]
    assert page_grid.levels([10, 20], [6, 6]) == [0, 0]


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_any_stretch_of_time_has_between_one_and_five_ticks_in_order(one, two):
    first, last = sorted((one, two))
    ticks = page_grid.date_ticks(first, last)
    assert 1 <= len(ticks) <= 5
    assert len(ticks) > 1 or first == last
    assert all(first <= day <= last for day, _ in ticks)
    assert all(a < b for (a, _), (b, _) in pairwise(ticks))
    assert all(label in day.isoformat() for day, label in ticks)
    assert ticks[0][0].isoformat().startswith(ticks[0][1])


@pytest.mark.parametrize(
    ("first", "last", "labels"),
    [
        ("2031-03-03", "2031-03-03", ["2031-03-03"]),
        ("2031-03-03", "2031-03-05", ["2031-03-03", "03-04", "03-05"]),
        ("2031-12-31", "2032-01-02", ["2031-12-31", "2032-01-01", "01-02"]),
        ("2031-01-04", "2031-05-20", ["2031-02", "2031-03", "2031-04", "2031-05"]),
        ("2029-06-01", "2032-02-01", ["2030", "2031", "2032"]),
    ],
)
def test_ticks_are_as_fine_as_there_is_room_for(first, last, labels):
    ticks = page_grid.date_ticks(date.fromisoformat(first), date.fromisoformat(last))
    assert [label for _, label in ticks] == labels


def test_articles_without_a_date_are_listed_apart(timeline_html):
    source = timeline_html.source
    apart = source[source.index("<h2>Without a date") : source.index("<h2>All positions")]
    assert apart.count("<li>") == 1
    assert apart.count('class="stance') == 2


def test_the_last_position_of_each_actor_comes_first_with_its_first_day(timeline_html):
    rows = [text for a, text in timeline_html.all("tr") if "data-actor" in a and "id" not in a]
    assert len(rows) == 4
    source = timeline_html.source
    latest = source[source.index('id="latest"') : source.index('id="changes"')]
    order = [latest.index(f"<strong>{n}") for n in ("&lt;script&gt;", ARVENIA, FRONT, NORLAND)]
    assert order == sorted(order)
    # Arvénie accepts since 5 March, the last day is 20 May; Norland has accepted all along.
    assert "2031-03-05last read 2031-05-20, 6 articles" in rows[1]
    assert "state · ISO3 ARV · COW 990 · GW 991" in rows[1]
    assert "2031-01-04last read 2031-03-05, 4 articles" in rows[3]
    assert "unsure" in rows[3]


def test_changes_show_the_two_sentences(timeline_html):
    ((_, listed), _) = timeline_html.all("ul", class_="changes")
    assert "The Kestrel Front refused <flatly>." in listed
    assert "2031-02-11" in listed
    assert listed.index("rejects") < listed.index("conditional")
    # Articles are called by their outlets and headlines.
    assert f"The Harbour Gazette · {TITLE}" in listed


def test_reports_of_one_day_that_differ_stand_side_by_side(timeline_html, read):
    (_, (_, listed)) = timeline_html.all("ul", class_="changes")
    ((_, title),) = [h for h in timeline_html.all("h2") if h[1].startswith("Where reports")]
    assert title == "Where reports of one day differ (1)"
    # On 3 March one report has Arvénie accept, the other set conditions. The Front is mixed in one
    # of them, which differs from nothing.
    assert listed.startswith(f"{ARVENIA} · 2031-03-03The Harbour Gazette · {TITLE} accepts")
    assert f"Report 3 on the talks in Orsk & elsewhere conditional{read['text'][2]}" in listed


def test_a_mark_behind_which_all_is_doubt_has_a_ring(timeline_html):
    marks = timeline_html.all("a", class_="mark")
    unsure = [a["aria-label"] for a, _ in marks if "unsure" in a["aria-label"]]
    assert [label.split(",")[0] for label in unsure] == [FRONT, ARVENIA, NORLAND]
    assert all("2031-03-05" in label for label in unsure)
    assert len(timeline_html.all("circle", class_="ring")) == 3
    legend = timeline_html.all("section", class_="legend")[0][1]
    assert "A dashed ring: every claim behind the mark is unsure." in legend


def test_every_position_is_a_row_with_its_sentences_by_date(timeline_html, read):
    rows = [a for a, _ in timeline_html.all("tr") if "data-actor" in a and "id" in a]
    assert [a["id"] for a in rows] == [f"p{i}" for i in range(1, 22)]
    dates = [t for a, t in timeline_html.all("td") if a["data-label"] == "Date"]
    assert dates[:19] == sorted(dates[:19])
    assert dates[19:] == ["no date", "in May"]
    evidence = [t for a, t in timeline_html.all("td") if a["data-label"] == "Evidence"][4:]
    assert evidence[0].startswith("6 sentences")
    assert f"rejects{read['text'][4]}past · reported by others" in evidence[0]
    # Rows 1 to 3 are of one claim each, row 4 of 1 + 1 · 2 = 3 claims.
    assert evidence[0].endswith("unsurereported by others")
    assert evidence[3].endswith("1 of 3 reported by others")
    options = [t for _, t in timeline_html.all("option")]
    assert options == ["All actors", *sorted([TOWNS, ARVENIA, FRONT, NORLAND])]


def test_empty_frames_make_a_page_that_says_so(read):
    positions, changes = make_many(read)
    page = Page(timeline_page(positions.iloc[:0], read.iloc[:0], changes.iloc[:0]))
    assert "No position was found." in page.source
    assert "No change of position was found." in page.source
    assert "No two reports of a day were found to differ." in page.source
    assert page.all("a", class_="mark") == []


def test_pages_are_the_same_every_time(article, read):
    positions = make_positions(read)
    assert article_page(article, read, positions) == article_page(article, read, positions)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, two: str) -> float:
    low, high = sorted((luminance(one), luminance(two)))
    return (high + 0.05) / (low + 0.05)


def themes(page: Page) -> dict[str, dict[str, str]]:
    ((_, style),) = page.all("style")
    light, dark = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    found = [dict(re.findall(r"--([\w-]+): (#\w{6});", block)) for block in (light, dark)]
    return {"light": found[0], "dark": found[0] | found[1]}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_signs_have_contrast_in_both_themes(article_html, theme):
    colours = themes(article_html)[theme]
    assert (theme == "dark") == (luminance(colours["page"]) < 0.1)
    for ink in ("text", "quiet", "link"):
        assert contrast(colours[ink], colours["page"]) >= 4.5
        assert contrast(colours[ink], colours["card"]) >= 4.5
    for stance in (*STANCE_MEANINGS, "none"):
        ink, tint, fill = (colours[f"{stance}-{part}"] for part in ("ink", "tint", "fill"))
        assert contrast(colours["text"], tint) >= 4.5
        assert contrast(ink, tint) >= 4.5
        assert contrast(ink, colours["page"]) >= 4.5
        assert contrast(ink, colours["card"]) >= 4.5
        # A sign is told from the page by its fill or, where that is pale, by its rim.
        assert max(contrast(ink, colours["page"]), contrast(fill, colours["page"])) >= 3


def test_fills_are_those_of_the_projects_plots(article_html):
    colours = themes(article_html)["light"]
    for stance in ("accepts", "conditional", "rejects", "none"):
        assert colours[f"{stance}-fill"] == figures.COLOURS[stance].lower()
