"""Runs the notebooks in examples from start to end, in place of what they show.

python tools/notebook.py           writes their results into them
python tools/notebook.py --check   runs them and leaves them as they are
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def main() -> None:
    for path in sorted(EXAMPLES.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        client = NotebookClient(
            notebook,
            timeout=600,
            kernel_name="python3",
            resources={"metadata": {"path": str(EXAMPLES)}},
        )
        client.execute()
        print(f"{path.name}: {len(notebook.cells)} cells ran")
        if "--check" not in sys.argv:
            nbformat.write(notebook, path)


if __name__ == "__main__":
    main()
