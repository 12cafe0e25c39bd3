"""How long to wait before a failed delivery is tried again."""

from collections.abc import Callable
from datetime import timedelta
from random import random

BASE = timedelta(seconds=1)
CAP = timedelta(minutes=5)
# twenty waits are half an hour on average
ATTEMPTS = 20


def delay(attempt: int, asked: timedelta | None = None, draw: Callable[[], float] = random) -> timedelta | None:
    """The wait after the given attempt (from 1) failed: full jitter up to a doubling, capped bound; None: give up.

    `asked` is the other side's Retry-After: never sooner than that, and never later than an hour for it.
    """
    if attempt >= ATTEMPTS:
        return None
    bound = min(CAP, BASE * 2 ** (attempt - 1))
    wait: timedelta = bound * draw()
    if asked is not None:
        wait = max(wait, min(asked, timedelta(hours=1)))
    return wait
