"""Errors that came from workers."""

from __future__ import annotations

import copy

__all__: list[str] = []


def raised_anew(error: Exception) -> Exception:
    """Another such error, to be raised in its place.

    `distributed` keeps the one that it has raised as long as the future lives. With it would stay
    the frames that it went through, and in these is the future itself: nothing that a failed
    computation has read would ever be let go.
    """
    try:
        again = copy.copy(error)
        again.__cause__, again.__context__ = error.__cause__, error.__context__
        again.__suppress_context__ = error.__suppress_context__
    except Exception:
        return error
    if type(again) is not type(error):
        return error
    again.__traceback__, error.__traceback__ = error.__traceback__, None
    return again
