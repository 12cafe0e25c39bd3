"""Fixtures for every kind of test: a database of one's own, a pool on it, the shared data."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from callcenter.store.embedded import EmbeddedPostgres
from callcenter.store.migrate import migrate
from callcenter.store.pool import connect, open_pool

_SHARED = Path(__file__).parents[2] / "shared"
# Nothing here outlives the run.
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


class Databases:
    """Makes and drops databases over one connection, on a thread of its own, so that sync and async tests may ask."""

    def __init__(self, server: str, prefix: str) -> None:
        self._server = server
        self._prefix = prefix
        self._count = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="test-databases", daemon=True)
        self._thread.start()
        self._connection = self._wait(asyncpg.connect(server))
        self._template = ""

    def prepare(self) -> None:
        """There is a migrated template to clone."""
        self._template = self.create("template0")
        self._wait(self._migrate())

    def url(self, name: str) -> str:
        """The DSN of a database of this server."""
        return urlunsplit(urlsplit(self._server)._replace(path=f"/{name}"))

    def create(self, template: str) -> str:
        """The name of a new copy of the template."""
        self._count += 1
        name = f"{self._prefix}_{self._count}"
        self._wait(self._connection.execute(f"create database {name} template {template}"))
        return name

    def clone(self) -> str:
        """The name of a new database, migrated and empty."""
        return self.create(self._template)

    def drop(self, name: str) -> None:
        """The database is gone, with whoever is still connected to it."""
        self._wait(self._connection.execute(f"drop database if exists {name} with (force)"))

    def close(self) -> None:
        """The template, the connection and the thread are gone."""
        self.drop(self._template)
        self._wait(self._connection.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _migrate(self) -> None:
        connection = await connect(self.url(self._template))
        try:
            await migrate(connection)
        finally:
            await connection.close()

    def _wait(self, work: Coroutine[object, object, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The DSN of a running server: CALLCENTER_TEST_DATABASE_URL, else an embedded one, each xdist worker its own."""
    given = os.environ.get("CALLCENTER_TEST_DATABASE_URL")  # noqa: TID251 of the tests, not of the service
    if given:
        yield given
        return
    with EmbeddedPostgres.start_or_join(tmp_path_factory.mktemp("postgres"), settings=_FAST) as embedded:
        yield embedded.dsn


@pytest.fixture(scope="session")
def databases(server: str, worker_id: str) -> Iterator[Databases]:
    """Makes databases on the server; its template has been migrated once."""
    made = Databases(server, f"test_{os.getpid()}_{worker_id}")
    try:
        made.prepare()
        yield made
    finally:
        made.close()


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """The DSN of a fresh, migrated database of this test's own."""
    name = databases.clone()
    yield databases.url(name)
    databases.drop(name)


@pytest.fixture
def empty_url(databases: Databases) -> Iterator[str]:
    """The DSN of a fresh database of this test's own, without any migration."""
    name = databases.create("template0")
    yield databases.url(name)
    databases.drop(name)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool on the test's own database."""
    opened = await open_pool(database_url, size=5)
    yield opened
    await opened.close()


@pytest.fixture
def shared() -> Path:
    """The folder of shared data; the test is skipped, saying so, where it is absent."""
    if not _SHARED.is_dir():
        pytest.skip(f"no shared data: {_SHARED} is absent")
    return _SHARED
