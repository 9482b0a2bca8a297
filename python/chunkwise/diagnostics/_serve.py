"""A page that shows runs as they go on."""

from __future__ import annotations

from .. import _chunkwise as _native

__all__ = ["Server", "serve"]


class Server:
    """A page of the runs of this process, until it is closed; `serve` makes it.

    It is closed at the end of its ``with``, by `close`, and at the end of the program.

    Examples
    --------
    >>> from chunkwise.diagnostics import serve
    >>> with serve() as page:
    ...     page.url.startswith("http://127.0.0.1:"), page.closed
    (True, False)
    >>> page.closed
    True
    """

    def __init__(self, host: str, port: int) -> None:
        if not 0 <= port <= 65535:
            raise ValueError(f"port must be from 0 to 65535, got {port}")
        self._native = _native.Server(host, port)
        self._closed = False

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the page."""
        return self._native.url

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self._closed

    def close(self) -> None:
        """Ends it, after those who look were shown how it stood last. Runs are not disturbed."""
        self._closed = True
        self._native.close()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<page of runs {'closed' if self._closed else 'at'} {self.url}>"

    def _repr_html_(self) -> str:
        from .._svg import escape

        if self._closed:
            return escape(repr(self))
        url = escape(self.url)
        return f'The runs: <a href="{url}" target="_blank" rel="noopener">{url}</a>'


#: Those that are open, so that a page whose server nobody kept stays until the program ends.
_open: list[Server] = []


def serve(port: int = 0, host: str = "127.0.0.1", open_browser: bool = False) -> Server:
    """Serves a page that shows the runs of this process as they go on.

    It shows each run's stages with their progress, rates and bytes, memory against the limit,
    processors, the tasks of each thread, the last runs, and errors with the operation and its
    place. It is made of one file of the package and fetches nothing from elsewhere.

    Parameters
    ----------
    port : int
        Where to listen; 0 is any port that is free.
    host : str
        The address to listen at. By default only programs on this machine reach the page.
        Whoever reaches it can read what is shown: names of operations and of files, and lines of
        the program by their numbers.
    open_browser : bool
        Open the page in the browser at once.

    Returns
    -------
    Server
        ``url`` is the page's address. It goes on until ``close()``, or the end of its ``with``,
        or of the program.

    Raises
    ------
    ValueError
        A port out of range.
    OSError
        The port is taken, or the host has no address here.

    Examples
    --------
    >>> from chunkwise.diagnostics import serve
    >>> with serve() as page:
    ...     total = (da.asarray([1, 2, 3]) + 1).compute()
    ...     page.url.startswith("http://127.0.0.1:")
    True
    """
    server = Server(host, port)
    _open[:] = [s for s in _open if not s.closed] + [server]
    if open_browser:
        import webbrowser

        webbrowser.open(server.url)
    return server
