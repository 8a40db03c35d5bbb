"""A progress bar on standard error; silent when that is no terminal."""

from __future__ import annotations

import sys
import time
from typing import Iterable, Iterator, Sized, TypeVar

Item = TypeVar("Item")


def progress(items: Iterable[Item], title: str, total: int | None = None) -> Iterator[Item]:
    """Yields the items and draws how far it is."""
    count = total if total is not None else len(items) if isinstance(items, Sized) else None
    if not sys.stderr.isatty() or not count:
        yield from items
        return
    started = drawn = time.monotonic()
    for done, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if now - drawn > 0.2 or done == count:
            drawn = now
            left = (now - started) / done * (count - done)
            filled = 30 * done // count
            print(f"\r{title} [{'#' * filled}{'.' * (30 - filled)}] {done}/{count} {left:.0f} s left ", end="", file=sys.stderr)
    print(file=sys.stderr)
