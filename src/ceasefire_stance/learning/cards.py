"""Model cards, made from what is known of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ceasefire_stance.corpus.stances import decision_in_words, prior_in_words

WATTS_A_CORE = 10
"""What a core of a laptop or a small server draws when busy, roughly; for estimates of energy."""
_SETS = {
    "real_news_all": "real news, all",
    "real_news_window": "real news, windows",
    "test": "written, test",
    "challenge": "written, challenge",
    "contrast": "written, contrast",
}


def model_card(info: Mapping[str, Any], classes: Sequence[str]) -> str:
    """The model card (Markdown) of a model with this ``model.json``.

    Parameters
    ----------
    info : mapping
        `recipe`, `seed`, `chosen`, `corpus`, and `scores` (may be empty); where known, `network`,
        `cost` (seconds of training and reading) and `weak_spots` (what it answers when tried).
    classes : sequence of str
        In the order of the probability columns.
    """
    recipe = info["recipe"]
    mix = prior_in_words(recipe["prior"], recipe.get("topic_prior"))
    chosen = ", ".join(f"{k} = {v:g}" for k, v in info["chosen"].items()) or "nothing"
    return "\n".join(
        [
            f"# Model card: {recipe['name']}",
            "",
            f"A sentence classifier: {recipe['description']}. It gives each sentence of an "
            f"English news article probabilities for {', '.join(classes)} toward a ceasefire "
            "(definitions: `data/CODEBOOK.md`).",
            "",
            "## Intended use",
            "",
            "Reading news reports: finding the sentences that state somebody's position toward a "
            "ceasefire, for a person who then reads them. Not for deciding about people or "
            "operations, not for judging sincerity, not for languages other than English, and not "
            "for text that is not news.",
            "",
            "## How it was made",
            "",
            f"- Data: `{info['corpus']}`. The project's corpus is synthetic: its sentences are "
            "written for the project by language models and labelled under the codebook.",
            *_chosen(info, chosen),
            f"- Class prior the probabilities are given under: {mix}. The loss is unweighted. "
            + decision_in_words(recipe.get("logit_adjustment", 0)),
            "- Input: the sentence"
            + (
                " and up to three sentences before it."
                if recipe["context"] or recipe.get("network")
                else "; of those before it only whether they name a ceasefire."
                if recipe.get("topic_prior")
                else " alone."
            ),
            *_network(info),
            *_cost(info),
            "",
            "## Scores",
            "",
            *_scores(info["scores"]),
            "",
            "## Limits",
            "",
            _calibration(info["scores"]),
            *_limits(recipe),
            "- `predict` gives a sentence one stance; `article` gives one to each holder in it.",
            "- Literary or ironic wording defeats it (see the challenge split).",
            "",
            *_weak_spots(info.get("weak_spots", [])),
            "The file is in skops format: loading it runs no code of its own. `model.json` holds "
            "its checksum and the library versions it needs.",
            "",
        ]
    )


def _calibration(scores: Mapping[str, Any]) -> str:
    """How far probabilities are off, as measured."""
    measured = [
        f"{label} {scores[name]['four_way']['ece']['value']:.2f}"
        for name, label in _SETS.items()
        if "ece" in scores.get(name, {}).get("four_way", {})
    ]
    if not measured:
        return "- How far its probabilities are off was not measured."
    return (
        "- Its probabilities are off by, on average (expected calibration error of the most "
        f"probable stance): {'; '.join(measured)}."
    )


def _chosen(info: Mapping[str, Any], chosen: str) -> list[str]:
    if info.get("cross_validation") == {}:
        return [f"- Set in the recipe: {chosen}. Seed {info['seed']}."]
    return [
        f"- Chosen by cross-validation grouped by {info['cross_validation']['grouped_by']}, in the "
        f"training split only: {chosen}. Seed {info['seed']}.",
    ]


def _network(info: Mapping[str, Any]) -> list[str]:
    """How the network in the model was made, if there is one."""
    made = info.get("network")
    if not made:
        return []
    runs = len(made.get("runs", ()))
    mean = f"; it is the mean of {runs} such runs with other seeds" if runs > 1 else ""
    start = made.get("start")
    further = (
        f"; it began at one tuned in {_passes(start)}, and the weights of the two were averaged"
        if start
        else ""
    )
    return [
        f"- Network: {made['base']['name']} with {made['layers']} layers, of which the upper "
        f"{made['layers'] - made['frozen_layers']} were tuned in {_passes(made)}, to give the "
        f"stance and to find the words of who holds it{mean}{further}; "
        f"weights of {made['bits']} bits in `encoder.onnx`. `NOTICE` says where it is from, "
        "`encoder.json` how it was made.",
        "- It runs on a processor, without torch, and downloads nothing.",
    ]


def _passes(made: Mapping[str, Any]) -> str:
    passes = "a pass" if made["epochs"] == 1 else f"{made['epochs']} passes"
    return f"{passes} over {made['sentences']} sentences"


def _cost(info: Mapping[str, Any]) -> list[str]:
    """Time and energy, as they were measured when this model was made."""
    cost = info.get("cost")
    if not cost:
        return []
    training, reading = cost["training"], cost["reading"]
    speed = reading["sentences"] / max(reading["seconds"], 0.1)
    lines = [
        f"- Training took {_span(training['seconds'])} and {_energy(training)} on "
        f"{cost['cores']} cores"
        + (", the tuning of the network not counted" if info.get("network") else "")
        + f"; reading, about {_two_digits(speed)} sentences a second. Energy is processor time at "
        f"{WATTS_A_CORE} watts a core, which is assumed, not measured.",
    ]
    tuning = (info.get("network") or {}).get("cost")
    if tuning:
        lines.append(f"- Tuning the network took {_span(tuning['seconds'])} and {_energy(tuning)}.")
    return lines


def _energy(cost: Mapping[str, float]) -> str:
    hours = cost["processor_seconds"] * WATTS_A_CORE / 3600
    return f"{_two_digits(hours)} watt-hours" if hours >= 0.01 else "under 0.01 watt-hours"


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"


def _two_digits(value: float) -> str:
    return f"{float(f'{value:.2g}'):g}"


def _weak_spots(answers: Sequence[Mapping[str, Any]]) -> list[str]:
    """Which of the sentences written to try it a model reads wrongly."""
    wrong = [a for a in answers if a["given"] != a["right"]]
    if not answers:
        return []
    rows = [
        f"| {(a['context'] + ' ' if a['context'] else '')}**{a['text']}** | {a['right']}: "
        f"{a['why']} | {a['given']} {a['probability']:.2f} |"
        for a in wrong
    ]
    return [
        "## What it gets wrong",
        "",
        f"Of {len(answers)} sentences written to try its weak spots (synthetic, and no part of the "
        f"corpus) it reads {len(wrong)} wrongly:",
        "",
        "| sentence | right | given |",
        "| --- | --- | --- |",
        *rows,
        "",
    ]


def _limits(recipe: Mapping[str, Any]) -> list[str]:
    if recipe.get("network"):
        return [
            "- It takes conditions and refusals that are nobody's, or about something else, for "
            "positions, and misses those that are told in a few words of direct speech.",
            "- The network is slow; the model `fast` reads about a hundred times as many "
            "sentences in the same time, and is worse.",
        ]
    return [
        "- It reads wording and light clauses, not syntax: conditions and refusals that are about "
        "something else, outsiders' views, and positions told in a few words of direct speech are "
        "its commonest errors.",
    ]


_WITH_PARSES = (
    " It learns besides from spaCy's parse of the sentence (`articles/syntax.py`), and is used "
    "with `--parser spacy`, which needs the extra `parser` and the pipeline `en_core_web_sm`."
)


def holder_card(info: Mapping[str, Any]) -> str:
    """The model card (Markdown) of the model that finds holders."""
    lines = []
    for name, scores in info["scores"].items():
        cells = next(iter(scores["holders"].values()))
        lines.append(
            f"| {_SETS.get(name, name)} | {cells['n_claims']} | "
            + " | ".join(_interval(cells[k]) for k in ("span_exact", "actor_accuracy"))
            + " |"
        )
    return "\n".join(
        [
            f"# Model card: {info['recipe']['name']}",
            "",
            "Ranks the people and parties named in a sentence by how likely each is to hold the "
            "position that the sentence gives: logistic regression on where a mention stands, what "
            "stands beside it, and its kind (`articles/holders.py`). Names do not count. With a "
            "network among the models of stances, what that says of the words is heard beside it "
            "(`articles/tagging.py`), and so in the figures below."
            + (_WITH_PARSES if "parser" in info else ""),
            "",
            f"Trained on the claims of the training split of `{info['corpus']}`, synthetic text "
            "written for the project by language models.",
            "",
            "| set | claims | holder's words exact, F1 | actor right |",
            "| --- | ---: | ---: | ---: |",
            *lines,
            "",
            "Given that the sentence carries a claim; 95 % intervals by a bootstrap over articles. "
            "Candidates are found without a parser, so that unusual noun phrases are missed; "
            "pronouns are resolved by simple rules.",
            "",
        ]
    )


def _scores(scores: Mapping[str, Any]) -> list[str]:
    shown = [s for s in _SETS if s in scores]
    if not shown:
        return ["Not measured yet: run `ceasefire-stance evaluate` on labelled sentences."]
    lines = [
        "Macro-F1 with 95 % intervals by a bootstrap over articles. Real news is what to believe.",
        "",
        "| set | sentences | 4-way | 3-way on claims | claim F1 | accepts | conditional | none "
        "| rejects |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name in shown:
        four = scores[name]["four_way"]
        three = scores[name].get("three_way")
        cells = [
            str(four["n_sentences"]),
            _interval(four["macro_f1"]),
            _interval(three["macro_f1"]) if three else "–",
            _interval(scores[name]["detection"]["f1"]["claim"]),
            *[f"{four['f1'][c]['value']:.2f}" for c in sorted(four["f1"])],
        ]
        lines.append(f"| {_SETS[name]} | " + " | ".join(cells) + " |")
    return lines


def _interval(cell: Mapping[str, float]) -> str:
    return f"{cell['value']:.2f} ({cell['low']:.2f}–{cell['high']:.2f})"
