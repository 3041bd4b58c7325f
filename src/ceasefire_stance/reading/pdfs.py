"""Articles in PDF files: lines put together to paragraphs again."""

from __future__ import annotations

import io
import itertools
import re
import statistics
from collections import Counter
from dataclasses import dataclass
from typing import Any

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.reading.article import Article, article_from_text
from ceasefire_stance.reading.optional import optional_module, quiet

_EDGE = 0.12
"""Share of a page's height, above and below, where running heads and page numbers stand."""
_PAGE_NUMBER = re.compile(
    r"\W*(?:page|p\.?)?\s*(?:\d{1,4}|[ivxl]{1,6})(?:\s*(?:of|/|\|)\s*\d{1,4})?\W*", re.IGNORECASE
)
_NO_TITLE = re.compile(
    r"(?:untitled\b|microsoft word|powerpoint|about:blank|https?:|file:).*|document\W?\d*|print"
    r"|.*\.(?:docx?|odt|rtf|pdf|html?|indd|qxd|tex|txt)\W*",
    re.IGNORECASE,
)
_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "\0": ""}
)
_HYPHENS = "-\u2010\u00ad"
_SOFT = "\u00ad"
_FINAL = re.compile(r"[.!?…:][\"”’')\]]*\Z")
_BULLET = re.compile(r"[•‣▪●◦·*-]\s")


@dataclass(frozen=True)
class _Line:
    """One line as it stands on its page; points from the lower left corner."""

    text: str
    x: float
    y: float
    size: float
    page: int
    height: float

    @property
    def in_margin(self) -> bool:
        return not _EDGE * self.height <= self.y <= (1 - _EDGE) * self.height

    @property
    def mask(self) -> tuple[str, int]:
        """What a running head has in common from page to page; a headline is larger."""
        return re.sub(r"\d+", "0", self.text).casefold(), round(self.size)


def article_from_pdf(raw: bytes, article_id: str, source: str) -> Article:
    """The article in the text layer of a PDF file.

    Lines of a paragraph are joined, words hyphenated at line ends put together, page numbers and
    running heads left out. Title and day are those of the file's metadata ("" where it has none);
    the day is that on which the file was made.

    Parameters
    ----------
    raw : bytes
        The file.
    article_id, source : str
        Id of the article; name of the file, for messages.

    Raises
    ------
    DataError
        If the file is broken, encrypted or without text, or pypdf is not installed.
    """
    pypdf = optional_module("pypdf", source)
    try:
        with quiet("pypdf"):
            reader = pypdf.PdfReader(io.BytesIO(raw))
            if reader.is_encrypted and not reader.decrypt(""):
                raise DataError(
                    f"{source}: the PDF is locked with a password; expected one that opens "
                    "without. Save a copy without the password."
                )
            lines = [one for i, page in enumerate(reader.pages) for one in _page_lines(page, i)]
            title, published = _metadata(reader)
    except DataError:
        raise
    except Exception as error:  # PDFs are broken in more ways than pypdf foresees.
        raise DataError(
            f"{source}: the PDF cannot be read ({type(error).__name__}: {error}); expected a whole "
            "PDF file. Save it again, or save its text as .txt."
        ) from error
    text = "\n".join(_paragraphs(_without_edges(lines)))
    if not any(map(str.isalpha, text)):
        raise DataError(
            f"{source}: the PDF has no text layer, only pictures of pages; expected text that can "
            "be selected. Run it through a text recognition first, for instance: ocrmypdf"
        )
    return article_from_text(text, article_id, source, title=title, published=published)


def _metadata(reader: Any) -> tuple[str, str]:
    """Title and day of making, "" each if the file does not tell or tells nonsense."""
    try:
        stated = reader.metadata
        title = " ".join(str(stated.title or "").translate(_LIGATURES).split())
    except Exception:  # Broken metadata do not spoil the text.
        return "", ""
    try:
        made = stated.creation_date
    except Exception:
        made = None
    return "" if _NO_TITLE.fullmatch(title) else title, made.date().isoformat() if made else ""


