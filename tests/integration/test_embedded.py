"""The embedded server: kept data, one server a folder, and none left behind, however its owner ends."""

import asyncio
import json
import os
import shutil
import signal
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from callcenter.store.embedded import EmbeddedError, EmbeddedPostgres
from callcenter.store.embedded_binaries import Binaries, choose, installed
from callcenter.store.embedded_host import Child, alive, server_account, try_lock

Start = Callable[..., object]
_COMMITS = """
import asyncio, sys
from pathlib import Path
import asyncpg
from callcenter.store.embedded import EmbeddedPostgres
from callcenter.store.embedded_binaries import installed

binaries = next(one for one in installed() if str(one.folder) == sys.argv[2])
embedded = EmbeddedPostgres.start_or_join(Path(sys.argv[1]), binaries=binaries)

async def commit():
    connection = await asyncpg.connect(embedded.dsn)
    await connection.execute("create table kept (n int)")
    for n in range(1_000_000):
        await connection.execute("insert into kept values ($1)", n)
        print(n, flush=True)

asyncio.run(commit())
"""


def ask(dsn: str, *statements: str) -> object:
    """The one value the last statement gives."""

    async def run() -> object:
        connection = await asyncpg.connect(dsn)
        try:
            for statement in statements:
                answer = await connection.fetchval(statement)
        finally:
            await connection.close()
        return answer

    return asyncio.run(run())


def running(folder: Path) -> dict[str, int]:
    return json.loads((folder / "embedded.json").read_bytes())


def free(folder: Path) -> bool:
    """Whether no process of a server holds the folder."""
    lock = try_lock(folder / "embedded.lock")
    if lock is not None:
        os.close(lock)
    return lock is not None


def socket_folder(dsn: str) -> Path:
    return Path(parse_qs(urlsplit(dsn).query)["host"][0])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder as a first start and stop leave it."""
    folder = tmp_path_factory.mktemp("made") / "data"
    with EmbeddedPostgres.start_or_join(folder) as embedded:
        ask(embedded.dsn, "create table kept (n int)", "insert into kept values (7)")
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of that data folder, as a restore from a backup by this user would make it."""
    return Path(shutil.copytree(made, tmp_path / "data"))


def test_data_is_kept_between_starts(folder: Path) -> None:
    with EmbeddedPostgres.start_or_join(folder) as embedded:
        assert embedded.owned
        assert ask(embedded.dsn, "insert into kept values (8)", "select sum(n) from kept") == 15
    with EmbeddedPostgres.start_or_join(folder) as embedded:
        assert ask(embedded.dsn, "select sum(n) from kept") == 15


def test_stop_leaves_nothing_behind(folder: Path) -> None:
    embedded = EmbeddedPostgres.start_or_join(folder)
    server, run_folder = running(folder)["server"], socket_folder(embedded.dsn).parent
    assert alive(server)
    assert run_folder.is_dir()
    embedded.stop()
    assert not alive(server)
    assert not run_folder.exists()
    assert not (folder / "embedded.json").exists()
    assert not (folder / "postgres" / "postmaster.pid").exists()
    assert free(folder)
    embedded.stop()  # a second time is no error


def test_it_is_closed_to_others(folder: Path) -> None:
    (folder / "postgres.log").unlink()
    with EmbeddedPostgres.start_or_join(folder) as embedded:
        assert ask(embedded.dsn, "show listen_addresses") == ""
        assert stat.S_IMODE(socket_folder(embedded.dsn).stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / "postgres").stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / "postgres.log").stat().st_mode) == 0o600


def test_real_data_is_written_durably_and_settings_reach_the_server(folder: Path) -> None:
    with EmbeddedPostgres.start_or_join(folder, settings={"work_mem": "5MB"}) as embedded:
        assert [ask(embedded.dsn, f"show {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")] == [
            "on",
            "on",
            "on",
        ]
        assert ask(embedded.dsn, "show work_mem") == "5MB"


def test_a_running_server_is_joined_and_left_running(folder: Path, other: Start) -> None:
    holder = other(str(folder))
    assert holder.line().startswith("owned ")
    with EmbeddedPostgres.start_or_join(folder) as embedded:
        assert not embedded.owned
        assert ask(embedded.dsn, "select n from kept") == 7
    assert ask(embedded.dsn, "select n from kept") == 7
    assert holder.end() == 0
    assert free(folder)


