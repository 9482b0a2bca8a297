"""Builds and tests the client of Dask clusters for programs in Rust: an interpreter within them.

    python tools/client.py

It must be run by the Python of an environment that has the package and `distributed`. A Python
without a shared library cannot be linked to: then there is nothing to test, which is said.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig


def main() -> None:
    folder = sysconfig.get_config_var("LIBDIR")
    library = sysconfig.get_config_var("LDLIBRARY") or ""
    if not sysconfig.get_config_var("Py_ENABLE_SHARED"):
        print(f"skipped: the Python at {sys.base_prefix} was built without a shared library")
        return
    print(f"the client in Rust, with {library}")
    environment = dict(os.environ)
    environment["PYO3_PYTHON"] = sys.executable
    environment["VIRTUAL_ENV"] = sys.prefix
    paths = [folder, environment.get("LD_LIBRARY_PATH", "")]
    environment["LD_LIBRARY_PATH"] = os.pathsep.join(filter(None, paths))
    of_command = ["--package", "chunkwise-cli", "--features", "cluster", "--locked"]
    for step in (
        ["clippy", *of_command, "--all-targets", "--", "--deny", "warnings"],
        ["test", *of_command, "--test", "cluster"],
    ):
        done = subprocess.run(["cargo", *step], env=environment, check=False)
        if done.returncode:
            sys.exit(done.returncode)


if __name__ == "__main__":
    main()
