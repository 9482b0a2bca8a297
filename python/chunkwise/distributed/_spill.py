"""What a worker holds, where some of it is on a disk that is full."""

from __future__ import annotations

from typing import Any

from distributed.spill import SpillBuffer

__all__: list[str] = []


class Spill(SpillBuffer):
    """As `distributed` has it, but that what can be read is read.

    What comes back from the disk moves other things there. Where there is no room for these, they
    stay in memory, as they do when something is put in; but the error for it would go to whoever
    reads.
    """

    def __getitem__(self, key: Any) -> Any:
        try:
            return super().__getitem__(key)
        except OSError:
            # It is in memory once it is read, before room is made for it.
            if key in self.fast:
                return self.fast[key]
            raise


def mend(worker: Any) -> None:
    """Has a worker's data behave so."""
    if type(worker.data) is SpillBuffer:
        worker.data.__class__ = Spill
