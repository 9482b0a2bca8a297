"""The folders of exchanges that go through files."""

from __future__ import annotations

import contextlib
import shutil
import uuid
from pathlib import Path

__all__: list[str] = []

#: An exchange of more pieces than this goes through files, where there is a folder for them: Dask's
#: scheduler takes almost a millisecond for each piece that is a task of its own.
PICKS = 8192


def empty(folder: Path) -> None:
    """Removes the files of a folder."""
    with contextlib.suppress(OSError):
        for file in folder.iterdir():
            file.unlink(missing_ok=True)


class Folders:
    """Folders in the scratch directory, one for each computation that has need of it.

    A folder is there as long as the client is: what a worker has taken with it may have to be made
    again. Its files are removed when the computation has ended.
    """

    def __init__(self) -> None:
        self._made: list[Path] = []

    @staticmethod
    def named(scratch: Path | None) -> Path | None:
        """Where a computation's folder would be."""
        return None if scratch is None else scratch / f"chunkwise-exchange-{uuid.uuid4().hex}"

    def make(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._made.append(folder)

    def close(self) -> None:
        for folder in self._made:
            # A task that is still running finds no folder then, and fails.
            for _ in range(3):
                shutil.rmtree(folder, ignore_errors=True)
