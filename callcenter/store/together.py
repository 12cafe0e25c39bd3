"""What several requests ask of the store in the same millisecond, asked in one statement."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import asyncpg

from callcenter.store import tickets
from callcenter.store.types import Connection, Row

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")

# A statement waits for none: whatever came while the one before was under way goes together.
MOST = 50


class Together(Generic[Ask, Answer]):
    """Collects what is asked while a statement is under way, and asks it all in the next one.

    When a statement fails, each of its parts is asked again alone, so that one bad part refuses nobody else's.
    """

    def __init__(
        self, pool: asyncpg.Pool, run: Callable[[Connection, Sequence[Ask]], Awaitable[Sequence[Answer]]]
    ) -> None:
        self._pool = pool
        self._run = run
        self._waiting: deque[tuple[Ask, asyncio.Future[Answer]]] = deque()
        self._under_way: asyncio.Task[None] | None = None

    async def __call__(self, ask: Ask) -> Answer:
        """The answer to this one part."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((ask, answer))
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.create_task(self._work())
        return await answer

    async def _work(self) -> None:
        while self._waiting:
            parts: list[tuple[Ask, asyncio.Future[Answer]]] = []
            try:
                async with self._pool.acquire(timeout=10) as conn:
                    while self._waiting:
                        parts = self._next()
                        await self._ask(conn, parts)
            except Exception as error:
                for _, answer in parts or self._next():
                    _settle(answer, error)

    def _next(self) -> list[tuple[Ask, asyncio.Future[Answer]]]:
        return [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]

    async def _ask(self, conn: Connection, parts: Sequence[tuple[Ask, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._run(conn, [ask for ask, _ in parts])
        except (
            asyncpg.DataError,
            asyncpg.IntegrityConstraintViolationError,
            asyncpg.ProgramLimitExceededError,
        ) as error:
            if len(parts) == 1:
                _settle(parts[0][1], error)
                return
            for part in parts:
                await self._ask(conn, [part])
            return
        for (_, future), answer in zip(parts, answers, strict=True):
            if not future.done():  # whoever asked may be gone
                future.set_result(answer)


def _settle(future: asyncio.Future[Answer], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)


class Burst:
    """The two statements of logging a call, shared by the calls of the same millisecond."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.resolve: Together[tickets.Wish, Row] = Together(pool, tickets.resolve)
        self.log: Together[tickets.Opening, int | None] = Together(pool, tickets.log)
