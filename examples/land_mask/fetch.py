#!/usr/bin/env python3
"""Makes land_mask.npy (bool, 21600 x 43200, 933 MB) from the package global-land-mask on PyPI.

    python3 fetch.py [FOLDER]

Needs python3 with pip, nothing else: the package is installed into a temporary folder, and the
array in its compressed .npz, which is a .npy within a zip, is written to FOLDER/land_mask.npy piece
by piece.
"""

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "global-land-mask==1.0.0"
MASK = "global_land_mask/globe_combined_mask_compressed.npz"


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "land_mask.npy"
    with tempfile.TemporaryDirectory() as temporary:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        # NumPy, which the package asks for, is not needed to read the file.
        subprocess.run([*pip, "--no-deps", "--target", temporary, PACKAGE], check=True)
        unfinished = target.with_suffix(".tmp")
        try:
            with (
                zipfile.ZipFile(Path(temporary) / MASK) as archive,
                archive.open("mask.npy") as packed,
                open(unfinished, "wb") as out,
            ):
                shutil.copyfileobj(packed, out, 1 << 20)
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
    print(f"{target}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
