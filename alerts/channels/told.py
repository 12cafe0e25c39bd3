"""Who has got a message from this process, for channels that write to each person alone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from alerts.message import Message, Recipient
from alerts.reasons import SendFailed

_REMEMBERED = 1000


class Told:
    """Whoever has got a message does not get it again because another did not."""

    def __init__(self) -> None:
        self._done: OrderedDict[UUID, set[str]] = OrderedDict()

    async def tell(
        self, message: Message, people: Sequence[Recipient], send: Callable[[Recipient], Awaitable[None]]
    ) -> None:
        """Everybody has it; after all were tried raises the first SendFailed, permanent ones last."""
        done = self._done.setdefault(message.id, set())
        self._done.move_to_end(message.id)
        if len(self._done) > _REMEMBERED:
            self._done.popitem(last=False)
        failed: list[SendFailed] = []
        for person in people:
            if person.login in done:
                continue
            try:
                await send(person)
                done.add(person.login)
            except SendFailed as failure:
                failed.append(failure)
        if failed:
            raise min(failed, key=lambda failure: failure.permanent)
        self._done.pop(message.id, None)
