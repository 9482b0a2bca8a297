"""Whether client, scheduler and workers have the same chunkwise."""

from __future__ import annotations

import hashlib
import sysconfig
from typing import Any

from .. import __version__
from .. import _chunkwise as _native

__all__ = ["VersionMismatchError"]


class VersionMismatchError(RuntimeError):
    """Client, scheduler and workers have different builds of chunkwise; the message names both."""


def identity() -> tuple[str, str, str]:
    """The version, the platform that the native module was built for, and a digest of it.

    Plans are made by the client and by every worker, and must come out alike: so builds of the same
    version for the same platform must be the same one.
    """
    if not _digest:
        with open(_native.__file__, "rb") as file:
            _digest.append(hashlib.file_digest(file, "blake2b").hexdigest()[:12])
    return __version__, sysconfig.get_platform(), _digest[0]


#: Once it is known.
_digest: list[str] = []


def described() -> tuple[tuple[str, str, str], int]:
    """What a process says of itself: its build, and the memory that it may use."""
    from distributed.system import MEMORY_LIMIT

    return identity(), MEMORY_LIMIT


#: What asks a process that may lack the package: an expression, since a function of the package
#: could not be loaded there.
_QUESTION = (
    "__import__('importlib').import_module('chunkwise.distributed._versions').described()"
    " if __import__('importlib.util').util.find_spec('chunkwise') else (None, 0)"
)


def same(ours: Any, theirs: Any) -> bool:
    """Whether two builds make the same plans."""
    if ours is None or theirs is None or ours[0] != theirs[0]:
        return False
    return ours[1] != theirs[1] or ours[2] == theirs[2]


def _text(found: Any) -> str:
    if found is None:
        return "has no chunkwise"
    if isinstance(found, BaseException):
        return f"cannot load chunkwise: {type(found).__name__}: {found}"
    return f"has chunkwise {found[0]} ({found[1]}, build {found[2]})"


def mismatch(where: str, theirs: Any, ours: Any = None) -> VersionMismatchError:
    """The error for a process that has something else."""
    return VersionMismatchError(
        f"{where} {_text(theirs)}, the client {_text(ours or identity())}: "
        "install the same wheel on the scheduler and on all workers"
    )


def check_scheduler(client: Any) -> None:
    """Raises where the scheduler has no or another chunkwise."""
    try:
        found, _ = client.run_on_scheduler(eval, _QUESTION)
    except ImportError as error:
        found = error
    if isinstance(found, BaseException) or not same(identity(), found):
        raise mismatch(f"the scheduler at {client.scheduler.address}", found)


def check_workers(client: Any, workers: list[str], timeout: float) -> dict[str, int]:
    """Raises where one of these workers has no or another chunkwise; answers the memory of those
    that have the same. One that does not answer in time is left to what its tasks will say."""
    try:
        found = client.sync(
            lambda: client.run(
                eval, _QUESTION, workers=workers, on_error="return", asynchronous=True
            ),
            callback_timeout=timeout,
        )
    except TimeoutError:
        return {}
    # One that has gone meanwhile is no mismatch.
    found = {a: f for a, f in found.items() if not isinstance(f, OSError)}
    wrong = {
        address: theirs if isinstance(theirs, BaseException) else theirs[0]
        for address, theirs in found.items()
        if isinstance(theirs, BaseException) or not same(identity(), theirs[0])
    }
    for address, theirs in sorted(wrong.items()):
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise mismatch(f"the worker at {address}{more}", theirs)
    return {address: theirs[1] for address, theirs in found.items()}