def test_a_service_waits_for_the_end_of_a_command_rather_than_join_its_server(folder: Path, other: Start) -> None:
    command = other(str(folder))
    command.line()
    service: list[EmbeddedPostgres] = []
    start = threading.Thread(target=lambda: service.append(EmbeddedPostgres.start_or_join(folder, lasting=True)))
    start.start()
    start.join(0.3)
    assert service == []
    command.end()
    start.join()
    with service[0] as embedded, EmbeddedPostgres.start_or_join(folder, lasting=True) as second:
        assert (embedded.owned, second.owned) == (True, False)
        assert ask(embedded.dsn, "select n from kept") == 7


def test_stopping_a_server_that_died_leaves_its_successor_alone(folder: Path, until: Start) -> None:
    dead = EmbeddedPostgres.start_or_join(folder)
    os.kill(running(folder)["server"], signal.SIGKILL)
    until(lambda: free(folder))
    with EmbeddedPostgres.start_or_join(folder):
        dead.stop()
        with EmbeddedPostgres.start_or_join(folder, timeout=5) as joined:
            assert ask(joined.dsn, "select n from kept") == 7


def test_whoever_joined_is_told_when_the_owner_stops_the_server(folder: Path, other: Start) -> None:
    holder = other(str(folder))
    holder.line()
    embedded = EmbeddedPostgres.start_or_join(folder)

    async def lose() -> None:
        connection = await asyncpg.connect(embedded.dsn)
        await asyncio.to_thread(holder.end)
        with pytest.raises((asyncpg.AdminShutdownError, asyncpg.InterfaceError, asyncpg.ConnectionDoesNotExistError)):
            await connection.fetchval("select 1")
        await connection.close()

    asyncio.run(lose())


def test_starts_at_once_make_one_server(tmp_path: Path, other: Start) -> None:
    folder = tmp_path / "data"
    starters = [other(str(folder)) for _ in range(3)]
    said = [starter.line().split() for starter in starters]
    assert sorted(word for word, _ in said) == ["joined", "joined", "owned"]
    assert len({dsn for _, dsn in said}) == 1
    assert ask(said[0][1], "select 1") == 1
    owner = [word for word, _ in said].index("owned")
    assert [starter.end() for i, starter in enumerate(starters) if i != owner] == [0, 0]
    assert starters[owner].end() == 0


@pytest.mark.skipif("sys.platform != 'linux'", reason="the kernel's death signal is Linux's")
@pytest.mark.parametrize("binaries", installed(), ids=lambda one: f"{'wheel' if one.wheel else 'host'}-{one.major}")
def test_kill_9_of_the_owner_ends_the_server_and_loses_no_committed_row(
    tmp_path: Path, binaries: Binaries, other: Start, until: Start
) -> None:
    folder = tmp_path / "data"
    writer = other(str(folder), str(binaries.folder), script=_COMMITS)
    while int(writer.line()) < 200:
        pass
    server, run_folder = running(folder)["server"], running(folder)["run_folder"]
    said = writer.kill()
    until(lambda: free(folder))
    until(lambda: not alive(server))
    last = max(int(line) for line in ["200", *said.split()])
    with EmbeddedPostgres.start_or_join(folder, binaries=binaries) as embedded:
        assert embedded.owned
        assert not Path(str(run_folder)).exists()
        assert ask(embedded.dsn, f"select count(*) from kept where n <= {last}") == last + 1


def test_a_start_right_after_kill_9_waits_for_the_old_server(folder: Path, other: Start) -> None:
    holder = other(str(folder))
    holder.line()
    before = running(folder)["server"]
    holder.kill()
    with EmbeddedPostgres.start_or_join(folder) as embedded:
        assert embedded.owned
        assert running(folder)["server"] != before
        assert ask(embedded.dsn, "select n from kept") == 7


