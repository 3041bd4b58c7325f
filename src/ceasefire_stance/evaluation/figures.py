"""Scores drawn on matplotlib axes; nothing is computed here."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ceasefire_stance.corpus.atomic import whole_file
from ceasefire_stance.corpus.stances import STANCES
from ceasefire_stance.evaluation.marks import SERIES_COLOURS, SERIES_MARKERS, draw_band, spread

# Okabe and Ito's palette, told apart by colour-blind readers and, by the hatches and markers, in
# grey print as well.
COLOURS = {
    "accepts": "#0072B2",
    "conditional": "#E69F00",
    "none": "#7F7F7F",
    "rejects": "#D55E00",
    "claim": "#009E73",
}
MARKERS = {"accepts": "o", "conditional": "s", "none": "x", "rejects": "^"}
LABELS = {
    "real_news_all": "real news, all",
    "real_news_window": "real news, windows",
    "test": "written, test",
    "validation": "written, validation",
    "challenge": "written, challenge",
    "contrast": "written, contrast",
}
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "ceasefire-stance",
    "svg.fonttype": "none",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.dpi": 100,
}


def new_axes(width_in: float = 6.4, height_in: float = 4.0) -> Axes:
    """One pair of axes on a figure of its own, in the reports' style."""
    with mpl.rc_context(STYLE):
        return Figure(figsize=(width_in, height_in), layout="constrained").subplots()


def save_figure(
    ax: Axes, stem: str | os.PathLike[str], suffixes: Sequence[str] = (".svg", ".png")
) -> None:
    """Write the figure of `ax` as ``stem.svg`` and ``stem.png``, the same bytes every time.

    Parameters
    ----------
    suffixes : sequence of str
        Which of the two.
    """
    figure = ax.get_figure()
    assert isinstance(figure, Figure)
    for suffix in suffixes:
        # Neither the date nor the version of matplotlib may get into the file.
        metadata = {"Date": None} if suffix.lower() == ".svg" else {"Software": None}
        with mpl.rc_context(STYLE), whole_file(Path(f"{stem}{suffix}")) as temporary:
            figure.savefig(temporary, metadata=metadata)


def draw_comparison(
    scores: Mapping[str, Mapping[str, Mapping[str, float]]], title: str, ax: Axes | None = None
) -> Axes:
    """Models by macro-F1 with intervals.

    Parameters
    ----------
    scores : mapping
        Model → set → ``{"value", "low", "high"}``; drawn from top to bottom.
    """
    ax = ax or new_axes(7.5, 0.42 * len(scores) + 1.4)
    sets = list(next(iter(scores.values())))
    rows = np.arange(len(scores))[::-1]
    for i, name in enumerate(sets):
        offset = (i - (len(sets) - 1) / 2) * -0.24
        cells = [s[name] for s in scores.values()]
        ax.errorbar(
            [c["value"] for c in cells],
            rows + offset,
            xerr=spread(cells),
            fmt=SERIES_MARKERS[i % 4],
            color=SERIES_COLOURS[i % 4],
            capsize=2.5,
            markersize=4.5,
            label=LABELS.get(name, name),
        )
    ax.set_yticks(rows, list(scores))
    ax.set_xlim(0, 1)
    ax.set_xlabel("macro-F1 over four stances, 95 % interval by article")
    ax.set_title(title)
    ax.grid(axis="x", color="#dddddd")
    ax.set_axisbelow(True)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncol=2, frameon=False)
    return ax


def draw_confusion(
    table: Sequence[Sequence[int]], classes: Sequence[str], title: str, ax: Axes | None = None
) -> Axes:
    """A confusion matrix, each row as shares of its gold class, with the counts beneath."""
    ax = ax or new_axes(4.8, 4.2)
    counts = np.array(table, dtype=float)
    size = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, size, out=np.zeros_like(counts), where=size > 0)
    ax.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for i in range(len(classes)):
        for j in range(len(classes)):
            ax.text(
                j,
                i,
                f"{share[i, j]:.0%}\n{int(counts[i, j])}",
                ha="center",
                va="center",
                fontsize=9,
                color="white" if share[i, j] > 0.55 else "black",
            )
    ax.set_xticks(range(len(classes)), list(classes))
    ax.set_yticks(range(len(classes)), list(classes))
    ax.set_xlabel("predicted")
    ax.set_ylabel("gold")
    ax.set_title(title)
    ax.spines[:].set_visible(False)
    return ax


