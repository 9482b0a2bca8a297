"""The package under bad treatment: leaks, threads, signals, forks, exits, junk."""

import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import chunkwise
import chunkwise.array as da
import numpy as np
import pytest

linux = pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="reads /proc")


def resident():
    """Bytes of the process in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def run(program, timeout=60, **environment):
    """A program in an interpreter of its own."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=os.environ | environment,
    )


def ran(program, timeout=60, **environment):
    result = run(program, timeout, **environment)
    assert result.returncode == 0, result.stderr[-3000:]
    assert result.stderr == ""
    return result.stdout


# Leaks


def _grows(work, times=60, warm=15):
    """Bytes that the process grows by per call."""
    for _ in range(warm):
        work()
    gc.collect()
    before = resident()
    for _ in range(times):
        work()
    gc.collect()
    return (resident() - before) / times


@linux
@pytest.mark.parametrize("what", ["compute", "function", "exception", "getter", "pickle", "build"])
def test_memory_stays_flat(what):
    values = np.zeros((256, 256))
    text = "x" * 100_000

    def fail(part):
        payload = values.copy()
        raise ValueError(text + str(payload.size))

    def work():
        x = da.from_array(values.copy(), chunks=100)
        if what == "compute":
            (x + 1).compute()
        elif what == "function":
            x.map_blocks(lambda part: part + values[:1, :1], dtype="f8").compute()
        elif what == "exception":
            with pytest.raises(ValueError):
                x.map_blocks(fail, dtype="f8").compute()
        elif what == "getter":
            da.from_array(values.copy(), chunks=100, lock=True).compute()
        elif what == "pickle":
            import pickle

            pickle.loads(pickle.dumps(x.map_blocks(np.abs)))
        else:
            for _ in range(50):
                x = x + 1

    # An array of this size that leaks in each round is half a megabyte.
    assert _grows(work) < 60_000


def test_nothing_is_kept_of_what_was_dropped():
    import weakref

    class Source:
        shape, dtype = (100,), np.dtype("f8")

        def __getitem__(self, index):
            return np.zeros(100)[index]

    class Adds:
        def __call__(self, part):
            return part + 1

    source, adds = Source(), Adds()
    gone = [weakref.ref(source), weakref.ref(adds)]
    x = da.from_array(source, chunks=30).map_blocks(adds)
    result = x.compute()
    del source, adds, x
    gc.collect()
    assert [g() for g in gone] == [None, None]
    assert result.sum() == 100


# Threads


