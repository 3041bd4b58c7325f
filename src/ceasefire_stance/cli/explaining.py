"""``explain``: one sentence in, what speaks for its stance out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ceasefire_stance.cli.options import add_command, write_output

if TYPE_CHECKING:
    from ceasefire_stance.learning.explaining import Explanation, WordWeight

BAR = 30
MARKED = 1 / 3
"""A word is marked if its weight is at least this part of the largest."""
LEAST = 0.05
"""No word with less weight (log-odds) is marked."""


def add_commands(commands: Any) -> None:
    """Add ``explain``."""
    parser = add_command(
        commands,
        "explain",
        "say which words and features give a sentence its stance",
        'ceasefire-stance explain "Kyiv said it was ready for a truce of 30 days."',
        explain,
    )
    parser.add_argument("sentence", metavar="SENTENCE", help="the sentence, or - for stdin")
    parser.add_argument("--context", default="", help="the sentences before it [none]")
    parser.add_argument("--model", help="name of a shipped model or a model folder [default]")
    parser.add_argument(
        "--top", type=_count, default=10, help="contributions to list for each class [10]"
    )
    parser.add_argument(
        "--format", choices=("text", "json", "html"), help="form of the output [text]"
    )
    parser.add_argument("--out", help="file to write to [stdout]")


def explain(arguments: argparse.Namespace) -> int:
    """Read, explain, write."""
    import json

    from ceasefire_stance.learning.explaining import explain_sentence
    from ceasefire_stance.learning.store import load_model

    sentence = _sentence(arguments.sentence)
    explanation = explain_sentence(
        load_model(arguments.model), sentence, arguments.context, arguments.top
    )
    match arguments.format or _shape_of(arguments.out):
        case "json":
            text = json.dumps(explanation.as_dict(), indent=2, ensure_ascii=False) + "\n"
        case "html":
            text = as_page(explanation)
        case _:
            text = as_text(explanation)
    write_output(text, arguments.out)
    return 0


def as_text(explanation: Explanation) -> str:
    """The explanation for a terminal: plain characters, no colour."""
    import textwrap

    stance = explanation.stance
    lines = [*textwrap.wrap(_marked(explanation), 90, break_long_words=False), ""]
    lines += [f"[…] speaks for {stance}, {{…}} against it", ""]
    for name, p in explanation.probabilities.items():
        sign = ">" if name == stance else " "
        lines.append(f"{sign} {name:<12} {'#' * round(p * BAR):<{BAR}} {p:.2f}")
    lines += ["", f"log-odds of {stance} that go with a word or phrase (its words share them):"]
    shown = [f"  {w.weight:+6.2f}  {w.word}" for w in _ranked(explanation)]
    lines += shown or ["  no word matters"]
    for name in _classes(explanation):
        rows = explanation.contributions[name]
        lines += ["", f"contributions to {name} (log-odds against the mean of the classes):"]
        lines += [f"  {c.log_odds:+6.2f}  {c.block:<8} {c.feature}" for c in rows]
        lines.append(f"  {explanation.rest[name]:+6.2f}  all other features")
        lines.append(f"  {explanation.base[name]:+6.2f}  base, with the class prior")
    if not explanation.contributions:
        lines += ["", "the model is not linear: its features have no exact contributions"]
    return "\n".join(lines) + "\n"


def as_page(explanation: Explanation) -> str:
    """The explanation as one HTML file that needs nothing else."""
    stance = explanation.stance
    context = f'<p class="context">{escape(explanation.context)}</p>' if explanation.context else ""
    bars = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td><span class="bar {escape(name)}" '
        f'style="width:{100 * p:.1f}%"></span></td><td>{p:.2f}</td></tr>'
        for name, p in explanation.probabilities.items()
    )
    words = _table(
        ("word or phrase", "log-odds"),
        [(w.word, f"{w.weight:+.2f}") for w in _ranked(explanation)],
    )
    tables = "".join(
        f"<details{' open' if name == stance else ''}><summary>Contributions to {escape(name)}"
        f"</summary>{_contribution_table(explanation, name)}</details>"
        for name in _classes(explanation)
    )
    return _PAGE.format(
        css=_CSS,
        stance=escape(stance),
        probability=f"{explanation.probabilities[stance]:.2f}",
        context=context,
        sentence=_html_sentence(explanation),
        bars=bars,
        words=words,
        tables=tables or "<p>The model is not linear: its features have no exact share.</p>",
    )


def _sentence(given: str) -> str:
    if given != "-":
        return given
    from ceasefire_stance.corpus.errors import DataError
    from ceasefire_stance.corpus.tables import decode

    text = decode(sys.stdin.buffer.read(), "stdin")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) != 1:
        raise DataError(
            f"stdin: {len(lines)} lines that are not empty; expected one sentence on one line. "
            "Explain sentences one at a time."
        )
    return lines[0]


def _shape_of(out: str | None) -> str:
    suffix = Path(out).suffix.lower() if out else ""
    return {".json": "json", ".html": "html", ".htm": "html"}.get(suffix, "text")


def _count(value: str) -> int:
    if not value.isascii() or not value.isdigit() or int(value) < 1:
        raise argparse.ArgumentTypeError(f"{value!r}: expected a whole number from 1")
    return int(value)


def _classes(explanation: Explanation) -> list[str]:
    """The classes that have contributions, that of the answer first."""
    return sorted(explanation.contributions, key=lambda name: name != explanation.stance)


def _limit(explanation: Explanation) -> float:
    largest = max((abs(w.weight) for w in explanation.word_weights), default=0.0)
    return max(MARKED * largest, LEAST)


def _ranked(explanation: Explanation, top: int = 15) -> list[WordWeight]:
    """Words and phrases together, the heaviest first."""
    both = (*explanation.word_weights, *explanation.phrases)
    heavy = [w for w in both if abs(w.weight) >= LEAST]
    return sorted(heavy, key=lambda w: -abs(w.weight))[:top]


def _marked(explanation: Explanation) -> str:
    """The sentence with its strongest words in brackets."""
    limit, out, at = _limit(explanation), [], 0
    for word, start, end, weight in explanation.word_weights:
        if abs(weight) >= limit:
            left, right = "[]" if weight > 0 else "{}"
            out += [explanation.text[at:start], left, word, right]
            at = end
    return "".join(out) + explanation.text[at:]


def _html_sentence(explanation: Explanation) -> str:
    largest = max((abs(w.weight) for w in explanation.word_weights), default=0.0)
    out, at = [], 0
    for word, start, end, weight in explanation.word_weights:
        out.append(escape(explanation.text[at:start]))
        at = end
        if abs(weight) < LEAST:
            out.append(escape(word))
            continue
        step = min(3, 1 + int(3 * abs(weight) / largest))
        kind = f"for {escape(explanation.stance)}" if weight > 0 else "against"
        out.append(
            f'<mark class="{kind} s{step}" title="{weight:+.2f} log-odds">{escape(word)}</mark>'
        )
    return "".join(out) + escape(explanation.text[at:])


def _contribution_table(explanation: Explanation, name: str) -> str:
    rows = [(c.feature, c.block, f"{c.log_odds:+.2f}") for c in explanation.contributions[name]]
    rows.append(("all other features", "", f"{explanation.rest[name]:+.2f}"))
    rows.append(("base, with the class prior", "", f"{explanation.base[name]:+.2f}"))
    return _table(("feature", "block", "log-odds"), rows)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    top = "".join(f'<th scope="col">{escape(h)}</th>' for h in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


_CSS = """
:root{color-scheme:light dark;--ink:#1b1b1b;--paper:#fff;--line:#d5d5d5;--soft:#555}
@media(prefers-color-scheme:dark){:root{--ink:#eee;--paper:#16181c;--line:#3a3d42;--soft:#b5b5b5}}
body{font:1rem/1.6 system-ui,sans-serif;color:var(--ink);background:var(--paper);
max-width:46rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}
.sentence{font-size:1.25rem;white-space:pre-wrap}.context,footer,.key{color:var(--soft)}
.accepts{--hue:0,114,178}.conditional{--hue:230,159,0}.none{--hue:127,127,127}
.rejects{--hue:213,94,0}
mark{color:inherit;background:none;border-radius:.2em;padding:0 .1em}
mark.for.s1{background:rgba(var(--hue),.15)}mark.for.s2{background:rgba(var(--hue),.32)}
mark.for.s3{background:rgba(var(--hue),.5)}
mark.against{text-decoration:underline dashed 1px;text-underline-offset:.25em}
mark.against.s2{text-decoration-thickness:2px}mark.against.s3{text-decoration-thickness:3px}
.bar{display:block;height:1em;min-width:1px;background:rgb(var(--hue))}
table{border-collapse:collapse;width:100%}.bars td:nth-child(2){width:60%}
th,td{text-align:left;padding:.2rem .5rem;border-bottom:1px solid var(--line)}
td:last-child,th[scope=col]:last-child{text-align:right;font-variant-numeric:tabular-nums}summary{cursor:pointer}
@media print{details>*{display:block}}
"""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{stance}: an explanation</title>
<style>{css}</style>
</head>
<body>
<h1>{stance}, {probability}</h1>
{context}
<p class="sentence">{sentence}</p>
<p class="key">Shaded words speak for <b>{stance}</b>, those with a dashed line against it.</p>
<h2>Probabilities</h2>
<table class="bars"><tbody>{bars}</tbody></table>
<h2>Words and phrases</h2>
<p>How far the log-odds of {stance} fall when each is left out; the words of a phrase share its
fall.</p>
{words}
<h2>Features</h2>
{tables}
<footer><p>A machine's reading of wording, not a finding: check the sentence.</p></footer>
</body>
</html>
"""