def draw_class_f1(
    per_set: Mapping[str, Mapping[str, Mapping[str, Any]]], title: str, ax: Axes | None = None
) -> Axes:
    """F1 of each class with intervals, one group of bars a class, one bar a set."""
    ax = ax or new_axes(6.4, 3.6)
    classes = list(next(iter(per_set.values())))
    width = 0.8 / len(per_set)
    for i, (name, scores) in enumerate(per_set.items()):
        cells = [scores[c]["f1"] for c in classes]
        at = np.arange(len(classes)) + (i - (len(per_set) - 1) / 2) * width
        ax.bar(
            at,
            [c["value"] for c in cells],
            width * 0.92,
            yerr=spread(cells),
            capsize=3,
            color=SERIES_COLOURS[i % 4],
            hatch=["", "//", "..", "xx"][i % 4],
            edgecolor="white",
            ecolor="black",
            label=LABELS.get(name, name),
        )
    ax.set_xticks(range(len(classes)), classes)
    ax.set_ylim(0, 1)
    ax.set_ylabel("F1")
    ax.set_title(title)
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.1), ncol=3)
    return ax


def draw_precision_recall(
    curves: Mapping[str, Mapping[str, Sequence[float]]], title: str, ax: Axes | None = None
) -> Axes:
    """Precision against recall, one line a stance."""
    ax = ax or new_axes(5.0, 4.2)
    for stance, curve in curves.items():
        ax.plot(
            curve["recall"],
            curve["precision"],
            color=COLOURS[stance],
            marker=MARKERS[stance],
            markevery=8,
            markersize=5,
            label=stance,
        )
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.02)
    ax.set_xlabel("recall")
    ax.set_ylabel("precision")
    ax.set_title(title)
    ax.legend(frameon=False, loc="lower left")
    return ax


def draw_reliability(
    per_set: Mapping[str, Sequence[Mapping[str, float]]], title: str, ax: Axes | None = None
) -> Axes:
    """Share of right answers against stated probability; the area of a mark is its sentences."""
    ax = ax or new_axes(5.0, 4.2)
    ax.plot([0, 1], [0, 1], color="#999999", linewidth=1, linestyle="--")
    for i, (name, rows) in enumerate(per_set.items()):
        total = sum(r["n"] for r in rows)
        x = [r["confidence"] for r in rows]
        y = [r["accuracy"] for r in rows]
        ax.plot(x, y, color=SERIES_COLOURS[i % 4], linewidth=1.2, label=LABELS.get(name, name))
        sizes = [8 + 250 * r["n"] / total for r in rows]
        marker = SERIES_MARKERS[i % 4]
        ax.scatter(x, y, s=sizes, color=SERIES_COLOURS[i % 4], marker=marker, alpha=0.8)
    ax.set_xlim(0.2, 1.02)
    ax.set_ylim(0, 1.02)
    ax.set_xlabel("probability of the most probable stance")
    ax.set_ylabel("share right")
    ax.set_title(title)
    ax.legend(frameon=False, loc="upper left")
    return ax


def draw_learning_curve(
    points: Sequence[Mapping[str, float]], title: str, ax: Axes | None = None
) -> Axes:
    """Macro-F1 against the number of training articles: means, and each draw as a dot."""
    ax = ax or new_axes(5.6, 3.8)
    for i, name in enumerate([n for n in ("real_news_all", "test") if n in points[0]]):
        x = np.array([p["articles"] for p in points])
        y = np.array([p[name] for p in points])
        sizes = sorted(set(x.tolist()))
        means = [y[x == s].mean() for s in sizes]
        colour, marker = SERIES_COLOURS[i], SERIES_MARKERS[i]
        ax.scatter(x, y, s=12, color=colour, alpha=0.5)
        ax.plot(sizes, means, color=colour, marker=marker, label=LABELS[name])
    ax.set_ylim(0, 1)
    ax.set_xlabel("training articles")
    ax.set_ylabel("macro-F1")
    ax.set_title(title)
    ax.legend(frameon=False, loc="lower right")
    return ax


