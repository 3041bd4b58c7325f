"""The error that every unusable input raises."""

from __future__ import annotations


class DataError(ValueError):
    """Input that cannot be used; the command line turns it into exit code 3.

    The message has three beats: where and what was found, what was expected, what to do.
    """
