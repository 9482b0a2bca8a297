"""The package's entry points for a run that does not have it installed."""

from __future__ import annotations

import sys
import tempfile
import tomllib
from functools import cache
from importlib import metadata
from pathlib import Path

from documentation import ROOT


@cache
def register() -> None:
    """Lets xarray find the chunk manager that `pyproject.toml` declares."""
    from xarray.namedarray.parallelcompat import list_chunkmanagers

    group = "xarray.chunkmanagers"
    if "chunkwise" not in metadata.entry_points(group=group).names:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        lines = [f"{name} = {what}" for name, what in project["entry-points"][group].items()]
        info = Path(tempfile.mkdtemp()) / "chunkwise-0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: chunkwise\nVersion: 0\n")
        (info / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines, ""]))
        sys.path.append(str(info.parent))
    list_chunkmanagers.cache_clear()