def draw_corpus_curve(
    batches: Sequence[Mapping[str, Any]], sets: Sequence[str], title: str, ax: Axes | None = None
) -> Axes:
    """Macro-F1 against training sentences as the corpus grew: means, lowest and highest."""
    ax = ax or new_axes(6.4, 4.0)
    colours = ["#0072B2", "#009E73", "#E69F00"]
    x = [row["sentences"] for row in batches]
    for colour, marker, name in zip(colours, "os^", sets, strict=False):
        cells = [row[name] for row in batches]
        draw_band(ax, x, cells, colour, value="mean", marker=marker, label=LABELS[name])
    for row in batches:
        ax.annotate(
            str(row["name"]), (row["sentences"], 0.02), rotation=90, fontsize=7, ha="center"
        )
    ax.set_ylim(0, 1)
    ax.set_xlabel("training sentences (writers added)")
    ax.set_ylabel("macro-F1")
    ax.set_title(title)
    ax.legend(frameon=False, loc="upper left")
    return ax


def draw_slices(
    cuts: Mapping[str, Mapping[str, Mapping[str, Any]]], title: str, ax: Axes | None = None
) -> Axes:
    """Macro-F1 of the parts of a set with intervals, grouped by how it was cut."""
    rows = [(c, p, s) for c, parts in cuts.items() for p, s in parts.items()]
    ax = ax or new_axes(6.6, 0.28 * len(rows) + 1.3)
    at = np.arange(len(rows))[::-1]
    cells = [s["macro_f1"] for _, _, s in rows]
    value = [c["value"] for c in cells]
    ax.errorbar(value, at, xerr=spread(cells), fmt="o", color=SERIES_COLOURS[0], capsize=2.5)
    names = [f"{cut}: {part} ({scores['n_sentences']})" for cut, part, scores in rows]
    ax.set_yticks(at, names)
    ax.set_xlim(0, 1)
    ax.grid(axis="x", color="#dddddd")
    ax.set_axisbelow(True)
    ax.set_xlabel("macro-F1 (number of sentences in brackets)")
    ax.set_title(title)
    return ax


def draw_features(
    weights: Mapping[str, Sequence[Mapping[str, Any]]], title: str, top: int = 10
) -> Axes:
    """The strongest features of each class, one panel a class; returns the first panel."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.5, 6.0), layout="constrained")
        panels = figure.subplots(2, 2).ravel()
    for panel, (stance, rows) in zip(panels, weights.items(), strict=False):
        shown = list(rows)[:top][::-1]
        panel.barh(
            range(len(shown)),
            [r["weight"] for r in shown],
            color=COLOURS[stance],
        )
        panel.set_yticks(range(len(shown)), [r["feature"] for r in shown], fontsize=8)
        panel.set_title(stance, fontsize=10)
        panel.set_xlabel("weight", fontsize=8)
    figure.suptitle(title)
    first: Axes = panels[0]
    return first


def draw_class_mix(blocks: Mapping[str, Mapping[str, int]], title: str) -> Axes:
    """Shares of the stances per part of the corpus, stacked."""
    ax = new_axes(6.8, 0.45 * len(blocks) + 1.3)
    at = np.arange(len(blocks))[::-1]
    left = np.zeros(len(blocks))
    for stance in STANCES:
        counts = np.array([b[stance] for b in blocks.values()], dtype=float)
        total = np.array([sum(b[s] for s in STANCES) for b in blocks.values()], dtype=float)
        share = counts / total
        ax.barh(at, share, left=left, color=COLOURS[stance], label=stance, edgecolor="white")
        for y, start, width in zip(at, left, share, strict=True):
            if width > 0.05:
                ax.text(
                    start + width / 2, y, f"{width:.0%}", ha="center", va="center",
                    fontsize=8, color="white",
                )  # fmt: skip
        left += share
    ax.set_yticks(at, list(blocks))
    ax.set_xlim(0, 1)
    ax.set_xlabel("share of sentences")
    ax.set_title(title)
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.18), ncol=4)
    return ax


def draw_lengths(words: Mapping[str, Sequence[int]], title: str) -> Axes:
    """Distribution of sentence lengths, one line a part."""
    ax = new_axes(6.0, 3.4)
    edges = np.arange(0, 75, 5)
    for i, (name, values) in enumerate(words.items()):
        counts, _ = np.histogram(np.minimum(values, 72), bins=edges)
        ax.step(
            edges[:-1], counts / max(1, counts.sum()), where="post", label=name,
            linestyle=["-", "--", ":", "-."][i % 4],
        )  # fmt: skip
    ax.set_xlabel("words in a sentence")
    ax.set_ylabel("share of sentences")
    ax.set_title(title)
    ax.legend(frameon=False)
    return ax
