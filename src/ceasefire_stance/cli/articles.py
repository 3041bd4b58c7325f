"""``article`` and ``timeline``: articles in, positions out."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ceasefire_stance.cli.options import (
    add_command,
    output_shape_is_usable,
    progress,
    write_output,
)

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire_stance.articles.readings import Reading

FORMATS = ("table", "json", "csv", "parquet", "html", "plover")
PROGRESS_EVERY = 10


def add_commands(commands: Any) -> None:
    """Add ``article`` and ``timeline``."""
    parser = add_command(
        commands,
        "article",
        "say who accepts, who refuses and who sets conditions in articles, with the evidence",
        "ceasefire-stance article report.html --format html --out report-positions.html",
        article,
    )
    _add_input_options(parser)
    parser.add_argument(
        "--format",
        choices=FORMATS,
        help="form of the output: table (to read), json, csv and parquet (one row per actor of an "
        "article, or per claim with --rows claims), html (a page; one article), plover (event "
        "rows as CSV) [table]",
    )
    parser.add_argument(
        "--rows",
        choices=("positions", "claims"),
        default="positions",
        help="what a row is, for csv, json and parquet [positions]",
    )
    parser.add_argument("--out", help="file to write to [stdout]")

    parser = add_command(
        commands,
        "timeline",
        "positions by actor and date over many articles, what changed, where outlets disagree",
        "ceasefire-stance timeline articles/ --out timeline.html",
        timeline,
    )
    _add_input_options(parser)
    parser.add_argument(
        "--out",
        required=True,
        help="file to write: .html (a page), .csv, .json or .parquet (a table of positions), "
        ".svg or .png (a plot)",
    )


def _add_input_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="articles or folders of them: .txt .html .pdf, or tables with one article a row "
        "(.jsonl .csv .parquet); - for stdin (plain text)",
    )
    parser.add_argument("--model", help="name of a shipped model or a model folder [default]")
    parser.add_argument(
        "--actors",
        metavar="FILE",
        help="your own actors, as in data/actors.csv; a row of the same name extends ours",
    )
    parser.add_argument(
        "--parser",
        choices=("rules", "spacy"),
        default="rules",
        help="how holders are found: by rules alone, or with spaCy's parse of the sentence as well "
        "(extra parser) [rules]",
    )
    parser.add_argument("--text-column", default="text", help="column of the text [text]")
    parser.add_argument("--date-column", help="of the date [published, if there]")
    parser.add_argument("--title-column", help="of the headline [title, if there]")


def article(arguments: argparse.Namespace) -> int:
    """Read articles and write their positions."""
    import pandas as pd

    from ceasefire_stance.articles import plover_events
    from ceasefire_stance.articles.pages import article_page

    shape = arguments.format or _shape_of(arguments.out)
    endings = ".csv, .json, .parquet, .html or .txt"
    if not output_shape_is_usable("article", shape, arguments.out, endings):
        return 2
    if shape == "table" and not arguments.out:
        for reading in _readings(arguments):
            sys.stdout.write(_as_text(reading) + "\n")
        return 0
    if shape == "html":
        one, *more = islice(_readings(arguments), 2)
        if more:
            print(
                "ceasefire-stance article: several articles and --format html; expected one. Use "
                "ceasefire-stance timeline for many.",
                file=sys.stderr,
            )
            return 2
        write_output(article_page(one.article, one.claims, one.positions), arguments.out)
        return 0
    readings = list(_readings(arguments, light=shape != "table"))
    if shape == "table":
        write_output("\n".join(map(_as_text, readings)) + "\n", arguments.out)
        return 0
    claims = pd.concat([r.claims for r in readings], ignore_index=True)
    positions = pd.concat([r.positions for r in readings], ignore_index=True)
    rows = positions if arguments.rows == "positions" else claims
    if shape == "plover":
        shape, rows = "csv", plover_events(claims)
    _write_rows(rows, shape, arguments.out)
    return 0


def timeline(arguments: argparse.Namespace) -> int:
    """Read many articles and write their positions in time."""
    import pandas as pd

    from ceasefire_stance.articles import outlet_disagreements, position_changes
    from ceasefire_stance.articles.figures import draw_timeline
    from ceasefire_stance.articles.pages import timeline_page
    from ceasefire_stance.evaluation.figures import save_figure

    suffix = Path(arguments.out).suffix.lower()
    if suffix not in (".html", ".csv", ".json", ".parquet", ".svg", ".png"):
        print(
            f"ceasefire-stance timeline: --out ends in {suffix or 'nothing'!r}; expected .html, "
            ".csv, .json, .parquet, .svg or .png",
            file=sys.stderr,
        )
        return 2
    readings = list(_readings(arguments, light=True))
    claims = pd.concat([r.claims for r in readings], ignore_index=True)
    positions = pd.concat([r.positions for r in readings], ignore_index=True)
    undated = int((positions["published"] == "").sum())
    if len(positions) and undated == len(positions):
        print(
            "no article has a date, so that nothing can be shown in time; expected one in the "
            "page, the file or a column (name it with --date-column)",
            file=sys.stderr,
        )
    changes = position_changes(positions, claims)
    apart = outlet_disagreements(positions)
    followed = positions[positions["actor_kind"] != ""]
    if suffix == ".html":
        write_output(timeline_page(followed, claims, changes), arguments.out)
    elif suffix in (".svg", ".png"):
        out = Path(arguments.out)
        save_figure(draw_timeline(followed), out.with_suffix(""), (out.suffix,))
    elif suffix == ".json":
        whole = {
            "positions": positions.to_dict("records"),
            "changes": changes.to_dict("records"),
            "disagreements": apart.to_dict("records"),
        }
        write_output(
            json.dumps(whole, indent=1, ensure_ascii=False, default=str) + "\n", arguments.out
        )
    else:
        _write_rows(positions, suffix[1:], arguments.out)
    print(
        f"{arguments.out}: {len(readings)} articles, {len(positions)} positions of "
        f"{positions['actor'].nunique()} actors, {len(changes)} changes, {len(apart)} "
        "disagreements between articles of one day"
    )
    for row in changes.to_dict("records")[:10]:
        print(f"  {row['date_after']} {row['actor']}: {row['before']} → {row['after']}")
    return 0


def _readings(arguments: argparse.Namespace, light: bool = False) -> Iterator[Reading]:
    """Each article read; with `light` the text of articles is let go, to keep memory flat."""
    from dataclasses import replace

    from ceasefire_stance.articles import load_reader, read_articles
    from ceasefire_stance.reading import count_articles, iterate_articles

    reader = load_reader(arguments.model, arguments.actors, parse=arguments.parser == "spacy")
    total = count_articles(arguments.files)
    articles = iterate_articles(
        arguments.files,
        text_column=arguments.text_column,
        date_column=arguments.date_column,
        title_column=arguments.title_column,
        on_error=None if total == 1 else lambda error: progress(f"left out: {error}"),
    )
    shown = sys.stderr.isatty() and (total is None or total > 1)
    for number, reading in enumerate(read_articles(articles, reader), 1):
        if shown and (number % PROGRESS_EVERY == 0 or number == total):
            print(f"\r{number} of {total or '?'} articles", end="", file=sys.stderr, flush=True)
        if light:
            empty = reading.sentences.iloc[:0]
            yield replace(reading, article=replace(reading.article, text=""), sentences=empty)
        else:
            yield reading
    if shown:
        print(file=sys.stderr)


def _shape_of(out: str | None) -> str:
    suffix = Path(out).suffix.lower().removeprefix(".") if out else ""
    if not suffix:
        return "table"
    return {"htm": "html", "txt": "table"}.get(suffix, suffix if suffix in FORMATS[1:5] else "")


def _write_rows(rows: pd.DataFrame, shape: str, out: str | None) -> None:
    from ceasefire_stance.corpus.atomic import whole_file
    from ceasefire_stance.corpus.tables import render_table

    if shape == "json":
        write_output(rows.to_json(orient="records", indent=1, force_ascii=False) + "\n", out)
    elif shape == "parquet":
        with whole_file(str(out)) as temporary:
            rows.to_parquet(temporary, index=False)
    else:
        flat = rows.copy()
        if "evidence" in flat:
            flat["evidence"] = [" ".join(ids) for ids in flat["evidence"]]
        write_output(render_table(flat, ".csv"), out)


def _as_text(reading: Reading) -> str:
    """A reading as lines for a terminal: each actor's position, then its evidence."""
    import textwrap

    head = " · ".join(
        p for p in (reading.article.title, reading.article.outlet, reading.article.published) if p
    )
    lines = [head or reading.article.article_id]
    if reading.positions.empty:
        return "\n".join([*lines, "  nobody's position toward a ceasefire was found", ""])
    claims = reading.claims.set_index("claim_id")
    for row in reading.positions.to_dict("records"):
        lines += ["", f"{row['actor']}: {row['position']} ({row['confidence']:.2f})"]
        if row["condition"]:
            lines.append(f"  on what terms: {row['condition']}")
        for claim in (claims.loc[i] for i in row["evidence"]):
            notes = [f"{claim['stance']} {claim['probability']:.2f}"]
            notes += ["unsure"] if claim["abstained"] else []
            notes += ["past"] if claim["when"] == "past" else []
            notes += ["reported by others"] if claim["source"] == "others" else []
            lines += textwrap.wrap(
                f"[{claim['position']}] {', '.join(notes)}: {claim['text']}",
                100,
                initial_indent="  ",
                subsequent_indent="      ",
            )
    return "\n".join([*lines, ""])
