"""The front page of the reports: the leaderboard and what to conclude."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ceasefire_stance.corpus.atomic import write_text
from ceasefire_stance.evaluation import figures
from ceasefire_stance.evaluation.pages import HEADLINE_SETS, save_confusion
from ceasefire_stance.evaluation.tables import interval, markdown_table

FRONT_FIGURES = ("model-comparison", "claims-comparison")
COMPARISON_FILE = "comparison.json"


def write_front(
    reports: Path, all_metrics: Mapping[str, Mapping[str, Any]], context: Mapping[str, Any]
) -> None:
    """Write the leaderboard: ``README.md``, ``index.html`` and the comparison figures.

    Parameters
    ----------
    context : mapping
        `comparison` (rows of `ceasefire_stance.evaluation.compare`), `agreement` (or None) and
        `default_model`.
    """
    sets = [s for s in HEADLINE_SETS if _all_have(all_metrics, s)]
    for stem, task in zip(FRONT_FIGURES, ("four_way", "three_way"), strict=True):
        scores = {
            name: {s: m["sets"][s][task]["macro_f1"] for s in sets[:: 2 if len(sets) > 2 else 1]}
            for name, m in all_metrics.items()
        }
        title = (
            "Four stances, all sentences"
            if task == "four_way"
            else ("Three positions, sentences with a claim")
        )
        ax = figures.draw_comparison(scores, title)
        ax.set_xlabel("macro-F1, 95 % interval by article")
        figures.save_figure(ax, reports / stem)
    best = all_metrics.get(context["default_model"])
    if best:
        save_confusion(reports / "default-confusion", best, sets[0])
    write_text(reports / COMPARISON_FILE, json.dumps(context["comparison"], indent=1) + "\n")
    markdown = _front_page(all_metrics, context)
    write_text(reports / "README.md", markdown)
    write_text(reports / "index.html", _html_page(reports, all_metrics, context))


def leaderboard(all_metrics: Mapping[str, Mapping[str, Any]]) -> str:
    """The leaderboard as a Markdown table: real news first, then written text."""
    columns = _leaderboard_columns(all_metrics)
    head = ["recipe", *[c[0] for c in columns]]
    rows = [
        [f"[{name}]({{reports}}{name}/README.md)", *[_cell(m, *c[1:]) for c in columns]]
        for name, m in all_metrics.items()
    ]
    return markdown_table(head, rows)


def _leaderboard_columns(
    all_metrics: Mapping[str, Mapping[str, Any]],
) -> list[tuple[str, str, str, str]]:
    columns = []
    if _all_have(all_metrics, "real_news_all"):
        columns += [
            ("real news, 4-way", "real_news_all", "four_way", "macro_f1"),
            ("windows, 4-way", "real_news_window", "four_way", "macro_f1"),
            ("real news, positions", "real_news_all", "four_way", "positions_macro_f1"),
            ("real news, 3-way", "real_news_all", "three_way", "macro_f1"),
            ("real news, claim F1", "real_news_all", "detection", "claim"),
        ]
    columns += [
        ("written test, 4-way", "test", "four_way", "macro_f1"),
        ("written test, 3-way", "test", "three_way", "macro_f1"),
        ("challenge, 4-way", "challenge", "four_way", "macro_f1"),
    ]
    if _all_have(all_metrics, "contrast"):
        columns += [
            ("contrast, 4-way", "contrast", "four_way", "macro_f1"),
            ("contrast, groups all right", "contrast", "", "all_right"),
        ]
    return columns


def _all_have(all_metrics: Mapping[str, Mapping[str, Any]], name: str) -> bool:
    return bool(all_metrics) and all(name in m["sets"] for m in all_metrics.values())


def _cell(metrics: Mapping[str, Any], set_name: str, task: str, metric: str) -> str:
    if metric == "all_right":
        return interval(metrics["contrast"]["all_right"])
    scores = metrics["sets"].get(set_name, {}).get(task)
    if scores is None:
        return "–"
    cell = scores["per_class"]["claim"]["f1"] if metric == "claim" else scores[metric]
    return interval(cell)


def _front_page(all_metrics: Mapping[str, Mapping[str, Any]], context: Mapping[str, Any]) -> str:
    lines = ["# Results", "", *_introduction(all_metrics, context), ""]
    lines += [leaderboard(all_metrics).replace("{reports}", ""), ""]
    lines += ["![Models by macro-F1](model-comparison.svg)", ""]
    lines += ["![Models by macro-F1 on claims](claims-comparison.svg)", ""]
    lines += ["## What to conclude", "", *conclusions(all_metrics, context), ""]
    if context["comparison"]:
        lines += ["## Against the keyword rules", "", *_comparison_lines(context), ""]
    return "\n".join(lines)


def _introduction(
    all_metrics: Mapping[str, Mapping[str, Any]], context: Mapping[str, Any]
) -> list[str]:
    first = next(iter(all_metrics.values()))
    real = first["sets"].get("real_news_all")
    lines = []
    if real:
        lines.append(
            f"Real news: {real['n_sentences']} sentences of {real['n_articles']} published "
            "articles, never trained on; these are the figures to believe. Written: sentences "
            "made for the project."
        )
    lines.append(
        "In brackets: 95 % intervals by a bootstrap over articles. “4-way” is macro-F1 over "
        "accepts, conditional, none and rejects on all sentences; “positions” the mean F1 of the "
        "three positions alone; “3-way” macro-F1 over the positions on sentences with a claim."
    )
    if context.get("looks"):
        lines.append(
            f"{context['looks']} configurations have been scored on the real-news set so far "
            "(`real-news/looks.csv`), trials and resampled training sets included; none was chosen "
            "by it."
        )
    agreement = context.get("agreement")
    if agreement:
        lines.append(
            "Two annotators (language models under the codebook) agree on the doubly labelled "
            f"part of the real-news set ({agreement['four_way']['n_sentences']} sentences) at "
            f"macro-F1 {interval(agreement['four_way']['macro_f1'])} 4-way and "
            f"{interval(agreement['three_way']['macro_f1'])} 3-way; Krippendorff's alpha "
            f"{interval(agreement['four_way']['alpha'])}. They are models, not people, and may "
            "share blind spots."
        )
    return ["\n\n".join(lines)]


def conclusions(
    all_metrics: Mapping[str, Mapping[str, Any]], context: Mapping[str, Any]
) -> list[str]:
    """Sentences that say what the numbers show, made from the numbers."""
    key = "real_news_all" if _all_have(all_metrics, "real_news_all") else "test"
    scores = {n: m["sets"][key]["four_way"]["macro_f1"] for n, m in all_metrics.items()}
    best = max(scores, key=lambda n: scores[n]["value"])
    lines = [
        f"- Best on {figures.LABELS[key]}: **{best}**, macro-F1 {interval(scores[best])}; the "
        f"majority baseline has {scores['majority']['value']:.2f} and the keyword rules "
        f"{scores['keyword-rules']['value']:.2f}."
    ]
    default = context["default_model"]
    if default in scores and default != best:
        lines.append(f"- The shipped model, **{default}**, has {interval(scores[default])}.")
    metrics = all_metrics.get(default)
    if metrics and key != "test":
        test = metrics["sets"]["test"]["four_way"]["macro_f1"]
        lines.append(
            f"- Written text flatters: the same model has {interval(test)} on the written test "
            "split. Do not quote that figure for news."
        )
        challenge = metrics["sets"]["challenge"]["four_way"]["macro_f1"]
        lines.append(
            f"- Literary wording defeats it: {interval(challenge)} on the challenge split."
        )
    return lines


def _comparison_lines(context: Mapping[str, Any]) -> list[str]:
    rows = []
    for row in context["comparison"]:
        boot, test = row["bootstrap"], row["mcnemar"]
        rows.append(
            [
                row["model"],
                f"{boot['difference']:+.3f} ({boot['low']:+.3f} to {boot['high']:+.3f})",
                f"{boot['p_holm']:.3f}",
                f"{test['odds_ratio']:.2f}",
                f"{test['p_holm']:.3f}",
            ]
        )
    head = ["model", "difference in macro-F1", "p (Holm)", "McNemar odds ratio", "p (Holm)"]
    return [
        f"Paired on the same sentences ({context['comparison_set']}); article-level bootstrap and "
        "exact McNemar test on accuracy, p-values corrected after Holm over the rows.",
        "",
        markdown_table(head, rows),
    ]


def _html_page(
    reports: Path, all_metrics: Mapping[str, Mapping[str, Any]], context: Mapping[str, Any]
) -> str:
    columns = _leaderboard_columns(all_metrics)
    head = "".join(f"<th>{html.escape(c[0])}</th>" for c in columns)
    body = "".join(
        f"<tr><th>{html.escape(name)}</th>"
        + "".join(f"<td>{html.escape(_cell(m, *c[1:]))}</td>" for c in columns)
        + "</tr>"
        for name, m in all_metrics.items()
    )
    pictures = "".join(
        f"<figure>{_inline_svg(reports / f'{stem}.svg', stem)}</figure>"
        for stem in (*FRONT_FIGURES, "default-confusion")
        if (reports / f"{stem}.svg").is_file()
    )
    notes = "".join(
        f"<li>{_bold(line.removeprefix('- '))}</li>" for line in conclusions(all_metrics, context)
    )
    intro = "".join(
        f"<p>{html.escape(p)}</p>" for p in _introduction(all_metrics, context)[0].split("\n\n")
    )
    return _HTML.format(intro=intro, head=head, body=body, notes=notes, pictures=pictures)


def _inline_svg(path: Path, stem: str) -> str:
    text = path.read_text(encoding="utf-8")
    svg = text[text.index("<svg") :]
    # Ids repeat between figures; within one page they must not.
    svg = re.sub(r'id="([^"]+)"', rf'id="{stem}-\1"', svg)
    return re.sub(r'(href="#|url\(#)', rf"\g<1>{stem}-", svg)


def _bold(text: str) -> str:
    return re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", html.escape(text))


_HTML = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ceasefire-stance: results</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem;
  padding: 0 1rem; color: #1a1a1a; background: #fff; }}
.scroll {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-size: .85rem; }}
th, td {{ padding: .35rem .6rem; border-bottom: 1px solid #ddd; text-align: right;
  white-space: nowrap; }}
tbody th, thead th:first-child {{ text-align: left; font-weight: 600; }}
thead th {{ white-space: normal; vertical-align: bottom; }}
figure {{ margin: 1.5rem 0; }}
svg {{ max-width: 100%; height: auto; }}
</style>
</head>
<body>
<h1>ceasefire-stance: results</h1>
{intro}
<div class="scroll"><table><thead><tr><th>recipe</th>{head}</tr></thead>
<tbody>{body}</tbody></table></div>
<h2>What to conclude</h2>
<ul>{notes}</ul>
{pictures}
</body>
</html>
"""