def test_many_python_threads_at_once():
    base = da.from_array(np.arange(10_000.0).reshape(100, 100), chunks=17)
    failures = []
    start = threading.Barrier(6)

    def work(n):
        try:
            start.wait()
            for k in range(15):
                y = (base * n + k).map_blocks(lambda p: p - 1, dtype="f8")
                expected = np.arange(10_000.0).reshape(100, 100) * n + k - 1
                np.testing.assert_array_equal(y.compute(), expected)
                with pytest.raises(ZeroDivisionError):
                    base.map_blocks(lambda p: 1 // 0, dtype="f8").compute()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    assert not any(t.is_alive() for t in threads)
    assert failures == []


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_a_function_that_computes(threads):
    table = da.from_array(np.arange(1000.0), chunks=100)

    def look_up(part):
        return part + (table + 1).compute()[part.shape[0]] + table.map_blocks(np.sqrt).compute()[4]

    with chunkwise.config.set(num_threads=threads):
        x = da.from_array(np.zeros(60), chunks=7)
        expected = np.concatenate([np.full(n, n + 1 + 2.0) for n in [7] * 8 + [4]])
        np.testing.assert_array_equal(x.map_blocks(look_up, dtype="f8").compute(), expected)


def test_a_function_that_prints_and_starts_threads(capfd):
    def busy(part):
        got = []
        threads = [threading.Thread(target=lambda n=n: got.append(n)) for n in range(3)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        # In one piece: threads write between each other's pieces.
        print(f"done {sorted(got)}\n", end="")
        return part

    da.from_array(np.zeros(20), chunks=5).map_blocks(busy, dtype="f8").compute()
    assert capfd.readouterr().out == "done [0, 1, 2]\n" * 4


def test_functions_run_side_by_side():
    """As many chunks at once as there are threads, even where they are small."""
    meet = threading.Barrier(3, timeout=20)

    def wait(part):
        meet.wait()
        return part

    with chunkwise.config.set(num_threads=3):
        da.from_array(np.zeros(6), chunks=2).map_blocks(wait, dtype="f8").compute()


# Ctrl-C


INTERRUPTED = """
import os, signal, sys, threading, time
import numpy as np
import chunkwise
import chunkwise.array as da

def strike():
    time.sleep(0.7)
    os.kill(os.getpid(), signal.SIGINT)

def slowly(part):
    {body}
    return part

x = {array}
threading.Thread(target=strike).start()
begin = time.monotonic()
try:
    x.compute()
    print("not interrupted")
except KeyboardInterrupt:
    took = time.monotonic() - begin - 0.7
    print("interrupted", took < 2.5, took)
small = da.from_array(np.arange(1000.0), chunks=100)
assert (small + 1).compute()[-1] == 1000
assert small.map_blocks(np.sqrt, dtype="f8").compute()[4] == 2
print("usable")
"""

LONG = {
    "native": (
        "pass",
        "da.random.default_rng(1).normal(size=(200_000, 200_000), chunks=5000).sum()",
    ),
    "sleep": (
        "time.sleep(0.3)",
        "da.from_array(np.zeros(1000), chunks=1).map_blocks(slowly, dtype='f8')",
    ),
    "long sleep": (
        "time.sleep(4)",
        "da.from_array(np.zeros(10), chunks=1).map_blocks(slowly, dtype='f8')",
    ),
    "one chunk": (
        "time.sleep(4)",
        "da.from_array(np.zeros(10), chunks=10).map_blocks(slowly, dtype='f8')",
    ),
    "python": (
        "end = time.monotonic() + 0.3\n    while time.monotonic() < end: pass",
        "da.from_array(np.zeros(1000), chunks=1).map_blocks(slowly, dtype='f8')",
    ),
}


@pytest.mark.parametrize("kind", LONG)
def test_interrupts(kind):
    body, array = LONG[kind]
    out = ran(INTERRUPTED.format(body=body, array=array), timeout=60)
    assert out.startswith("interrupted True"), out
    assert out.endswith("usable\n"), out


# Forks and exits


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_computes():
    out = ran("""
        import os
        import numpy as np
        import warnings
        import chunkwise.array as da

        x = da.from_array(np.arange(100_000.0), chunks=1000).map_blocks(np.sqrt)
        expected = x.compute().sum()
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
        if child == 0:
            ok = x.compute().sum() == expected and (x + 1).compute()[0] == 1
            os._exit(0 if ok else 1)
        _, status = os.waitpid(child, 0)
        assert x.compute().sum() == expected
        print(os.waitstatus_to_exitcode(status))
    """)
    assert out == "0\n"


EXITS = {
    "after": "x.compute()",
    "in a thread": """
def ends():
    try: x.compute()
    except chunkwise.CancelledError: pass
threading.Thread(target=ends, daemon=True).start()
time.sleep(0.3)
""",
    "by exit": "x.compute(); sys.exit(0)",
    "after an error": "\ntry: bad.compute()\nexcept ZeroDivisionError: pass",
    "kept": "import builtins; builtins.kept = [x, x.persist(), x.compute()]",
    "at exit": "import atexit; atexit.register(lambda: x.compute())",
}


@pytest.mark.parametrize("when", EXITS)
def test_the_interpreter_exits(when):
    ran(
        f"""
import sys, threading, time
import numpy as np
import chunkwise
import chunkwise.array as da
def slowly(part):
    time.sleep(0.02)
    return part
x = da.from_array(np.zeros(400), chunks=10).map_blocks(slowly, dtype="f8")
bad = x.map_blocks(lambda part: 1 // 0, dtype="f8")
{EXITS[when]}
""",
        timeout=40,
    )


@pytest.mark.parametrize("turn", range(20))
def test_threads_have_left_before_the_interpreter_goes(turn):
    out = ran(
        """
import atexit, contextlib, os, time
def ours():
    for task in os.listdir("/proc/self/task"):
        with contextlib.suppress(OSError), open(f"/proc/self/task/{task}/comm") as file:
            yield file.read().startswith("chunkwise")
def threads():
    # A thread that has left Python is there for a moment more.
    until = time.monotonic() + 5
    while any(ours()) and time.monotonic() < until:
        time.sleep(0.001)
    print(sum(ours()))
if os.path.exists("/proc/self/task"):
    # Comes after what is registered later.
    atexit.register(threads)
import numpy as np
import chunkwise
import chunkwise.array as da
x = da.from_array(np.zeros(400), chunks=10).map_blocks(lambda part: part + 1, dtype="f8")
for threads in (2, 3, 4, 3, 5, 6, 7):
    with chunkwise.config.set(num_threads=threads):
        assert x.sum().compute() == 400
""",
        timeout=40,
    )
    assert out in ("0\n", "")


# Limits and settings


def test_what_cannot_fit_is_refused():
    x = da.from_array(np.zeros((1000, 1000)), chunks=1000).map_blocks(np.abs)
    with chunkwise.config.set(memory_limit="1MiB"):
        with pytest.raises(chunkwise.MemoryLimitError, match="limit"):
            x.compute()
        assert issubclass(chunkwise.MemoryLimitError, MemoryError)
        small = da.from_array(np.zeros(1000), chunks=100)
        assert small.map_blocks(np.cos).compute().sum() == 1000
    assert x.compute().shape == (1000, 1000)


def test_settings_from_the_environment():
    program = """
        import chunkwise
        names = "memory_limit", "num_threads", "spill_directory"
        print(*(chunkwise.config.get(k) for k in names))
    """
    out = ran(
        program,
        CHUNKWISE_MEMORY_LIMIT="2MiB",
        CHUNKWISE_NUM_THREADS="3",
        CHUNKWISE_SPILL_DIRECTORY="/tmp",
    )
    assert out == f"{2 << 20} 3 /tmp\n"
    for name, value in [("NUM_THREADS", "many"), ("NUM_THREADS", "0"), ("MEMORY_LIMIT", "2 cows")]:
        failed = run(program, **{f"CHUNKWISE_{name}": value})
        assert failed.returncode == 1
        assert f"CHUNKWISE_{name}" in failed.stderr


def _in_turn(*works):
    """Generators in threads of their own: the next step of each in turn, one at a time."""
    turns = [threading.Semaphore(0) for _ in works]
    done = threading.Semaphore(0)
    failures = []

    def work(make, turn):
        steps = make()
        while True:
            turn.acquire()
            try:
                next(steps)
            except StopIteration:
                return
            except BaseException as error:
                failures.append(error)
                return
            finally:
                done.release()

    threads = [threading.Thread(target=work, args=pair) for pair in zip(works, turns, strict=True)]
    for t in threads:
        t.start()
    while any(t.is_alive() for t in threads):
        for t, turn in zip(threads, turns, strict=True):
            if t.is_alive():
                turn.release()
                done.acquire()
                t.join(0.05)
    assert failures == []


def test_settings_that_threads_choose_end_with_them():
    get = chunkwise.config.get

    def one():
        with chunkwise.config.set(num_threads=2, spill_directory="/one"):
            yield
            yield
            assert get("num_threads") == 3, "the last choice is in force"

    def other():
        yield
        with chunkwise.config.set(num_threads=3):
            yield
            assert get("num_threads") == 3, "another thread's end does not end ours"
            assert get("spill_directory") is None

    def for_good():
        yield
        chunkwise.config.set(memory_limit="1GiB")

    before = get("num_threads"), get("memory_limit")
    try:
        _in_turn(one, other, for_good)
        assert get("memory_limit") == 2**30, "a choice for good outlives others' ends"
    finally:
        chunkwise.config.set(memory_limit=None)
    assert (get("num_threads"), get("memory_limit")) == before


def test_settings_within_settings():
    config = chunkwise.config
    with config.set(num_threads=2):
        config.set(num_threads=3)
        config.set(num_threads=4)
        assert config.get("num_threads") == 4
        with config.set(num_threads=5, memory_limit=1000):
            assert config.get("num_threads") == 5
        assert config.get("num_threads") == 4 and config.get("memory_limit") is None
    assert config.get("num_threads") is None
    chosen = config.set(num_threads=7)
    for _ in range(2):
        with chosen:
            assert config.get("num_threads") == 7
        assert config.get("num_threads") is None
    for n in range(1, 50):
        config.set(num_threads=n)
    assert config.get("num_threads") == 49
    config.set(num_threads=None)
    assert len(config._chosen["num_threads"]) <= 3, "choices pile up"


def test_pickles_from_many_threads():
    import pickle

    shared = da.from_array(np.arange(1000.0), chunks=100)
    pair = [shared + 1, shared * 2]
    alone = len(pickle.dumps(pair))
    sizes = []

    def work():
        for _ in range(50):
            text = pickle.dumps(pair)
            sizes.append(len(text))
            assert float(pickle.loads(text)[0].sum()) == 500_500

    threads = [threading.Thread(target=work) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(sizes) == 400 and set(sizes) == {alone}


# Junk


JUNK = """
import faulthandler, inspect, os, random, sys, tempfile, warnings
faulthandler.enable()
faulthandler.dump_traceback_later(50, exit=True)
warnings.simplefilter("ignore")
import numpy as np
import chunkwise
import chunkwise.array as da

numbers = random.Random({seed})
# Some of the strings are names of files to write.
os.chdir(tempfile.mkdtemp())
chunkwise.config.set(memory_limit="64MiB")
x = da.from_array(np.arange(24.0).reshape(4, 6), chunks=3)

class Odd:
    shape = (3,)
    dtype = "f8"
    def __getitem__(self, index): raise KeyError(index)

JUNK = [
    None, True, 0, -1, 3, 2**31, -2**63, 2**64, 2**200, 0.5, float("nan"), float("inf"), 1j, "",
    "auto", "float64", "x" * 1000, b"", (), [], {{}}, set(), (0,), (-1, 5), (2**62, 2**62), [[1],
    [2, 3]], [None], {{0: 1}}, slice(None), slice(5, 1, -1), Ellipsis, object(), int, np.float32,
    np.dtype("U5"), np.zeros(3), np.zeros((0, 2)), np.ones((4, 6), ">i4"), np.array(None),
    np.array(["a"]), np.zeros(3, "M8[s]"), np.ma.masked_array([1, 2], [0, 1]), np.int8(5),
    np.zeros(2, "i4,f4"), x, x[:0] if hasattr(x, "__getitem__") else x, x > 3, x + 1j, Odd(), abs,
    lambda *a, **k: None, lambda *a, **k: a[0], range(3), iter([1]), memoryview(b"abc"),
    BaseException(),
]

def names(space):
    for name in sorted(set(dir(space))):
        thing = getattr(space, name)
        if name.startswith("_") or not callable(thing):
            continue
        yield name, thing

def spaces():
    yield da
    for name in ("linalg", "fft", "random", "overlap"):
        if hasattr(da, name):
            yield getattr(da, name)
    yield x

# What reads and writes files, and what takes as long as the number that it is told.
SKIP = {{"to_npy", "to_npy_stack", "from_npy_stack", "from_npy", "array_split", "split"}}
count = failed = 0
for space in spaces():
    for name, function in names(space):
        if name in SKIP:
            continue
        try:
            found = inspect.signature(function).parameters.values()
            parameters = [p.name for p in found if p.kind in (0, 1, 3)]
        except (TypeError, ValueError):
            parameters = []
        for _ in range({rounds}):
            given = [x] * numbers.randint(0, 1) + numbers.choices(JUNK, k=numbers.randint(0, 3))
            named = {{
                k: numbers.choice(JUNK) for k in parameters if numbers.random() < 0.15
            }}
            count += 1
            try:
                result = function(*given, **named)
                for part in result if isinstance(result, (tuple, list)) else [result]:
                    if isinstance(part, da.Array) and part.nbytes < 1e6:
                        part.compute()
                        repr(part)
            except Exception as error:
                failed += 1
                if isinstance(error, chunkwise.InternalError) or "panicked" in str(error):
                    print("INTERNAL", name, given, named, repr(error)[:300], flush=True)
                if type(error).__name__ == "PanicException":
                    print("PANIC", name, given, named, flush=True)
            except BaseException as error:
                print("BASE", name, type(error), error, given, named, flush=True)
print(count, failed)
"""


@pytest.mark.parametrize("seed", [1, 3])
def test_junk_never_ends_the_interpreter(seed):
    result = run(JUNK.format(seed=seed, rounds=12), timeout=60)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-4000:]
    lines = result.stdout.splitlines()
    assert [line for line in lines if line.startswith(("INTERNAL", "PANIC", "BASE"))] == []
    count, failed = map(int, lines[-1].split())
    assert count > 300
    # Most of it is refused, and some of it means something.
    assert count / 2 < failed < count


def test_ctrl_c_leaves_python_threads_alone():
    """A run that another Python thread started goes on: only the main thread is interrupted."""
    result = {}

    def work():
        x = da.from_array(np.zeros(20), chunks=1)
        result["sum"] = x.map_blocks(lambda p: (time.sleep(0.02), p + 1)[1], dtype="f8").compute()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        signal.raise_signal(signal.SIGINT)
        pytest.fail("no interrupt")
    except KeyboardInterrupt:
        pass
    thread.join(20)
    assert result["sum"].sum() == 20
