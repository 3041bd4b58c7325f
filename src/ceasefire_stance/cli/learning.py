"""``train``, ``evaluate``, ``compare`` and ``recipes``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ceasefire_stance.cli.options import (
    add_command,
    add_label_options,
    experiments_of,
    labelled_data,
    progress,
)

if TYPE_CHECKING:
    import pandas as pd


def add_commands(commands: Any) -> None:
    """Add the commands of this module."""
    parser = add_command(
        commands,
        "train",
        "train a recipe and save the model",
        "ceasefire-stance train cues-tfidf-logreg --out models/mine",
        train,
    )
    parser.add_argument("recipe", help="a name from `ceasefire-stance recipes`")
    _add_data(parser)
    parser.add_argument("--experiments", help="an experiments.toml of your own")
    parser.add_argument("--out", help="model folder to write [models/RECIPE]")
    parser.add_argument("--seed", type=int, help="of folds and estimators [experiments.toml]")
    parser.add_argument("--reports", default="reports", help="for the scores on the model card")

    parser = add_command(
        commands,
        "train-holders",
        "train the model that finds holders, from the claims of a corpus",
        "ceasefire-stance train-holders --out models/holders",
        train_holders,
    )
    parser.add_argument("--data", default="data", help="corpus folder [data]")
    parser.add_argument(
        "--out", help="folder to write [models/holders; models/holders-parsed with a parser]"
    )
    parser.add_argument(
        "--parser",
        choices=("rules", "spacy"),
        default="rules",
        help="with spacy the parse of a sentence is learned from as well (extra parser) [rules]",
    )
    parser.add_argument("--reports", default="reports", help="for the scores on the model card")

    parser = add_command(
        commands,
        "evaluate",
        "score a model, or anybody's predictions, against labelled sentences",
        "ceasefire-stance evaluate default --split test",
        evaluate,
    )
    parser.add_argument("model", nargs="?", help="name of a shipped model or a model folder")
    _add_data(parser)
    parser.add_argument("--split", default="test", help="split to score on [test]")
    parser.add_argument("--real-news", metavar="FILE", help="score on this real-news file instead")
    parser.add_argument("--gold", metavar="FILE", help="labelled sentences, with --predictions")
    parser.add_argument(
        "--predictions", metavar="FILE", help="sentence_id, stance and, if known, p_… columns"
    )
    parser.add_argument("--json", action="store_true", help="print all scores as JSON")

    parser = add_command(
        commands,
        "compare",
        "compare models on the same sentences, with paired tests",
        "ceasefire-stance compare default models/mine --split test",
        compare,
    )
    parser.add_argument("models", nargs="+", help="two or more; the first is the reference")
    _add_data(parser)
    parser.add_argument("--split", default="test", help="split to score on [test]")
    parser.add_argument("--real-news", metavar="FILE", help="score on this real-news file instead")
    parser.add_argument("--json", action="store_true", help="print the comparison as JSON")

    parser = add_command(
        commands, "recipes", "list the recipes", "ceasefire-stance recipes", recipes
    )
    parser.add_argument("--experiments", help="an experiments.toml of your own")


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", default="data", help="corpus folder, table or datasets name [data]"
    )
    add_label_options(parser)


def train(arguments: argparse.Namespace) -> int:
    """Train one recipe on the training split, or on all of a user's table."""
    from ceasefire_stance.experiments.shipping import train_to_folder

    experiments = experiments_of(arguments)
    recipe = experiments.recipe(arguments.recipe)
    sentences, fingerprint = labelled_data(arguments)
    held_back = None
    if "split" in sentences:
        _require_split(sentences, "train", arguments.data)
        held_back = sentences[sentences["split"] == "validation"].reset_index(drop=True)
        sentences = sentences[sentences["split"] == "train"].reset_index(drop=True)
    folder = Path(arguments.out or f"models/{recipe.name}")
    progress(f"training {recipe.name} on {len(sentences)} sentences …")
    metrics = Path(arguments.reports) / recipe.name / "metrics.json"
    model = train_to_folder(
        recipe,
        sentences,
        folder,
        experiments=experiments,
        fingerprint=fingerprint,
        published=json.loads(metrics.read_text(encoding="utf-8")) if metrics.is_file() else None,
        seed=arguments.seed,
        held_back=held_back,
    )
    cv = model.info["cross_validation"]
    score = f"; macro-F1 {cv['macro_f1']:.3f} in cross-validation" if cv else ""
    print(f"{folder}: {recipe.name}{score}")
    return 0


