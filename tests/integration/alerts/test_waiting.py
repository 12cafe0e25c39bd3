"""How long a message has waited: what was held back waits from when it may go, also once an attempt has failed."""

from datetime import timedelta
from typing import TYPE_CHECKING

from alerts.reasons import Reason
from callcenter.store import metrics, queries
from tests.integration.alerts.test_storm import Post, storm

if TYPE_CHECKING:
    from tests.integration.alerts.conftest import Hotline

_sql = queries.load(metrics.__file__)


async def test_what_was_held_has_waited_since_it_might_go(hotline: "Hotline") -> None:
    post = Post(hotline)
    await storm(hotline)
    await post.deliver(30)
    _, oldest = await post.outbox.depth()
    assert oldest is not None
    assert oldest > hotline.at(30.5), "held for a minute, to be told together"
    held = oldest
    (sent,) = await post.take(32)
    assert await post.outbox.depth() == (1, held)
    again = hotline.at(33)
    await post.outbox.failed(sent, "test", Reason.TIMEOUT, "", hotline.at(32), again)
    assert (await post.outbox.depth())[1] == held, "not since it was written"
    async with hotline.pool.acquire() as conn:
        rows = [tuple(row) async for row in _sql.outbox(conn)]
    assert [row[2] for row in rows] == [held]
    assert held - hotline.at(30) <= timedelta(minutes=1)
