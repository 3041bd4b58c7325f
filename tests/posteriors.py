"""Probabilities of any kind, to try properties on."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

SHARES = st.floats(0.01, 0.99)


@st.composite
def posteriors(draw, classes=4, least=1):
    n = draw(st.integers(least, 40))
    raw = draw(arrays(float, (n, classes), elements=st.floats(0.001, 1)))
    return raw / raw.sum(axis=1, keepdims=True)


@st.composite
def labelled(draw):
    probabilities = draw(posteriors())
    n = len(probabilities)
    right = draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
    return probabilities, np.array(right, dtype=int)
