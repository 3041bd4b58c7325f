"""Web pages: the main text and the metadata, and nothing else."""

from __future__ import annotations

import sys

import pytest

from ceasefire_stance.corpus import DataError
from ceasefire_stance.reading import article_sentences
from ceasefire_stance.reading.webpages import article_from_page

PARAGRAPHS = (
    "The council of Varn agreed on Monday to a truce of ten days, its speaker said in the evening.",
    "“We accept,” said the mayor, whose town has seen a year of war & two winters of hunger.",
    "Rebels in Orm rejected the offer on Tuesday and asked for guarantees before anything else.",
)
STANDFIRST = "Leaders of the hill town say that the guns may fall silent within days."
META = """<meta property="og:title" content="Varn council offers truce | The Harbour Gazette">
<meta property="og:site_name" content="The Harbour Gazette">
<meta property="article:published_time" content="2021-05-04T22:10:00-04:00">
<meta property="article:modified_time" content="2023-01-01T00:00:00Z">"""


def page(body: str, head: str = "<title>Varn council offers truce</title>") -> bytes:
    text = f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>'
    return text.encode()


def whole_page() -> bytes:
    first, second, third = (p.replace("&", "&amp;") for p in PARAGRAPHS)
    # Broken by the page in one place, by its source in another.
    broken = second.replace("mayor, whose", "mayor,<br>whose").replace(" war", "\nwar")
    return page(
        f"""<header><nav><a href="/">Home</a> <a href="/world">World</a></nav></header>
<main><article><header><h1>Varn council offers truce</h1><p class="standfirst">{STANDFIRST}</p>
<p class="byline">By Ada Example</p><time datetime="2021-05-04">4 May 2021</time></header>
<figure><img src="a.jpg" alt="A street"><figcaption>A street. Photograph: A. N. Other</figcaption>
</figure><p>{first}</p><p>{broken}</p>
<p>after newsletter promotion</p><p>Advertisement</p><p>Read more: Ten truces of old</p>
<h2>What comes next</h2><ul><li>Talks begin on Monday in Dell.</li></ul><p>{third}</p>
<table><tr><td>Year</td><td>Dead</td></tr><tr><td>2019</td><td>44</td></tr></table></article>
<section class="comments" id="comments"><h2>Comments</h2><p>The mayor is lying.</p></section></main>
<footer><p>© 2024 The Harbour Gazette. All rights reserved.</p></footer>""",
        META,
    )


def test_a_page_gives_its_main_text_a_paragraph_a_line_and_its_metadata():
    article = article_from_page(whole_page(), "a", "a.html")
    assert article.text.split("\n") == [
        "Varn council offers truce",
        STANDFIRST,
        *PARAGRAPHS[:2],
        "What comes next",
        "- Talks begin on Monday in Dell.",
        PARAGRAPHS[2],
    ]
    assert article.title == "Varn council offers truce"
    assert article.outlet == "The Harbour Gazette"
    assert article.published == "2021-05-04"
    assert article.article_id == "a"


def test_the_headline_of_a_page_is_one_sentence_not_two():
    frame = article_sentences(article_from_page(whole_page(), "a", "a.html"))
    assert frame["text"].tolist().count("Varn council offers truce") == 1
    assert "Talks begin on Monday in Dell." in frame["text"].tolist()


def test_a_standfirst_that_the_page_shows_outside_the_article_is_kept():
    body = "".join(f"<p>{p}</p>" for p in PARAGRAPHS)
    raw = page(
        f"<header><h1>Varn council offers truce</h1><p>{STANDFIRST}</p></header>"
        f"<article>{body}</article>",
        f'<title>Varn council offers truce</title><meta name="description" content="{STANDFIRST}">',
    )
    lines = article_from_page(raw, "a", "a.html").text.split("\n")
    assert STANDFIRST in lines
    unseen = raw.replace(f"<p>{STANDFIRST}</p>".encode(), b"")
    assert STANDFIRST not in article_from_page(unseen, "a", "a.html").text


ARTICLE = "".join(f"<p>{p}</p>" for p in PARAGRAPHS)


