"""The page that shows runs as they go on, over HTTP and in a browser."""

import http.client
import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import chunkwise
import chunkwise.array as da
import numpy as np
import pytest
from chunkwise import _chunkwise as native
from chunkwise.array import Array
from chunkwise.diagnostics import serve

NASTY = "<script>document.title='broken'</script><img src=x onerror=alert(1)>&\"'\u2028"


def slow(seconds=0.02, chunks=8, name="slow"):
    """An array of which each chunk takes a while."""

    def read(start, stop):
        time.sleep(seconds)
        return np.ones(tuple(b - a for a, b in zip(start, stop, strict=True)))

    return Array(native.from_getter(read, name, (chunks, 200_000), "float64", (1, -1)))


def state(page):
    with urllib.request.urlopen(page.url + "state", timeout=10) as answer:
        return json.load(answer)


def eventually(what, ready):
    end = time.monotonic() + 20
    while not (got := ready()):
        assert time.monotonic() < end, what
        time.sleep(0.01)
    return got


def test_a_run_is_watched_from_begin_to_end():
    with serve() as page:
        assert state(page)["last"] is None
        x = slow(0.05, 12).sum()
        run = threading.Thread(target=x.compute)
        run.start()

        def middle():
            running = state(page)["running"]
            return running and 0 < running[0]["done"] < running[0]["tasks"] and running[0]

        seen = eventually("a run in the middle", middle)
        run.join()
        assert 0 < seen["fraction"] < 1
        last = state(page)["last"]
        assert last["state"] == "done"
        assert last["done"] == last["tasks"]
        assert last["read"] == x.dtype.itemsize * 12 * 200_000
        bars = [b for lane in state(page)["lanes"]["runs"][0]["lanes"] for b in lane["bars"]]
        assert sum(b[3] for b in bars) == last["tasks"]
        assert sum(b[1] - b[0] for b in bars) >= 12 * 0.05e6 * 0.9
        place = last["rows"][0]["place"]
        assert place is None or "test_serve.py:" in place


def test_errors_have_their_operation_and_place():
    def bad(block):
        raise KeyError(NASTY)

    with serve() as page:
        with pytest.raises(KeyError):
            da.ones((4000, 100), chunks=1000).map_blocks(bad, dtype="f8").sum().compute()
        with chunkwise.config.set(memory_limit="1MiB"), pytest.raises(MemoryError):
            da.random.default_rng(1).normal(size=(4000, 4000)).compute()
        refused, failed = state(page)["errors"]
        assert refused["run"] is None
        assert failed["operation"] == "bad"
        assert "test_serve.py:" in failed["place"]
        assert "document.title" in failed["message"]


def test_runs_within_runs_and_at_the_same_time_are_apart():
    with serve() as page:
        threads = [threading.Thread(target=slow(0.03, 8).sum().compute) for _ in range(3)]
        for thread in threads:
            thread.start()
        eventually("three runs", lambda: len(state(page)["running"]) == 3)
        for thread in threads:
            thread.join()
        assert [r["state"] for r in state(page)["past"]] == ["done"] * 3
        assert state(page)["running"] == []


def test_nobody_listens_any_more_after_the_end():
    page = serve()
    url = page.url
    assert url in repr(page) and url in page._repr_html_()
    page.close()
    page.close()
    assert page.closed and "closed" in repr(page)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url, timeout=5)
    assert da.ones(3).sum().compute() == 3


def ask(page, method="GET", path="/", host="localhost"):
    port = int(page.url.rstrip("/").rsplit(":", 1)[1])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def test_others_names_and_other_methods_are_refused():
    with serve() as page:
        assert ask(page)[0].status == 200
        assert ask(page, host="evil.example")[0].status == 421
        for method in ("POST", "PUT", "DELETE", "HEAD", "OPTIONS"):
            answer, _ = ask(page, method)
            assert (answer.status, answer.headers["Allow"]) == (405, "GET")
        assert ask(page, path="/../../etc/passwd")[0].status == 404
        answer, body = ask(page)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        # Nothing within the page that the policy would have to allow.
        assert not re.search(rb"<script[^>]*>[^<]|\sstyle=|\son\w+=", body)


def test_a_port_that_is_taken_or_out_of_range_is_an_error():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError):
            serve(port=taken.getsockname()[1])
    with pytest.raises(ValueError, match="70000"):
        serve(port=70000)


def test_a_program_ends_with_its_page_open():
    code = (
        "import chunkwise.array as da; from chunkwise.diagnostics import serve; import os\n"
        "page = serve(); da.ones(10).sum().compute()\n"
        "pid = os.fork() if hasattr(os, 'fork') else None\n"
        "if pid: print(os.waitpid(pid, 0)[1])\n"
    )
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout in ("0\n", "")


BROWSER = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)


class _Slow(http.server.BaseHTTPRequestHandler):
    """Passes a page on, with an image at its end that takes a while: the browser tells what the
    page has become when that has come."""

    upstream = ""

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path == "/wait":
            time.sleep(5)
            self.send_error(404)
            return
        try:
            with urllib.request.urlopen(self.upstream + self.path.lstrip("/")) as answer:
                self.send_response(200)
                for name in ("Content-Type", "Content-Security-Policy", "X-Content-Type-Options"):
                    self.send_header(name, answer.headers[name])
                self.end_headers()
                if self.path == "/":
                    body = answer.read().replace(b"</body>", b"<img src=wait></body>")
                    assert b"<img" in body
                    self.wfile.write(body)
                while part := answer.read1():
                    self.wfile.write(part)
        except OSError:
            # The browser has seen enough, or asks for what is not there.
            self.close_connection = True


def shown(url):
    """What the page has become in a browser after a while: its markup."""
    handler = type("Handler", (_Slow,), {"upstream": url})
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
    ):
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        command = [
            *(BROWSER, "--headless", "--disable-gpu", "--no-first-run", "--no-sandbox"),
            *(f"--user-data-dir={folder}", "--dump-dom"),
            f"http://127.0.0.1:{server.server_address[1]}/",
        ]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
        server.shutdown()
    return ran.stdout


@pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome here")
def test_a_browser_shows_a_real_run_and_runs_nothing_of_its_names():
    def bad(block):
        raise KeyError(NASTY)

    bad.__name__ = NASTY
    with serve() as page:
        slow(0.01, 8, NASTY).sum().compute()
        with pytest.raises(KeyError):
            da.ones((4000, 100), chunks=1000).map_blocks(bad, dtype="f8").sum().compute()
        markup = shown(page.url)
    assert "<title>chunkwise</title>" in markup
    assert markup.count("<script") == 1 and markup.count("<img") == 1
    assert "onerror=alert(1)&gt;" in markup
    assert '<article class="run"' in markup and "<canvas" in markup
    assert 'role="progressbar"' in markup and "failed" in markup
    assert markup.count('class="line ') >= 2
