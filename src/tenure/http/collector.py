"""The cyclic garbage collector of a program that serves: not while it starts, seldom afterwards.

A start makes hundreds of thousands of objects that stay, and hardly a cycle that does not: looking for some ten times
over costs a tenth of the start.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def pause_collector() -> Iterator[None]:
    """For the time of a start, until `spare_collector` or the end of the block."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def spare_collector() -> None:
    """The program has started: what is there lives as long as it and is never searched; a request makes few cycles."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()