def _page_lines(page: Any, number: int) -> list[_Line]:
    """The lines of a page in the order of its text layer."""
    lines: list[_Line] = []
    height = float(page.mediabox.height)
    bottom = float(page.mediabox.bottom)
    pieces: list[tuple[str, float, float, float]] = []

    def end_line() -> None:
        text = " ".join("".join(p[0] for p in pieces).translate(_LIGATURES).split())
        if text:
            _, x, y, size = next(p for p in pieces if p[0].strip())
            lines.append(_Line(text, x, y - bottom, size, number, height))
        pieces.clear()

    def visit(text: str, cm: Any, tm: Any, font: Any, size: float) -> None:
        x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
        y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        scale = abs(tm[2] * cm[1] + tm[3] * cm[3]) or 1.0
        for i, piece in enumerate(text.split("\n")):
            if i:
                end_line()
            pieces.append((piece, x, y, size * scale))

    page.extract_text(visitor_text=visit)
    end_line()
    return lines


def _without_edges(lines: list[_Line]) -> list[_Line]:
    """The lines without page numbers and without what stands at the edge of several pages."""
    levels: dict[int, set[int]] = {}
    for line in lines:
        levels.setdefault(line.page, set()).add(round(line.y))
    outermost = {page: {*sorted(ys)[:2], *sorted(ys)[-2:]} for page, ys in levels.items()}
    edge = [line for line in lines if line.in_margin and round(line.y) in outermost[line.page]]
    pages: dict[tuple[str, int], set[int]] = {}
    for line in edge:
        pages.setdefault(line.mask, set()).add(line.page)
    several = max(2, len(levels) // 3)
    dropped = {
        id(line)
        for line in edge
        if _PAGE_NUMBER.fullmatch(line.text) or len(pages[line.mask]) >= several
    }
    return [line for line in lines if id(line) not in dropped]


def _paragraphs(lines: list[_Line]) -> list[str]:
    if not lines:
        return []
    gap = _usual_gap(lines)
    width = statistics.median(sorted(len(line.text) for line in lines)[len(lines) // 2 :])
    words = Counter(re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", " ".join(x.text for x in lines)))
    paragraphs = [lines[0].text]
    for above, line in itertools.pairwise(lines):
        if _begins_paragraph(above, line, gap, width):
            paragraphs.append(line.text)
        else:
            paragraphs[-1] = _joined(paragraphs[-1], line.text, words)
    return [p.replace(_SOFT, "") for p in paragraphs]


def _usual_gap(lines: list[_Line]) -> float:
    """The distance of two lines of a paragraph, in sizes of their letters."""
    gaps = [
        (a.y - b.y) / a.size
        for a, b in itertools.pairwise(lines)
        if a.page == b.page and a.size and 0.5 * a.size < a.y - b.y < 3 * a.size
    ]
    return statistics.median_low(gaps) if gaps else 1.2


def _begins_paragraph(above: _Line, line: _Line, gap: float, width: float) -> bool:
    if abs(line.size - above.size) > 0.1 * above.size or _BULLET.match(line.text):
        return True
    ended = bool(_FINAL.search(above.text))
    short = len(above.text) < 0.75 * width
    drop = (above.y - line.y) / (above.size or 1.0)
    if above.page != line.page or drop < 0:
        # At the foot of a column nothing but the wording tells whether the paragraph goes on.
        return ended and (short or line.x > above.x + line.size)
    indented = 0.8 * line.size < line.x - above.x < 5 * line.size
    return drop > 1.25 * gap or (ended and (short or indented))


def _joined(text: str, line: str, words: Counter[str]) -> str:
    """Two lines of a paragraph as one; a word hyphenated at the line end is put together.

    The hyphen stays where it belongs to the word: before a capital or a figure, behind an
    abbreviation ("UN-backed"), and where the text has the word with its hyphen elsewhere and not
    without.
    """
    if not text or text[-1] not in _HYPHENS:
        return f"{text} {line}"
    head = re.search(r"[^\W\d_]+\Z", text[:-1])
    tail = re.match(r"[^\W\d_]+", line)
    if head is None or tail is None or not tail[0][0].islower():
        return text + line if text[-2:-1].isalnum() else f"{text} {line}"
    if text[-1] == _SOFT:
        return text[:-1] + line
    whole, parted = head[0] + tail[0], f"{head[0]}-{tail[0]}"
    if (head[0].isupper() and len(head[0]) > 1) or (words[parted] > 0 and not words[whole]):
        return text + line
    return text[:-1] + line
