"""Makes a process say that it has another build of chunkwise, or none."""

from __future__ import annotations

import os
import sys
from importlib.abc import MetaPathFinder
from typing import Any


class Without(MetaPathFinder):
    """As if it was not installed."""

    def __init__(self) -> None:
        self.finders = list(sys.meta_path)

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name == "chunkwise":
            return None
        found = (finder.find_spec(name, path, target) for finder in self.finders)
        return next((spec for spec in found if spec is not None), None)

    def find_distributions(self, *args: Any) -> Any:
        for finder in self.finders:
            yield from getattr(finder, "find_distributions", lambda *_: ())(*args)


def pretend() -> None:
    version = os.environ["ODD_BUILD"]
    if version == "none":
        sys.meta_path[:] = [Without()]
        return
    from chunkwise.distributed import _program, _versions

    _, platform, digest = _versions.identity()
    build = (version, platform, digest)
    if version == "rebuilt":
        build = (_versions.__version__, platform, "0" * 12)
    _versions.identity = _program.identity = lambda: build


async def dask_setup(server: Any) -> None:
    pretend()
