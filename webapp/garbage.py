"""Keeping the garbage collector out of the way.

A full collection looks at every object while nothing else may run: 236 ms were measured with fifty accounts on a busy
machine, far more than the 50 ms for which the pages may be held up. Most of these objects are the program itself,
which never becomes garbage. So they are set aside once everything is loaded, and what remains is looked at in full less
often; reference counting frees nearly everything at once anyway.
"""

import gc

YOUNG, MIDDLE, OLD = 5_000, 20, 50


def set_program_aside() -> None:
    """Call once, when everything is loaded and before the work begins."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