def train_holders(arguments: argparse.Namespace) -> int:
    """Train the holder model and save it."""
    from ceasefire_stance.articles.readings import HOLDER_MODEL, PARSED_HOLDER_MODEL
    from ceasefire_stance.corpus.manifest import corpus_fingerprint
    from ceasefire_stance.experiments.articles import train_holders_to_folder

    path = Path(arguments.reports) / "articles" / "metrics.json"
    published = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    same = published.get("corpus") == corpus_fingerprint(arguments.data)
    scores = published["sets"] if same else {}
    parse = arguments.parser == "spacy"
    # Each in its own folder: `article` looks for them there.
    out = arguments.out or f"models/{PARSED_HOLDER_MODEL if parse else HOLDER_MODEL}"
    train_holders_to_folder(arguments.data, out, scores, parse=parse)
    print(f"{out}: holder model")
    return 0


def evaluate(arguments: argparse.Namespace) -> int:
    """Score a model or a predictions file."""
    from ceasefire_stance.corpus.real_news import share_found
    from ceasefire_stance.corpus.tables import read_table
    from ceasefire_stance.evaluation import evaluate as score
    from ceasefire_stance.learning.predicting import predict_with
    from ceasefire_stance.learning.store import load_model

    if bool(arguments.predictions) == bool(arguments.model) or (
        arguments.gold and not arguments.predictions
    ):
        print(
            "ceasefire-stance evaluate: expected either a model or --gold FILE --predictions FILE",
            file=sys.stderr,
        )
        return 2
    gold = _gold(arguments)
    if arguments.predictions:
        predictions = _with_numbers(read_table(arguments.predictions), arguments.predictions)
        if "set" in predictions:
            # A recipe's own file holds several sets, with overlapping sentences.
            mine = predictions["sentence_id"].isin(set(gold["sentence_id"]))
            predictions = predictions[mine].drop_duplicates("sentence_id")
    else:
        predictions = predict_with(gold, load_model(arguments.model).pipeline)
    scores = score(gold, predictions)
    share = share_found(gold)
    if share < 1:
        scores = {"set": f"partial real news, {share:.1%} of the sentences found", **scores}
    print(json.dumps(scores, indent=1) if arguments.json else _score_lines(scores))
    return 0


def compare(arguments: argparse.Namespace) -> int:
    """Compare models with the first one."""
    from ceasefire_stance.corpus.real_news import share_found
    from ceasefire_stance.evaluation import align
    from ceasefire_stance.evaluation import compare as compare_models
    from ceasefire_stance.learning.predicting import predict_with
    from ceasefire_stance.learning.store import load_model

    if len(set(arguments.models)) < 2:
        print("ceasefire-stance compare: expected two or more different models", file=sys.stderr)
        return 2
    gold = _gold(arguments)
    aligned = {m: align(gold, predict_with(gold, load_model(m).pipeline)) for m in arguments.models}
    rows = compare_models(aligned, arguments.models[0])
    print(
        json.dumps(rows, indent=1)
        if arguments.json
        else _comparison_lines(rows, len(aligned[arguments.models[0]]), share_found(gold))
    )
    return 0


def recipes(arguments: argparse.Namespace) -> int:
    """List the recipes."""
    experiments = experiments_of(arguments)
    width = max(map(len, experiments.recipes)) + 2
    for recipe in experiments.recipes.values():
        mark = " (shipped)" if recipe.name == experiments.default_model else ""
        print(f"{recipe.name:<{width}}{recipe.description}{mark}")
    return 0


