"""Published numbers against fresh ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

TOLERANCE = 1e-4
"""Floats may differ by this much between machines; counts and labels may not differ at all."""


@dataclass(frozen=True)
class Drift:
    """One number that is not what was published.

    Parameters
    ----------
    where : str
        Its path in ``metrics.json``, parts joined by dots.
    published, now : object
        The two values; None where one side lacks it.
    """

    where: str
    published: object
    now: object


def find_drift(
    published: object, now: object, tolerance: float = TOLERANCE, where: str = ""
) -> Iterator[Drift]:
    """Walk two nested results and yield every difference.

    Floats are equal within `tolerance` (absolute); all else must be identical.
    """
    if isinstance(published, Mapping) and isinstance(now, Mapping):
        for key in [*published, *[k for k in now if k not in published]]:
            path = f"{where}.{key}" if where else str(key)
            yield from find_drift(published.get(key), now.get(key), tolerance, path)
    elif _is_list(published) and _is_list(now) and len(published) == len(now):  # type: ignore[arg-type]
        for i, (a, b) in enumerate(zip(published, now, strict=True)):  # type: ignore[call-overload]
            yield from find_drift(a, b, tolerance, f"{where}[{i}]")
    elif isinstance(published, float) and isinstance(now, (int, float)):
        if not abs(published - now) <= tolerance:
            yield Drift(where, published, now)
    elif published != now:
        yield Drift(where, published, now)


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
