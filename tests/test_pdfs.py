"""PDF files: lines become paragraphs again."""

from __future__ import annotations

import io
import sys

import pypdf
import pytest

from ceasefire_stance.corpus import DataError
from ceasefire_stance.reading import article_sentences
from ceasefire_stance.reading.pdfs import article_from_pdf

HEAD = (72, 800, 9, "The Harbour Gazette, 4 May")
PAGES = [
    [
        HEAD,
        (72, 760, 20, "Varn council offers truce"),
        (72, 730, 11, "The council of Varn agreed on Monday to a cease-"),
        (72, 716, 11, "fire of ten days, its speaker said, and it asked"),
        (72, 702, 11, "Orm to do the same."),
        (72, 674, 11, "Rebels in Orm rejected the offer on Tuesday. They"),
        (72, 660, 11, "want guarantees first, among them the release of"),
        (300, 30, 9, "Page 1 of 2"),
    ],
    [
        HEAD,
        (72, 770, 11, "prisoners of the long-term war of the 1990s and UN-"),
        (72, 756, 11, "backed help for those who returned from it and long-"),
        (72, 742, 11, "term peace."),
        (84, 728, 11, "Nobody knew what came next, the mayor said in 20"),
        (72, 714, 11, "words."),
        (300, 30, 9, "Page 2 of 2"),
    ],
]
INFO = "/Title (Varn council offers truce) /CreationDate (D:20210504235900+02'00')"


def make_pdf(pages: list[list[tuple[int, int, int, str]]], info: str = "") -> bytes:
    """A PDF file with lines of text at (x, y) in points, in Helvetica of the given size."""
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", font]
    kids = []
    for lines in pages:
        stream = b""
        for x, y, size, text in lines:
            shown = text.encode("cp1252").replace(b"(", rb"\(").replace(b")", rb"\)")
            stream += b"BT /F1 %d Tf 1 0 0 1 %d %d Tm (%s) Tj ET\n" % (size, x, y, shown)
        objects.append(b"<< /Length %d >>\nstream\n%sendstream" % (len(stream), stream))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids))
    objects.append(b"<< %s >>" % info.encode())
    out = b"%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count = len(objects)
    return out + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer << /Size %d /Root 1 0 R /Info %d 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (count + 1, table, count + 1, count, len(out))
    )


def test_paragraphs_are_put_together_over_lines_and_pages():
    article = article_from_pdf(make_pdf(PAGES, INFO), "a", "a.pdf")
    assert article.text.split("\n") == [
        "Varn council offers truce",
        "The council of Varn agreed on Monday to a ceasefire of ten days, its speaker said, and it "
        "asked Orm to do the same.",
        "Rebels in Orm rejected the offer on Tuesday. They want guarantees first, among them the "
        "release of prisoners of the long-term war of the 1990s and UN-backed help for those who "
        "returned from it and long-term peace.",
        "Nobody knew what came next, the mayor said in 20 words.",
    ]
    assert (article.title, article.published) == ("Varn council offers truce", "2021-05-04")
    assert article_sentences(article)["part"].tolist() == ["body"] * 5


def test_a_running_head_is_dropped_only_where_it_runs():
    text = article_from_pdf(make_pdf(PAGES[:1]), "a", "a.pdf").text
    assert text.startswith("The Harbour Gazette, 4 May\nVarn council")
    assert "Page 1" not in text
    # A headline in larger letters than the running head that repeats it is kept.
    headline = (72, 800, 20, "The council")
    pages = [[headline, *PAGES[0][1:]]] + [
        [(72, 800, 9, "The council"), *PAGES[1][1:]] for _ in range(2)
    ]
    text = article_from_pdf(make_pdf(pages), "a", "a.pdf").text
    assert text.split("\n").count("The council") == 1


def test_columns_are_read_one_after_the_other():
    left = [
        "The council of Varn agreed",
        "on Monday to a truce of ten",
        "days, and asked Orm to do",
    ]
    right = ["the same. Rebels in Orm did", "reject it, as they want guar-", "antees first."]
    page = [(72, 700 - 14 * i, 11, t) for i, t in enumerate(left)]
    page += [(320, 700 - 14 * i, 11, t) for i, t in enumerate(right)]
    assert article_from_pdf(make_pdf([page]), "a", "a.pdf").text == (
        "The council of Varn agreed on Monday to a truce of ten days, and asked Orm to do the "
        "same. Rebels in Orm did reject it, as they want guarantees first."
    )


def test_hyphens_that_belong_to_the_text_stay():
    lines = ["The war of 1990-", "91 ended on the Orm-", "Varn border, and they met -", "at last."]
    page = [(72, 700 - 14 * i, 11, t) for i, t in enumerate(lines)]
    assert article_from_pdf(make_pdf([page]), "a", "a.pdf").text == (
        "The war of 1990-91 ended on the Orm-Varn border, and they met - at last."
    )


@pytest.mark.parametrize(
    "info", ["", "/Title (Microsoft Word - truce.doc) /CreationDate (soon)", "/Title (truce.pdf)"]
)
def test_metadata_that_say_nothing_are_left_out(info):
    article = article_from_pdf(make_pdf(PAGES, info), "a", "a.pdf")
    assert (article.title, article.published) == ("", "")


def encrypted(password: str) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(make_pdf(PAGES)))
    writer.encrypt(password, owner_password="owner", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_pdfs_without_text_broken_or_locked_are_bad_data_each_in_its_own_words():
    for raw, words in [
        (make_pdf([[]]), "no text layer.*expected text.*ocrmypdf"),
        (b"", "cannot be read"),
        (make_pdf(PAGES)[:300], "cannot be read"),
        (encrypted("secret"), "locked with a password"),
    ]:
        with pytest.raises(DataError, match=f"^a.pdf: .*{words}"):
            article_from_pdf(raw, "a", "a.pdf")
    assert "ceasefire of ten days" in article_from_pdf(encrypted(""), "a", "a.pdf").text


def test_a_missing_library_is_named_with_the_way_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pypdf", None)
    with pytest.raises(DataError, match=r'pypdf.*pip install "ceasefire-stance\[documents\]"'):
        article_from_pdf(make_pdf(PAGES), "a", "a.pdf")
