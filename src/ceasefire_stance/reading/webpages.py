"""Articles in HTML pages: the main text, and what the page's metadata says about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.reading.article import Article, article_from_text
from ceasefire_stance.reading.optional import optional_module, quiet

_EARLIEST, _LATEST = "1900-01-01", "2199-12-31"
"""Bounds of dates. htmldate's own upper bound is today, and no date may depend on the clock."""
# Lines that pages put between the paragraphs of an article; each has to be the whole line.
_INTERRUPTIONS = re.compile(
    r"(?:skip past|after|before) newsletter promotion"
    r"|(?:advertisement|advertising|sponsored(?: content)?|promoted(?: content)?|paid content)"
    r"|(?:story|article) continues (?:below|after)(?: (?:this )?(?:advertisement|ad))?"
    r"|(?:scroll|swipe) (?:down )?(?:to continue|for more).{0,40}|continue reading.{0,60}"
    r"|(?:read|see|watch|listen) (?:more|also|next)(?:[:…].{0,200}|\W*)"
    r"|(?:related|related (?:articles?|stories|topics|content)|recommended|more on this(?: story)?"
    r"|most (?:read|viewed|popular)|you may (?:also )?like|editors?[’']s? picks?)(?::.{0,200}|\W*)"
    r"|(?:sign up|subscribe)(?: (?:to|for|here|now)\b.{0,160})?"
    r"|(?:share|share (?:this|via|on)\b.{0,40}|follow us\b.{0,60}|print this (?:page|article))"
    r"|(?:photograph|photo|image|picture|credit|caption|video|graphic|source image)s?"
    r"(?: credit| source)?: ?.{0,160}"
    r"|(?:copyright|©).{0,120}|all rights reserved\W*|\d+ comments?|(?:show|view|hide) comments?"
    r"|this article is more than \d+ (?:months?|years?) old"
    r"|(?:loading|play video|watch live|view image in fullscreen|enlarge this image)\W*",
    re.IGNORECASE,
)
_NAMES = ("name", "property", "itemprop", "http-equiv", "class")
_DATED = re.compile(r"publi|date|time|issued|created", re.IGNORECASE)
_PUBLISHED = re.compile(r"publi|pubdate|issued|posted|entry-date", re.IGNORECASE)
_JSON_PUBLISHED = re.compile(r'"datePublished"\s*:\s*"(\d{4}-\d\d-\d\d)')
# Which number of 03/04/2020 is the month cannot be told; htmldate would guess.
_AMBIGUOUS = re.compile(r"(?:0?[1-9]|1[0-2])([/-])(?:0?[1-9]|1[0-2])\1\d{2,4}")
_MODIFIED = re.compile(r"modif|updat|revis|copyright|expir|access|crawl", re.IGNORECASE)


def article_from_page(raw: bytes, article_id: str, source: str) -> Article:
    """The article of an HTML page.

    Headline, standfirst, paragraphs and items of lists are kept, one a line; navigation,
    captions, tables, advertisements and readers' comments are not. Title, day of publication and
    outlet are those of the page's metadata ("" where it has none).

    Parameters
    ----------
    raw : bytes
        The page as it was stored; its encoding is found out.
    article_id, source : str
        Id of the article; name of the file, for messages.

    Raises
    ------
    DataError
        If the page has no main text, or trafilatura 2 is not installed.
    """
    trafilatura = optional_module("trafilatura", source)
    if not str(trafilatura.__version__).startswith("2."):
        raise DataError(
            f"{source}: found trafilatura {trafilatura.__version__}; expected version 2 to read "
            'HTML. Install it: pip install "ceasefire-stance[documents]"'
        )
    try:
        with quiet("trafilatura"), quiet("htmldate"):
            tree = trafilatura.load_html(raw)
            if tree is None:
                raise _nothing_found(source)
            _unwrap(tree)
            found = _extract(trafilatura, tree)
            lines = _lines(found.text) if found else []
            published = _published(tree, source)
    except DataError:
        raise
    except Exception as error:  # Pages are broken in more ways than the libraries foresee.
        raise DataError(
            f"{source}: the page cannot be read ({type(error).__name__}: {error}); expected an "
            "article in HTML. Store the page again or save it as plain text."
        ) from error
    if not lines:
        raise _nothing_found(source)
    outlet = _one_line(found.sitename)
    title = _without_outlet(_one_line(found.title), outlet)
    standfirst = _visible_standfirst(tree, _one_line(found.description), lines)
    behind = 1 if lines[0] == title else 0
    return article_from_text(
        "\n".join([*lines[:behind], *standfirst, *lines[behind:]]),
        article_id,
        source,
        title=title,
        published=published,
        outlet=outlet,
    )


