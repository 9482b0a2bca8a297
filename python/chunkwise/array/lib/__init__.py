"""NumPy's name for what is in `chunkwise.array.lib.stride_tricks`."""

from . import stride_tricks

__all__ = ["stride_tricks"]


def __dir__() -> list[str]:
    return sorted(__all__)
