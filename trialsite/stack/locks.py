"""Who runs the servers of a folder, and who uses them: advisory locks, which the kernel frees with their process."""

import fcntl
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


class AlreadyRunning(RuntimeError):
    """Another process runs the servers of this folder."""


class Runner:
    """Held by the process that runs the servers. The file has its number."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Raises AlreadyRunning."""
        file = open(self._path, "a+")  # noqa: SIM115 - held until release()
        for _ in range(10):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                # Somebody else's held() has it for an instant; a runner keeps it.
                time.sleep(0.03)
        else:
            file.close()
            raise AlreadyRunning(self.who())
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def release(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def held(self) -> bool:
        """Whether some process holds it."""
        if not self._path.exists():
            return False
        with open(self._path) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False

    def who(self) -> str:
        """A clause that names the process that took it last."""
        return f"another process ({self._path.read_text()}) runs the servers of this folder"


@contextmanager
def using(folder: Path) -> Iterator[Callable[[], None]]:
    """Held by every command that uses the servers of `folder`. Gives a function that waits until no other does:
    who started the servers for one command calls it before stopping them under somebody's feet."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "users", "a") as file:
        fcntl.flock(file, fcntl.LOCK_SH)

        def wait() -> None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                sys.stderr.write("Done; the servers stop when the other commands that use them have ended.\n")
                fcntl.flock(file, fcntl.LOCK_EX)

        yield wait
