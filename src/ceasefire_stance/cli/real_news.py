"""``real-news``: the benchmark of published articles, without their text and with it."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from ceasefire_stance.cli.options import add_command, progress

ENOUGH = 0.95
"""The share of sentences that a rebuilt set must hold, unless --partial is given."""


def add_commands(commands: Any) -> None:
    """Add ``real-news`` and its subcommands."""
    parser = add_command(
        commands,
        "real-news",
        "rebuild the real-news benchmark from copies of its articles",
        "ceasefire-stance real-news rebuild my-articles/ --out real-news.jsonl",
        lambda _: 2,
    )
    group = parser.add_subparsers(dest="real_news_command", required=True, metavar="COMMAND")
    one = add_command(
        group,
        "rebuild",
        "find the benchmark's sentences in copies of the articles and join them to their labels",
        "ceasefire-stance real-news rebuild dump.zip clone/ --out real-news.jsonl --partial",
        rebuild,
    )
    one.add_argument(
        "sources",
        nargs="+",
        metavar="SOURCE",
        help="folder or file: text, HTML, Markdown, CSV, JSON(L), zip, gz, a git checkout",
    )
    one.add_argument("--out", required=True, help="JSONL file to write")
    one.add_argument("--data", default="data", help="corpus folder with the labels [data]")
    one.add_argument(
        "--partial", action="store_true", help=f"be content with less than {ENOUGH:.0%}% found"
    )
    one = add_command(
        group,
        "standoff",
        "make the labels without text from the set with text",
        "ceasefire-stance real-news standoff dev.jsonl --sources sources.jsonl --data data",
        standoff,
    )
    one.add_argument("file", help="the real-news set, JSONL, one row per claim")
    one.add_argument("--sources", help="JSONL: article_id, dataset, path, url of public copies")
    one.add_argument("--data", default="data", help="corpus folder to write to [data]")


def rebuild(arguments: argparse.Namespace) -> int:
    """Search, join, write, and say what was found."""
    from ceasefire_stance.corpus.errors import DataError
    from ceasefire_stance.corpus.real_news import read_standoff
    from ceasefire_stance.reading.recovery import Searcher, recover_rows, sentence_fingerprints
    from ceasefire_stance.reading.sources import iterate_texts

    labels: list[Any] = read_standoff(arguments.data).to_dict("records")
    searcher = Searcher([f for label in labels for f in sentence_fingerprints(label)])
    started = time.monotonic()
    last = ""
    for source in arguments.sources:
        for name, text in iterate_texts(source):
            if name != last and sys.stderr.isatty():
                print(f"\r{searcher.characters / 1e6:9.1f} MB", end="", file=sys.stderr)
            last = name
            searcher.search(text)
    elapsed = time.monotonic() - started
    rows, missing = recover_rows(labels, searcher.found)
    total = len({label["sentence_id"] for label in labels})
    share = 1 - len(missing) / total
    progress(
        f"{searcher.characters / 1e6:.1f} million characters searched in {elapsed:.1f} s "
        f"({searcher.characters / 1e6 / max(elapsed, 1e-9):.0f} million a second)"
    )
    _print_by_article(labels, set(missing))
    print(f"{total - len(missing)} of {total} sentences found ({share:.1%})")
    context = {sha for label in labels for sha in label["context_sha"]}
    lost = len(context - set(searcher.found))
    if lost:
        print(
            f"{lost} of {len(context)} pieces of context not found; models that read it may differ"
        )
    if share < ENOUGH and not arguments.partial:
        raise DataError(
            f"{', '.join(arguments.sources)}: {share:.1%} of the sentences found; expected at "
            f"least {ENOUGH:.0%}. Add the missing articles, or accept a part with --partial: its "
            "scores carry the share found in their name."
        )
    if not rows:
        raise DataError(
            f"{', '.join(arguments.sources)}: no sentence of the benchmark was found; expected "
            "copies of its articles (data/README.md says where they are). Nothing was written."
        )
    _write(rows, share, arguments.out)
    return 0


def standoff(arguments: argparse.Namespace) -> int:
    """Write the labels with fingerprints and bring the manifest up to date."""
    import json

    from ceasefire_stance.corpus.atomic import write_text
    from ceasefire_stance.corpus.manifest import verify_manifest, write_manifest
    from ceasefire_stance.corpus.real_news import STANDOFF
    from ceasefire_stance.corpus.tables import read_table
    from ceasefire_stance.reading.standoff import stand_off

    claims = read_table(arguments.file)
    known: dict[str, Any] = {}
    if arguments.sources:
        rows = read_table(arguments.sources).fillna("").to_dict("records")
        known = {str(row["article_id"]): row for row in rows}
    labels = stand_off(claims, known)
    folder = Path(arguments.data)
    version = str(verify_manifest(folder)["version"])
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in labels)
    write_text(folder / STANDOFF, text)
    write_manifest(folder, version)
    print(f"{folder / STANDOFF}: {len(labels)} rows without text")
    return 0


def _print_by_article(labels: list[Any], missing: set[str]) -> None:
    articles: dict[str, dict[str, bool]] = {}
    places: dict[str, str] = {}
    for label in labels:
        found = label["sentence_id"] not in missing
        articles.setdefault(label["article_id"], {})[label["sentence_id"]] = found
        places[label["article_id"]] = " ".join(
            str(label[k]) for k in ("outlet", "date", "dataset", "path", "url") if label[k]
        )
    for article, sentences in articles.items():
        n = sum(sentences.values())
        if n < len(sentences):
            print(f"  {article}: {n} of {len(sentences)} found; {places[article]}")


def _write(rows: list[dict[str, Any]], share: float, out: str) -> None:
    import json

    from ceasefire_stance.corpus.atomic import write_text

    extra = {} if share == 1 else {"share_found": round(share, 4)}
    write_text(out, "".join(json.dumps(row | extra, ensure_ascii=False) + "\n" for row in rows))
