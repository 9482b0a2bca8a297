"""How long `import chunkwise.array` takes beside `import numpy`, each in fresh processes in turn.

python benches/import_time.py
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = 15
STATEMENTS = {
    "an empty process": "pass",
    "numpy": "import numpy",
    "chunkwise.array": "import chunkwise.array",
}


def seconds(statement: str, environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True, env=environment)
    return time.perf_counter() - start


def main() -> None:
    # Modules are compiled in the first turn only, as in an installation, for either package.
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        measure(kept | {"PYTHONPYCACHEPREFIX": folder})


def measure(environment: dict[str, str]) -> None:
    taken: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for turn in range(RUNS + 1):
        for name, statement in STATEMENTS.items():
            time_taken = seconds(statement, environment)
            # The first turn compiles the modules and brings the files into memory.
            if turn:
                taken[name].append(time_taken)
    middle = {name: statistics.median(times) for name, times in taken.items()}
    for name, value in middle.items():
        print(f"{name:20} {value * 1e3:8.1f} ms")
    beyond = middle["chunkwise.array"] - middle["numpy"]
    numpy = middle["numpy"] - middle["an empty process"]
    print(f"beyond numpy         {beyond * 1e3:8.1f} ms, {beyond / numpy:.2f} of what numpy takes")


if __name__ == "__main__":
    main()
