"""The dtypes that arrays have: NumPy's, by name."""

from __future__ import annotations

from typing import Any

import numpy as np

NAMES = (
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float32",
    "float64",
    "complex64",
    "complex128",
)

#: NumPy's dtype for each name of ours.
DTYPES = {name: np.dtype(name) for name in NAMES}
_KNOWN: dict[Any, str] = {dtype: name for name, dtype in DTYPES.items()}
_KNOWN |= {dtype.type: name for name, dtype in DTYPES.items()}
_KNOWN |= {bool: "bool", int: "int64", float: "float64", complex: "complex128"}


def name(dtype: Any) -> str:
    """Our name for a dtype in any form that NumPy takes; a `TypeError` where there is none."""
    try:
        return _KNOWN[dtype]
    except (KeyError, TypeError):
        pass
    known = np.dtype(dtype)
    found = _KNOWN.get(known.newbyteorder("="))
    if found is None:
        raise TypeError(
            f"arrays of dtype {known} are not supported; supported are {', '.join(NAMES)}"
        )
    return found
