"""How bundles travel between processes, and to disk: their elements out of band, without copies."""

from __future__ import annotations

import copyreg

import numpy as np
from dask.sizeof import sizeof
from distributed.protocol import dask_deserialize, dask_serialize

from .. import _chunkwise as _native

__all__: list[str] = []


# Not by pickle's own buffers: what goes by way of the scheduler is pickled by a protocol without.
@dask_serialize.register(_native.Bundle)
def _(bundle: _native.Bundle) -> tuple[dict, list]:
    header, parts = bundle.parts()
    # The first buffer of a message may share its memory with the message's header, behind which it
    # lies at any address. A byte that nobody reads takes that place; `bytes` would be passed over.
    return {"parts": header}, [bytearray(1), *[np.asarray(part).data for part in parts]]


@dask_deserialize.register(_native.Bundle)
def _(header: dict, frames: list) -> _native.Bundle:
    return _native.Bundle.build(header["parts"], frames[1:])


@sizeof.register(_native.Bundle)
def _(bundle: _native.Bundle) -> int:
    # By which workers decide what to spill.
    return bundle.nbytes


def reduce_bundle(bundle: _native.Bundle) -> tuple:
    """What `pickle` makes a bundle from, within other things."""
    header, parts = bundle.parts()
    return _native.Bundle.build, (header, [np.asarray(part).tobytes() for part in parts])


copyreg.pickle(_native.Bundle, reduce_bundle)
