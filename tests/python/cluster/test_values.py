"""`Client.persist` of `Delayed`: values that lie in the cluster."""

from __future__ import annotations

import pickle

import blocks
import chunkwise
import chunkwise.array as da
import numpy as np
import pytest
from chunkwise.distributed import Client
from processes import LONG, Cluster, have, until

delayed = chunkwise.delayed


def counted(n: int) -> np.ndarray:
    """Leaves word of each call."""
    blocks.began("counted")
    return np.full(3, n)


def calls(steady: Cluster) -> int:
    return len(steady.told("began-counted-*"))


def test_a_value_is_made_once(steady: Cluster, client: Client) -> None:
    before = calls(steady)
    made = delayed(counted)(2)
    kept = client.persist(made)
    assert isinstance(kept, chunkwise.Delayed) and kept.key == made.key
    # Asked for as it is, here and there; in graphs; within containers; as an argument.
    assert client.compute(kept).result(LONG).tolist() == [2, 2, 2]
    assert kept.compute().tolist() == [2, 2, 2]
    total = delayed(sum)([kept[0], kept[1] * 10])
    assert client.compute(total).result(LONG) == 22
    assert total.compute() == 22
    both = client.compute([{"a": kept}, kept + 1])
    assert both[0].result(LONG)["a"].tolist() == [2, 2, 2]
    assert both[1].result(LONG).tolist() == [3, 3, 3]
    assert client.submit(sum, kept).result(LONG) == 6
    assert client.submit(lambda x: int(x["k"][0]), {"k": kept}).result(LONG) == 2
    # What has the same key is the same.
    assert client.compute(made).result(LONG).tolist() == [2, 2, 2]
    again = client.persist(kept)
    assert client.compute(again).result(LONG).tolist() == [2, 2, 2]
    assert calls(steady) - before == 1


def test_as_the_elements_of_an_array(steady: Cluster, client: Client) -> None:
    before = calls(steady)
    parts = [client.persist(delayed(counted)(n)) for n in range(3)]
    x = da.stack([da.from_delayed(part, (3,), dtype=int) for part in parts])
    expected = np.repeat(np.arange(3), 3).reshape(3, 3)
    assert np.array_equal(client.compute(x).result(LONG), expected)
    assert np.array_equal(client.compute((x + 1).rechunk(1).T).result(LONG), expected.T + 1)
    assert np.array_equal(x.compute(), expected)
    lies = client.persist(x * 2)
    assert client.compute(lies.sum()).result(LONG) == 18
    assert client.compute(delayed(np.sum)(x)).result(LONG) == 9
    # One that is made of a value that lies here as well as there.
    y = da.from_delayed(delayed(np.add)(parts[1], parts[2]), (3,), dtype=int)
    assert client.compute(y).result(LONG).tolist() == [3, 3, 3]
    assert calls(steady) - before == 3


def test_arrays_and_delayed_in_one_go(steady: Cluster, client: Client) -> None:
    before = calls(steady)
    x = da.ones((12, 3), chunks=(2, 3)).map_blocks(blocks.counted, dtype="f8")
    low, high = delayed(divmod, nout=2)(17, 5)
    kept = client.persist({"x": x, "n": [delayed(len)(x), 7]}, (low, high))
    assert kept[0]["n"][1] == 7 and calls(steady) - before <= 6
    assert client.compute(kept[0]["n"][0]).result(LONG) == 12
    assert (client.compute(kept[0]["x"]).result(LONG) == 2).all()
    assert client.gather(list(client.compute(kept[1]))) == [3, 2]
    assert calls(steady) - before == 6
    pair = client.persist(delayed(divmod, nout=2)(17, 5))
    first, second = pair
    assert client.compute(first + second).result(LONG) == 5
    assert client.persist(3, "a") == (3, "a")


def test_an_error_comes_when_the_value_is_asked_for(client: Client) -> None:
    kept = client.persist(delayed(blocks.fails)(1))
    with pytest.raises(LookupError, match="no such thing"):
        client.compute(delayed(abs)(kept)).result(LONG)
    with pytest.raises(LookupError, match="no such thing"):
        client.compute(da.from_delayed(kept, (3,), dtype=int).sum()).result(LONG)
    with pytest.raises(LookupError, match="no such thing"):
        kept.compute()


def test_it_goes_with_its_last_holder(client: Client) -> None:
    kept = client.persist(delayed(counted)(5))
    later = kept + 1
    assert client.compute(later).result(LONG).tolist() == [6, 6, 6]
    key = kept.key
    del kept
    assert key in client.client.futures
    del later
    until(lambda: key not in client.client.futures, "released")


def test_of_another_client(steady: Cluster, client: Client) -> None:
    with Client(steady.address, timeout=LONG) as other:
        kept = other.persist(delayed(counted)(8))
        array = da.from_delayed(kept, (3,), dtype=int)
        for thing in (kept, array):
            with pytest.raises(LookupError, match="publish"):
                client.compute(thing)
        with pytest.raises(ValueError, match="persist"):
            other.publish("value", delayed(3))
        other.publish("value", {"v": [kept], "n": 3})
        assert other.compute(kept).result(LONG).tolist() == [8, 8, 8]
    found = client.get("value")
    assert found["n"] == 3
    assert client.compute(found["v"][0] + 1).result(LONG).tolist() == [9, 9, 9]
    assert found["v"][0].compute().tolist() == [8, 8, 8]
    client.unpublish("value")


def test_it_is_not_pickled_within_something_else(client: Client) -> None:
    kept = client.persist(delayed(counted)(1))
    with pytest.raises(TypeError, match="argument"):
        pickle.dumps(kept)

    def within() -> int:
        return kept

    with pytest.raises(TypeError) as caught:
        client.submit(within)
    causes = [caught.value]
    while (one := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(one)
    assert any("not within a function" in str(cause) for cause in causes)


def test_a_worker_that_has_the_value_dies(cluster: Cluster) -> None:
    first = cluster.worker()
    with Client(cluster.address, timeout=LONG) as client:
        have(client, 1)
        kept = client.persist(delayed(np.arange)(3))
        array = da.from_delayed(kept, (3,), dtype=int)
        assert client.compute(kept).result(LONG).tolist() == [0, 1, 2]
        cluster.worker()
        have(client, 2)
        first.kill()
        assert client.compute((array * 2).sum()).result(LONG) == 6
        assert client.compute(kept + 1).result(LONG).tolist() == [1, 2, 3]
