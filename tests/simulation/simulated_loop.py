"""An event loop whose time stands still until it is moved, and which says when nothing more can happen by itself."""

import asyncio
import selectors
from collections.abc import Callable
from typing import Any

# Real time without a sign of life after which a database call may be waiting for a lock.
_SILENCE_S = 0.003
_PATIENCE_S = 0.5


class _Selector(selectors.DefaultSelector):
    """Tells the loop when it is about to wait: nothing is ready to run then."""

    idle: Callable[[], float | None]
    silent: Callable[[], None]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return super().select(0)
        wait = self.idle()
        events = super().select(wait)
        if not events and wait:
            self.silent()
        return events


class SimulatedLoop(asyncio.SelectorEventLoop):
    """`seconds` is its time. Timers of the code under test run by it; real sockets are served as they come."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.busy: Callable[[], int] = lambda: 0
        self._waiting: asyncio.Future[None] | None = None
        selector = _Selector()
        selector.idle, selector.silent = self._idle, self._wake
        super().__init__(selector)

    def time(self) -> float:
        return self.seconds

    async def quiet(self) -> None:
        """Every task waits for a turn or for the database; a database call that is `busy` has been silent a while."""
        self._waiting = self.create_future()
        await self._waiting

    def _idle(self) -> float:
        if self._waiting is None:
            return _PATIENCE_S
        if self.busy():
            return _SILENCE_S
        self._wake()
        return 0.0

    def _wake(self) -> None:
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            waiting.set_result(None)


def run(main: Callable[[SimulatedLoop], Any]) -> Any:
    """The result of `await main(loop)` on a loop of its own."""
    loop = SimulatedLoop()
    try:
        return loop.run_until_complete(main(loop))
    finally:
        loop.close()
