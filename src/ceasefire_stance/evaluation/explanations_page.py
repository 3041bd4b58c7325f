"""The report on explanations: whether word weights say what the model does, and what moves it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ceasefire_stance.corpus.atomic import write_text
from ceasefire_stance.corpus.stances import STANCES
from ceasefire_stance.evaluation.explanation_figures import draw_deletion, draw_importances
from ceasefire_stance.evaluation.figures import LABELS, save_figure
from ceasefire_stance.evaluation.tables import interval, markdown_table

EXPLANATIONS_FILE = "metrics.json"
EARLY = 0.2
"""The share of words removed at which the table reads the curves."""
LISTED = 10
"""How many words and features of a stance are shown."""
BLOCKS = {
    "cue": "cues",
    "word": "words and pairs of words (TF-IDF)",
    "context": "words of the sentences before",
    "chars": "runs of characters",
}


def write_explanations_page(folder: Path, metrics: Mapping[str, Any]) -> None:
    """Write ``metrics.json``, the figures and the page made from them.

    Parameters
    ----------
    metrics : mapping
        `recipe`, ``sets`` (name → `deletion_curve` with `predicted_claims`, `claims` and `named`)
        and ``importances`` (`n_sentences`, ``features``, ``words``), as `measure_explanations`
        gives them.
    """
    text = json.dumps(metrics, indent=1, ensure_ascii=False) + "\n"
    write_text(folder / EXPLANATIONS_FILE, text)
    for name, curve in metrics["sets"].items():
        ax = draw_deletion(curve, f"Words removed, {LABELS.get(name, name)}")
        save_figure(ax, folder / _stem(name))
    found = metrics["importances"]
    if found["words"]:
        ax = draw_importances(
            found["words"], "Words left out, written test", "log-odds, summed", LISTED
        )
        save_figure(ax, folder / "words")
    for block, rows in found["features"].items():
        title = f"{_capital(BLOCKS[block])}, written test"
        save_figure(draw_importances(rows, title, "log-odds a sentence", LISTED), folder / block)
    write_text(folder / "README.md", explanations_page(metrics))


def explanations_page(metrics: Mapping[str, Any]) -> str:
    """The page, as Markdown."""
    lines = ["# Explanations", "", *_introduction(metrics), ""]
    lines += [explanations_table(metrics), ""]
    lines += ["## What to conclude", "", *conclusions(metrics), ""]
    lines += ["## Words removed", "", _curve_table(metrics), ""]
    for name in metrics["sets"]:
        label = LABELS.get(name, name)
        lines += [f"![Probability against words removed, {label}]({_stem(name)}.svg)", ""]
    found = metrics["importances"]
    if found["words"]:
        lines += ["## What moves decisions", "", *_words(found), ""]
    if found["features"]:
        lines += [*_features(found), ""]
    return "\n".join(lines)


def explanations_table(metrics: Mapping[str, Any]) -> str:
    """How much sooner the decision falls than in other orders, as Markdown."""
    rivals = _rivals(metrics)
    rows = []
    for name, curve in metrics["sets"].items():
        per_stance = curve["per_stance"]
        rows.append(
            [
                LABELS.get(name, name),
                str(curve["n_sentences"]),
                _signed(curve["area"]),
                *[_lead(curve, rival) for rival in rivals],
                *[_counted(per_stance[s]) if s in per_stance else "–" for s in STANCES],
            ]
        )
    head = ["set", "sentences", "sooner than in random order", *[f"than {r}" for r in rivals]]
    return markdown_table([*head, *[f"“{s}”, than in random order" for s in STANCES]], rows)


def conclusions(metrics: Mapping[str, Any]) -> list[str]:
    """Sentences that say what the numbers show, made from the numbers."""
    lines = []
    for name, curve in metrics["sets"].items():
        leads = {"in random order": curve["area"]}
        leads |= {rival: cells["lead"] for rival, cells in curve["rivals"].items()}
        found: dict[str, list[str]] = {}
        for order, cell in leads.items():
            found.setdefault(_verdict(cell), []).append(order)
        said = "; ".join(f"{verdict} {_joined(orders)}" for verdict, orders in found.items())
        label = _capital(LABELS.get(name, name))
        lines.append(f"- {label}: by our weights decisions fall {said}.")
    return [
        *lines,
        "- Weights say what the model goes by, not that it is right, and not why a speaker holds a "
        "position.",
    ]


def _introduction(metrics: Mapping[str, Any]) -> list[str]:
    drawn = "; ".join(
        f"{LABELS.get(name, name)}: {curve['claims']} of {curve['predicted_claims']} with a claim "
        f"and {curve['n_sentences'] - curve['claims']} without, of {curve['n_articles']} articles"
        for name, curve in metrics["sets"].items()
    )
    orders = next((curve["orders"] for curve in metrics["sets"].values()), 0)
    return [
        f"`explain` weighs each word of a sentence by leaving it out. If the weights of "
        f"`{metrics['recipe']}` are what it goes by, its first decision must fall sooner when the "
        "weightiest words are removed first than when others are. The figures are the areas "
        "between such curves, in [-1, 1]: above 0, our order falls sooner. In brackets: 95 % "
        "intervals by a bootstrap over articles, paired; n: sentences with that decision (of few, "
        "the interval is too narrow).",
        "",
        "Taken were sentences predicted to hold a claim and as many predicted to hold none, drawn "
        f"with a fixed seed, one an article in turn ({drawn}). Words went in {orders} random "
        "orders a sentence. The rivals: the words nearest to a word for a ceasefire first (where "
        "none is named, from the first word on); by what each word adds through the TF-IDF "
        "coefficients alone, where the model is linear in them.",
        "",
        "The weights were found by leaving words out of the same model, as the measure does, which "
        "favours them; shortened sentences are unlike any that it was trained on. A decision for "
        "“none” needs no words and can fall little, so that the mean over all sentences stays well "
        "above 0; when no word is left, all orders end alike.",
    ]


def _curve_table(metrics: Mapping[str, Any]) -> str:
    rows = []
    for name, curve in metrics["sets"].items():
        at = round(EARLY * (len(curve["fractions"]) - 1))
        rows.append(
            [
                LABELS.get(name, name),
                f"{curve['named']:.2f}",
                interval(curve["guided"][0]),
                interval(curve["guided"][at]),
                *[
                    interval(curve["rivals"][r]["curve"][at]) if r in curve["rivals"] else "–"
                    for r in _rivals(metrics)
                ],
                interval(curve["random"][at]),
            ]
        )
    head = [
        "set", "name a ceasefire", "probability of the first decision",
        f"without {EARLY:.0%} of the words, weightiest first", *_rivals(metrics), "in random order",
    ]  # fmt: skip
    return markdown_table(head, rows)


def _words(found: Mapping[str, Any]) -> list[str]:
    return [
        "Importances are of written text alone; no word of real news is listed. Words by their "
        "weights (log-odds), summed over the drawn sentences of the test split that were given the "
        "stance; below 0 they speak against it:",
        "",
        _listed(found["words"], ".1f"),
        "",
        "![Words that move decisions](words.svg)",
    ]


def _features(found: Mapping[str, Any]) -> list[str]:
    lines = [
        "The same of the features of its linear part: a coefficient (less its mean over classes) "
        f"times the values, summed over all {found['n_sentences']} sentences of the test split and "
        "divided by their number. They move every decision, whatever it is in the end. Cues are "
        "named as in `learning/cues.toml`; what is made of them (count, clause, topic, …) is told "
        "in `learning/cues.py`."
    ]
    for block, rows in found["features"].items():
        name = _capital(BLOCKS[block])
        lines += ["", f"{name}:", "", _listed(rows, ".3f"), ""]
        lines.append(f"![{name} that move decisions]({block}.svg)")
    return lines


def _listed(rows: Mapping[str, Any], shape: str) -> str:
    cells = [
        [stance, "; ".join(f"{r['feature']} {r['weight']:+{shape}}" for r in listed[:LISTED])]
        for stance, listed in rows.items()
    ]
    return markdown_table(["stance", "for it (+) and against it (-)"], cells)


def _rivals(metrics: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(r for c in metrics["sets"].values() for r in c["rivals"]))


def _lead(curve: Mapping[str, Any], rival: str) -> str:
    return _signed(curve["rivals"][rival]["lead"]) if rival in curve["rivals"] else "–"


def _signed(cell: Mapping[str, float]) -> str:
    return f"{cell['value']:+.2f} ({cell['low']:+.2f} to {cell['high']:+.2f})"


def _counted(cells: Mapping[str, Any]) -> str:
    return f"{_signed(cells['area'])}, n {cells['support']}"


def _verdict(cell: Mapping[str, float]) -> str:
    if cell["low"] > 0:
        return "sooner than"
    return "later than" if cell["high"] < 0 else "neither sooner nor later, for sure, than"


def _joined(orders: Sequence[str]) -> str:
    return " and ".join([", ".join(orders[:-1]), orders[-1]] if len(orders) > 1 else orders)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _stem(name: str) -> str:
    return f"deletion-{name.replace('_', '-')}"
