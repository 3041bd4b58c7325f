"""``data``: validate, describe, import and rebuild labelled sentences."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ceasefire_stance.cli.options import add_command, add_label_options, labelled_sentences


def add_commands(commands: Any) -> None:
    """Add ``data`` and its subcommands."""
    parser = add_command(
        commands,
        "data",
        "validate, describe and import labelled sentences",
        "ceasefire-stance data stats data",
        lambda _: 2,
    )
    group = parser.add_subparsers(dest="data_command", required=True, metavar="COMMAND")

    one = add_command(
        group,
        "validate",
        "check a corpus folder or a table of labelled sentences",
        "ceasefire-stance data validate mine.csv --label-column label",
        validate,
    )
    one.add_argument("source", nargs="?", default="data", help="corpus folder or table [data]")
    add_label_options(one)

    one = add_command(
        group,
        "stats",
        "say what a corpus holds: counts, class mix, lengths, repeats",
        "ceasefire-stance data stats data --plot corpus.svg",
        stats,
    )
    one.add_argument("source", nargs="?", default="data", help="corpus folder or table [data]")
    one.add_argument("--json", action="store_true", help="print everything as JSON")
    one.add_argument("--plot", metavar="STEM", help="draw class mix and lengths to STEM-….svg/png")
    add_label_options(one)

    one = add_command(
        group,
        "import",
        "turn your labelled sentences into the project's form",
        "ceasefire-stance data import mine.tsv --map-label accept=accepts --out mine.jsonl",
        import_,
    )
    one.add_argument("source", help="CSV, TSV, JSONL or Parquet file, or a datasets name")
    one.add_argument("--out", required=True, help="file to write (.jsonl .csv .tsv .parquet)")
    add_label_options(one)

    one = add_command(
        group,
        "build",
        "remake the sentences and the manifest of a corpus from its claims",
        "ceasefire-stance data build data",
        build,
    )
    one.add_argument("source", nargs="?", default="data", help="corpus folder [data]")
    one.add_argument("--version", help="version of the corpus [the manifest's]")


def validate(arguments: argparse.Namespace) -> int:
    """Check and say what was found."""
    frame = _labelled(arguments)
    from ceasefire_stance.corpus.splits import near_duplicates

    pairs = near_duplicates(frame)
    across = int(pairs["across"].sum()) if len(pairs) else 0
    print(
        f"{arguments.source}: valid; {len(frame)} sentences of {frame['article_id'].nunique()} "
        f"articles, {len(pairs)} near-duplicate pairs, {across} of them across splits"
    )
    for row in pairs[pairs["across"]].head(10).itertuples():
        print(f"  {row.first} ~ {row.second} ({row.similarity:.2f})")
    return 1 if across else 0


def stats(arguments: argparse.Namespace) -> int:
    """Print statistics, and draw them if asked."""
    from ceasefire_stance.corpus.statistics import corpus_statistics

    frame = _labelled(arguments)
    numbers = corpus_statistics(frame)
    if arguments.plot:
        _plot(frame, numbers, arguments.plot)
    print(json.dumps(numbers, indent=1, ensure_ascii=False) if arguments.json else _lines(numbers))
    return 0


def import_(arguments: argparse.Namespace) -> int:
    """Convert a user's table."""
    from ceasefire_stance.corpus.tables import write_table

    frame = labelled_sentences(arguments, arguments.source)
    write_table(frame, arguments.out)
    print(f"{arguments.out}: {len(frame)} sentences")
    return 0


def build(arguments: argparse.Namespace) -> int:
    """Remake the derived files of a corpus."""
    from ceasefire_stance.corpus.manifest import manifest_version, read_claims, save_corpus

    version = arguments.version or manifest_version(arguments.source)
    claims = read_claims(arguments.source)
    save_corpus(claims, arguments.source, version)
    print(f"{arguments.source}: {len(claims)} claim rows, version {version}")
    return 0


def _labelled(arguments: argparse.Namespace) -> Any:
    from ceasefire_stance.corpus.manifest import MANIFEST, load_corpus

    if (Path(arguments.source) / MANIFEST).is_file() or arguments.source == "data":
        return load_corpus(arguments.source)
    return labelled_sentences(arguments, arguments.source)


def _plot(frame: Any, numbers: dict[str, Any], stem: str) -> None:
    from ceasefire_stance.corpus.statistics import word_counts
    from ceasefire_stance.evaluation import figures

    parts = numbers.get("splits", {"all": numbers["all"]})
    mix = {name: block["stances"] for name, block in parts.items()}
    figures.save_figure(figures.draw_class_mix(mix, "Stances per split"), f"{stem}-mix")
    words = word_counts(frame["text"])
    splits = frame["split"] if "split" in frame else words.map(lambda _: "all")
    lengths = {str(name): rows.tolist() for name, rows in words.groupby(splits, sort=False)}
    ax = figures.draw_lengths(lengths, "Length of sentences")
    figures.save_figure(ax, f"{stem}-lengths")


def _lines(numbers: dict[str, Any]) -> str:
    lines = [
        f"{'part':<14}{'sentences':>10}{'articles':>10}{'accepts':>9}{'conditional':>12}"
        f"{'none':>7}{'rejects':>9}{'none':>7}{'claims where named':>20}{'words':>7}"
    ]
    blocks = {**numbers.get("splits", {}), "all": numbers["all"]}
    for name, b in blocks.items():
        s = b["stances"]
        lines.append(
            f"{name:<14}{b['sentences']:>10}{b['articles']:>10}{s['accepts']:>9}"
            f"{s['conditional']:>12}{s['none']:>7}{s['rejects']:>9}{b['share_none']:>7.0%}"
            f"{b['share_claims_where_named']:>20.0%}{b['words_median']:>7.0f}"
        )
    if "by_conflict" in numbers:
        lines += ["", f"{'conflict':<28}{'articles':>10}{'sentences':>10}{'claims':>8}"]
        rows = sorted(numbers["by_conflict"].items(), key=lambda kv: -kv[1]["sentences"])
        for name, row in rows:
            claims = row["sentences"] - row["none"]
            lines.append(f"{name:<28}{row['articles']:>10}{row['sentences']:>10}{claims:>8}")
    repeats = numbers["near_duplicates"]
    lines += [
        "",
        f"near-duplicate pairs: {repeats['pairs']} "
        f"({repeats['pairs_per_1000_sentences']} per 1,000 sentences), "
        f"across splits: {repeats['across_splits']}",
    ]
    for phrase in numbers.get("stock_phrases", [])[:5]:
        lines.append(
            f"  “{phrase['phrase']}”: {phrase['count']} times by writer {phrase['writer']}, "
            f"{phrase['elsewhere']} elsewhere"
        )
    return "\n".join(lines)