def test_kill_9_of_the_server_is_recovered_from(folder: Path, until: Start) -> None:
    embedded = EmbeddedPostgres.start_or_join(folder)
    ask(embedded.dsn, "insert into kept values (8)")
    os.kill(running(folder)["server"], signal.SIGKILL)
    until(lambda: free(folder))
    assert (folder / "postgres" / "postmaster.pid").exists()
    with EmbeddedPostgres.start_or_join(folder) as again:
        assert again.owned
        assert ask(again.dsn, "select sum(n) from kept") == 15
    embedded.stop()


def test_a_server_whose_owner_is_gone_is_replaced(folder: Path, other: Start) -> None:
    """As on a system without the death signal: the server still answers, but nobody will ever stop it."""
    holder = other(str(folder))
    holder.line()
    (folder / "embedded.json").write_text(json.dumps({**running(folder), "owner": 2**22 + 1}))
    with EmbeddedPostgres.start_or_join(folder) as embedded:
        assert embedded.owned
        assert ask(embedded.dsn, "select n from kept") == 7


def test_a_pid_file_naming_another_process_is_no_obstacle(folder: Path, tmp_path: Path) -> None:
    """As after a reboot; a process of the server's own user, for PostgreSQL takes any other for gone."""
    stranger = Child(["/bin/sleep", "60"], server_account(folder), keep=(), log=tmp_path / "log")
    lines = [str(stranger.pid), str(folder / "postgres"), "1795285587", "5432", "/tmp", "", "0 0", "ready"]
    (folder / "postgres" / "postmaster.pid").write_text("\n".join(lines))
    with EmbeddedPostgres.start_or_join(folder) as embedded:
        assert ask(embedded.dsn, "select n from kept") == 7
    stranger.signal(signal.SIGKILL)
    assert stranger.gone.wait(10)


def test_the_server_outlives_the_thread_that_started_it(folder: Path) -> None:
    started: list[EmbeddedPostgres] = []
    thread = threading.Thread(target=lambda: started.append(EmbeddedPostgres.start_or_join(folder)))
    thread.start()
    thread.join()
    with started[0] as embedded:
        assert ask(embedded.dsn, "select pg_sleep(0.2)::text || n from kept") == "7"


def test_ctrl_c_does_not_reach_the_server(folder: Path) -> None:
    with EmbeddedPostgres.start_or_join(folder):
        assert os.getsid(running(folder)["server"]) != os.getsid(0)


def test_a_long_data_folder_path_is_no_obstacle(folder: Path, tmp_path: Path) -> None:
    deep = tmp_path / "/".join(["long" * 20] * 4)
    deep.parent.mkdir(parents=True)
    folder.rename(deep)
    with EmbeddedPostgres.start_or_join(deep) as embedded:
        assert ask(embedded.dsn, "select n from kept") == 7


def test_a_creation_that_broke_off_is_begun_again(tmp_path: Path) -> None:
    broken = tmp_path / "data" / "postgres.new"
    broken.mkdir(parents=True)
    (broken / "PG_VERSION").write_text("15\n")
    with EmbeddedPostgres.start_or_join(tmp_path / "data") as embedded:
        assert ask(embedded.dsn, "select 1") == 1
    assert not broken.exists()


def test_the_version_that_made_the_data_folder_runs_it(tmp_path: Path) -> None:
    versions = installed()
    if len({one.major for one in versions}) < 2:
        pytest.skip("only one version of PostgreSQL is installed")
    made_by = versions[-1]
    folder = tmp_path / "data"
    EmbeddedPostgres.start_or_join(folder, binaries=made_by).stop()
    with EmbeddedPostgres.start_or_join(folder) as embedded:
        assert str(ask(embedded.dsn, "show server_version")).startswith(str(made_by.major))


def test_a_missing_version_is_named() -> None:
    with pytest.raises(EmbeddedError, match=r"PostgreSQL 14, which made the data folder, .* \(found: 15, 18\)"):
        choose([Binaries(Path("/a"), 15), Binaries(Path("/b"), 18)], 14)


def test_a_folder_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(EmbeddedError, match="cannot be used"):
        EmbeddedPostgres.start_or_join(tmp_path / "data")


def test_a_server_that_does_not_start_says_why(folder: Path) -> None:
    with pytest.raises(EmbeddedError, match="unrecognized configuration parameter"):
        EmbeddedPostgres.start_or_join(folder, settings={"no_such_setting": "1"})
    assert free(folder)