@pytest.mark.parametrize(
    ("head", "published"),
    [
        ('<meta name="date" content="1987-03-05">', "1987-03-05"),
        ('<meta name="DC.date.issued" content="2020-03-04">', "2020-03-04"),
        ('<meta itemprop="datePublished" content="Mon, 3 Feb 2020 10:00:00 GMT">', "2020-02-03"),
        ('<meta property="article:published_time" content="2099-03-05">', "2099-03-05"),
        ('<script type="application/ld+json">{"datePublished" : "2017-03-05T10:11"}</script>',
         "2017-03-05"),
        ('<link rel="canonical" href="https://gazette.example/2018/05/06/truce">', "2018-05-06"),
        ('<meta property="article:modified_time" content="2020-01-05">', ""),
        ('<script type="application/ld+json">{"dateModified": "2017-03-05"}</script>', ""),
        ('<meta name="copyrightyear" content="2017">', ""),
        ('<meta name="date" content="03/04/2020">', ""),
        ('<meta name="date" content="3 hours ago">', ""),
        ('<meta name="date" content="yesterday">', ""),
        ("", ""),
    ],
)  # fmt: skip
def test_the_day_of_publication_is_stated_by_the_metadata_or_unknown(head, published):
    body = f"<p>Updated 3 March 2020, two hours ago</p>{ARTICLE}<footer>© 2019 Gazette</footer>"
    raw = page(body, f"<title>Truce</title>{head}")
    assert article_from_page(raw, "a", "a.html").published == published


@pytest.mark.parametrize(
    ("times", "published"),
    [
        ('<time datetime="2020-03-03T10:00Z">3 March</time>', "2020-03-03"),
        ('<time datetime="2020-03-03">x</time><time datetime="2020-04-04">y</time>', ""),
        ('<time datetime="2020-04-04">y</time><time pubdate datetime="2020-03-03">x</time>',
         "2020-03-03"),
        ('<time class="updated" datetime="2020-03-03">x</time>', ""),
        ("<time>3 March 2020</time>", ""),
    ],
)  # fmt: skip
def test_a_time_element_counts_if_it_is_alone_or_says_what_it_is(times, published):
    raw = page(f"{times}<article>{ARTICLE}</article>")
    assert article_from_page(raw, "a", "a.html").published == published


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_the_encoding_is_found_out(encoding):
    text = page(f"<article>{ARTICLE}<p>Le café de Varn a dit non.</p></article>").decode()
    raw = text.replace("<head>", f'<head><meta charset="{encoding}">').encode(encoding)
    assert "“We accept,” said" in article_from_page(raw, "a", "a.html").text
    assert "Le café de Varn" in article_from_page(raw, "a", "a.html").text


def test_xhtml_and_pages_laid_out_with_tables_are_read():
    declared = (
        '<?xml version="1.0" encoding="iso-8859-1"?>\n<html xmlns="http://www.w3.org/1999/xhtml">'
    )
    raw = page(ARTICLE).replace(b'<!doctype html><html lang="en">', declared.encode())
    assert PARAGRAPHS[2] in article_from_page(raw, "a", "a.xhtml").text
    table = page(
        f'<table><tr><td><a href="/">Home</a></td><td>{" ".join(PARAGRAPHS)}</td></tr></table>'
    )
    assert PARAGRAPHS[2] in article_from_page(table, "a", "a.html").text


@pytest.mark.parametrize("raw", [b"", b"<html></html>", b"\x00\x01\x02" * 40, page("")])
def test_a_page_without_text_is_bad_data(raw):
    with pytest.raises(DataError, match=r"^a.html: found no main text.*expected an article"):
        article_from_page(raw, "a", "a.html")


def test_what_the_libraries_stumble_over_is_bad_data(monkeypatch):
    import trafilatura

    def stumble(*_: object, **__: object) -> None:
        raise AttributeError("no such thing")

    monkeypatch.setattr(trafilatura, "bare_extraction", stumble)
    with pytest.raises(DataError, match="AttributeError: no such thing"):
        article_from_page(whole_page(), "a", "a.html")


def test_a_missing_or_old_library_is_named_with_the_way_to_install_it(monkeypatch):
    import trafilatura

    monkeypatch.setattr(trafilatura, "__version__", "1.12.2")
    with pytest.raises(DataError, match=r"found trafilatura 1\.12\.2; expected version 2"):
        article_from_page(whole_page(), "a", "a.html")
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    with pytest.raises(DataError, match=r'pip install "ceasefire-stance\[documents\]"'):
        article_from_page(whole_page(), "a", "a.html")
