"""What tests of real processes share: another process that holds an embedded server, and waiting for something."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

_ROOT = Path(__file__).parents[2]
_HOLD = """
import sys
from pathlib import Path
from callcenter.store.embedded import EmbeddedPostgres

embedded = EmbeddedPostgres.start_or_join(Path(sys.argv[1]))
print("owned" if embedded.owned else "joined", embedded.dsn, flush=True)
sys.stdin.readline()
embedded.stop()
"""


class Other:
    """Another Python process, spoken to by lines."""

    def __init__(self, script: str, *arguments: str, prefix: tuple[str, ...] = ()) -> None:
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-c", script, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=_ROOT,
        )

    @property
    def output(self) -> IO[str]:
        assert self.process.stdout is not None
        return self.process.stdout

    def line(self) -> str:
        """Its next line; fails where it has ended."""
        said = self.output.readline()
        assert said, f"the other process ended with {self.process.wait()}"
        return said.strip()

    def kill(self) -> str:
        """It was ended by SIGKILL; what it had still said."""
        self.process.kill()
        return self.process.communicate()[0]

    def end(self) -> int:
        """It was told to finish; its exit code."""
        if self.process.poll() is None:
            self.process.communicate("\n")
        return self.process.returncode

    def close(self) -> None:
        """It has ended, as it may have before, and its pipes are closed."""
        self.end()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None and not pipe.closed:
                pipe.close()


@pytest.fixture
def other() -> Iterator[Callable[..., Other]]:
    """Starts other processes; the default script holds the embedded server of the folder given until told to finish."""
    started: list[Other] = []

    def start(*arguments: str, script: str = _HOLD, prefix: tuple[str, ...] = ()) -> Other:
        started.append(Other(script, *arguments, prefix=prefix))
        return started[-1]

    yield start
    for process in started:
        process.close()


@pytest.fixture
def until() -> Callable[[Callable[[], object]], None]:
    """Waits for a condition, at most 20 seconds."""

    def wait(condition: Callable[[], object]) -> None:
        for _ in range(1000):
            if condition():
                return
            threading.Event().wait(0.02)
        pytest.fail("it did not come true within 20 seconds")

    return wait