def _nothing_found(source: str) -> DataError:
    return DataError(
        f"{source}: found no main text in the page; expected an article in HTML. Check that the "
        "page was stored whole and is no list of links."
    )


def _unwrap(tree: Any) -> None:
    """Make a paragraph one line: source line ends and breaks inside a sentence become spaces."""
    for element in list(tree.iter()):
        if not isinstance(element.tag, str) or element.tag in ("script", "style", "pre"):
            continue
        element.text = _spaced(element.text)
        for child in element:
            child.tail = _spaced(child.tail)
    for line_break in list(tree.iter("br")):
        before = line_break.getprevious()
        parent = line_break.getparent()
        said = (before.tail if before is not None else parent.text) or ""
        follows = (line_break.tail or "").lstrip()
        if follows[:1].islower() and not said.rstrip().endswith((".", "!", "?", ":", "”", '"')):
            line_break.tag = "span"
            line_break.tail = f" {follows}"


def _spaced(text: str | None) -> str | None:
    return re.sub(r"\s+", " ", text) if text else text


def _extract(trafilatura: Any, tree: Any) -> Any:
    """What trafilatura finds, or None; tables are tried last, for pages laid out with them."""
    # Its day is not used (see _published); this only keeps it from a long search.
    dates = {"extensive_search": False, "original_date": True, "max_date": _LATEST}
    found = None
    for tables in (False, True):
        found = trafilatura.bare_extraction(
            tree,
            include_comments=False,
            include_tables=tables,
            with_metadata=True,
            date_extraction_params=dates,
        )
        if found is not None and _lines(found.text):
            return found
    return found


def _lines(text: str | None) -> list[str]:
    lines = [_one_line(line) for line in (text or "").split("\n")]
    return [line for line in lines if line.strip("-•* ") and not _INTERRUPTIONS.fullmatch(line)]


def _published(tree: Any, source: str) -> str:
    """The day of publication by the metadata alone, as YYYY-MM-DD.

    htmldate would go on to guess from the text, from pictures, from the copyright notice and from
    the day of the last change, so it is given a page that has none of them.
    """
    htmldate = optional_module("htmldate", source)
    html = optional_module("lxml.html", source)
    page = html.fromstring("<html><head></head><body></body></html>")
    for stated in _stated_days(tree):
        page[0].append(html.Element("meta", property="article:published_time", content=stated))
    canonical = next((e.get("href") for e in tree.iter("link") if e.get("rel") == "canonical"), "")
    found = htmldate.find_date(
        page,
        extensive_search=False,
        original_date=True,
        min_date=_EARLIEST,
        max_date=_LATEST,
        url=canonical or None,
        deferred_url_extractor=True,
    )
    return found or ""


def _stated_days(tree: Any) -> Iterator[str]:
    """What the page says of its publication, most trustworthy first."""
    for meta in tree.iter("meta"):
        names = " ".join(meta.get(name, "") for name in _NAMES)
        content = meta.get("content", "").strip()
        if _DATED.search(names) and not _MODIFIED.search(names) and not _AMBIGUOUS.match(content):
            yield content
    for script in tree.iter("script"):
        if str(script.get("type", "")).lower() == "application/ld+json":
            yield from _JSON_PUBLISHED.findall(script.text or "")
    times = [time for time in tree.iter("time") if time.get("datetime")]
    alone = len({time.get("datetime")[:10] for time in times}) == 1
    for time in times:
        # The times of other articles are on the page too: one has to say what it is.
        names = " ".join([*(time.get(name, "") for name in _NAMES), *time.keys()])
        if (alone or _PUBLISHED.search(names)) and not _MODIFIED.search(names):
            yield time.get("datetime")


def _visible_standfirst(tree: Any, description: str, lines: list[str]) -> list[str]:
    """The standfirst, if the page shows it above a text that trafilatura took without it."""
    if not description or description in " ".join(lines):
        return []
    shown = (_one_line(e.text_content()) for e in tree.iter("p", "h2", "h3", "strong"))
    return [description] if description in shown else []


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def _without_outlet(title: str, outlet: str) -> str:
    """A headline without the name of the outlet that pages put behind it."""
    if outlet:
        match = re.fullmatch(rf"(.+?)\s+[|–—-]\s+{re.escape(outlet)}", title, re.IGNORECASE)
        if match:
            return match[1]
    return title
