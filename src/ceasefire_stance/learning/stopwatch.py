"""How long something takes."""

from __future__ import annotations

from time import perf_counter, process_time
from types import TracebackType


class Stopwatch:
    """Seconds of the clock and of the processor that a block takes, all threads together."""

    def __enter__(self) -> Stopwatch:
        self._began = (perf_counter(), process_time())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.seconds = perf_counter() - self._began[0]
        self.processor_seconds = process_time() - self._began[1]

    def as_dict(self) -> dict[str, float]:
        """`seconds` and `processor_seconds`, rounded to tenths."""
        return {k: round(getattr(self, k), 1) for k in ("seconds", "processor_seconds")}
