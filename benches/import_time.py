"""How long `import chunkwise.array` takes beside `import numpy`, each in fresh processes in turn.

python benches/import_time.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 15
STATEMENTS = {
    "an empty process": "pass",
    "numpy": "import numpy",
    "chunkwise.array": "import chunkwise.array",
}


def seconds(statement: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - start


def main() -> None:
    taken: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for turn in range(RUNS + 1):
        for name, statement in STATEMENTS.items():
            time_taken = seconds(statement)
            # The first turn brings the files into memory.
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