def _gold(arguments: argparse.Namespace) -> pd.DataFrame:
    from ceasefire_stance.corpus.errors import DataError
    from ceasefire_stance.corpus.real_news import read_real_news
    from ceasefire_stance.corpus.sentences import checked_labels, sentences_from_claims
    from ceasefire_stance.corpus.tables import read_table

    gold_file = getattr(arguments, "gold", None)
    if gold_file:
        claims = read_table(gold_file)
        if {"sentence_id", "article_id", "stance"} <= set(claims.columns):
            return sentences_from_claims(checked_labels(claims, gold_file))
        raise DataError(
            f"{gold_file}: expected the columns sentence_id, article_id, stance; found "
            f"{', '.join(map(str, claims.columns))}. Add what is missing."
        )
    if arguments.real_news:
        return read_real_news(arguments.real_news)
    sentences, _ = labelled_data(arguments)
    if "split" not in sentences:
        return sentences
    _require_split(sentences, arguments.split, arguments.data)
    return sentences[sentences["split"] == arguments.split].reset_index(drop=True)


def _require_split(sentences: pd.DataFrame, split: str, source: str) -> None:
    from ceasefire_stance.corpus.errors import DataError

    if not (sentences["split"] == split).any():
        raise DataError(
            f"{source}: no sentences in split {split!r}; found "
            f"{', '.join(sorted(map(str, sentences['split'].unique())))}. Rename the splits or "
            "choose one that is there."
        )


def _with_numbers(predictions: pd.DataFrame, source: str) -> pd.DataFrame:
    from ceasefire_stance.corpus.errors import DataError
    from ceasefire_stance.corpus.sentences import require_columns
    from ceasefire_stance.corpus.stances import PROBABILITY_COLUMNS

    require_columns(predictions, ["sentence_id", "stance"], source)
    columns = [c for c in predictions.columns if c in PROBABILITY_COLUMNS]
    try:
        return predictions.astype({"sentence_id": str, **dict.fromkeys(columns, float)})
    except ValueError as error:
        raise DataError(f"{source}: {error}; expected numbers in the p_ columns.") from error


def _interval(cell: dict[str, float]) -> str:
    return f"{cell['value']:.3f}  ({cell['low']:.3f} to {cell['high']:.3f})"


def _score_lines(scores: dict[str, Any]) -> str:
    lines = [
        f"{scores['n_sentences']} sentences of {scores['n_articles']} articles; 95 % intervals by "
        "a bootstrap over articles"
    ]
    if "set" in scores:
        lines.insert(0, str(scores["set"]).upper())
    names = {
        "four_way": "4-way (accepts, conditional, none, rejects), all sentences",
        "three_way": "3-way (accepts, conditional, rejects), sentences with a claim",
        "detection": "claim detection (claim or none), all sentences",
    }
    for task, title in names.items():
        if task not in scores:
            continue
        part = scores[task]
        lines += ["", f"{title}: n = {part['n_sentences']}"]
        shown = ("macro_f1", "positions_macro_f1", "accuracy", "pr_auc", "log_loss", "brier", "ece")
        for metric in shown:
            if metric in part:
                lines.append(f"  {metric:<20} {_interval(part[metric])}")
        for name, cells in part["per_class"].items():
            lines.append(
                f"  {name:<20} F1 {_interval(cells['f1'])}  precision "
                f"{cells['precision']['value']:.3f}  recall {cells['recall']['value']:.3f}  "
                f"n = {cells['support']}"
            )
    return "\n".join(lines)


def _comparison_lines(rows: list[dict[str, Any]], n: int, share: float) -> str:
    lines = [] if share == 1 else [f"PARTIAL REAL NEWS, {share:.1%} OF THE SENTENCES FOUND"]
    lines += [f"macro-F1 over four stances on {n} sentences; p-values corrected after Holm"]
    for row in rows:
        boot, test = row["bootstrap"], row["mcnemar"]
        lines += [
            "",
            f"{row['model']} against {row['reference']}",
            f"  difference {boot['difference']:+.3f} (95 % {boot['low']:+.3f} to "
            f"{boot['high']:+.3f}), article-level bootstrap p = {boot['p_holm']:.4f}",
            f"  McNemar: only {row['model']} right {test['only_first']}, only {row['reference']} "
            f"right {test['only_second']}, odds ratio {test['odds_ratio']:.2f}, "
            f"p = {test['p_holm']:.4f}",
        ]
    return "\n".join(lines)
