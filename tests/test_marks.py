from __future__ import annotations

import pytest

from ceasefire_stance.evaluation.figures import new_axes
from ceasefire_stance.evaluation.marks import draw_band, spread

CELLS = [{"value": 0.5, "low": 0.4, "high": 0.7}, {"value": 0.2, "low": 0.3, "high": 0.35}]


def test_an_interval_reaches_down_and_up_and_never_backwards():
    # The second value lies below its interval: it reaches nowhere down.
    assert spread(CELLS).tolist() == [pytest.approx([0.1, 0]), pytest.approx([0.2, 0.15])]


def test_a_band_lies_around_its_line():
    ax = new_axes()
    draw_band(ax, [0, 1], CELLS, "#0072B2", label="mine")
    (line,), (band,) = ax.lines, ax.collections
    assert list(line.get_ydata()) == [0.5, 0.2]
    assert line.get_label() == "mine"
    corners = band.get_paths()[0].vertices
    assert (corners[:, 1].min(), corners[:, 1].max()) == (0.3, 0.7)


def test_the_line_may_have_another_key():
    ax = new_axes()
    draw_band(ax, [0], [{"mean": 0.6, "low": 0.5, "high": 0.7}], "#0072B2", value="mean")
    assert list(ax.lines[0].get_ydata()) == [0.6]
