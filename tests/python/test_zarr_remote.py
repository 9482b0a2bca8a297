"""Zarr stores in services: S3 as `moto` serves it, and HTTP; all on this machine."""

from __future__ import annotations

import http.server
import json
import threading
import zipfile

import chunkwise.array as da
import numpy as np
import pytest

X = np.arange(35.0).reshape(7, 5)


@pytest.fixture(scope="module")
def s3():
    server = pytest.importorskip("moto.server", reason="the service")
    boto3 = pytest.importorskip("boto3")
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    options = {
        "key": "a",
        "secret": "b",
        "endpoint_url": f"http://{host}:{port}",
        "aws_region": "us-east-1",
    }
    client = boto3.client(
        "s3",
        endpoint_url=options["endpoint_url"],
        aws_access_key_id="a",
        aws_secret_access_key="b",
        region_name="us-east-1",
    )
    client.create_bucket(Bucket="lake")
    yield options, client
    running.stop()


def keys(client) -> set[str]:
    listed = client.list_objects_v2(Bucket="lake")
    return {entry["Key"] for entry in listed.get("Contents", [])}


def test_s3_there_and_back(s3):
    options, client = s3
    url = "s3://lake/deep/x.zarr"
    da.to_zarr(da.asarray(X, chunks=(3, 2)), url, component="a/b", storage_options=options)
    assert "deep/x.zarr/a/b/c/2/1" in keys(client)
    assert not [key for key in keys(client) if "unfinished" in key]
    back = da.from_zarr(url, component="a/b", storage_options=options)
    np.testing.assert_array_equal(back.compute(), X)
    with pytest.raises(FileExistsError):
        da.to_zarr(da.ones(3), url, component="a/b", storage_options=options)
    da.to_zarr(da.ones(3), url, component="a/b", overwrite=True, storage_options=options)
    assert da.from_zarr(url, component="a/b", storage_options=options).shape == (3,)


def test_s3_shards_are_read_in_parts(s3):
    options, _ = s3
    x = np.random.default_rng(1).random((40, 40))
    da.to_zarr(
        da.asarray(x), "s3://lake/s.zarr", chunks=(5, 5), shards=(20, 20), storage_options=options
    )
    y = da.from_zarr("s3://lake/s.zarr", storage_options=options)
    np.testing.assert_array_equal(y[3:9, 17:31].compute(), x[3:9, 17:31])


def test_s3_missing(s3):
    options, _ = s3
    with pytest.raises(FileNotFoundError, match="s3://lake/no.zarr"):
        da.from_zarr("s3://lake/no.zarr", storage_options=options)
    with pytest.raises(ValueError, match="is no setting of s3"):
        da.from_zarr("s3://lake/no.zarr", storage_options={"wrong": 1})


class Files(http.server.SimpleHTTPRequestHandler):
    """Files with as many errors before each answer as the server has been told."""

    def do_GET(self) -> None:
        left = self.server.errors
        if left.get(self.path, left.get("*", 0)) > 0:
            left[self.path] = left.get(self.path, left.get("*", 0)) - 1
            self.send_error(self.server.code)
            return
        self.server.served.append(self.path)
        super().do_GET()

    def log_message(self, *args) -> None:
        pass


@pytest.fixture
def web(tmp_path):
    def handler(*args, **kwargs):
        return Files(*args, directory=str(tmp_path), **kwargs)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.errors, server.served, server.code = {}, [], 503
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    da.to_zarr(da.asarray(X, chunks=(3, 2)), tmp_path / "x.zarr")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_http(web):
    x = da.from_zarr(web.url + "/x.zarr")
    np.testing.assert_array_equal(x[:3, :2].compute(), X[:3, :2])
    assert [p for p in web.served if "/c/" in p] == ["/x.zarr/c/0/0"]
    with pytest.raises(OSError, match="read-only"):
        da.to_zarr(da.ones(3), web.url + "/y.zarr")


def test_a_passing_error_is_tried_again(web):
    web.errors["/x.zarr/c/0/0"] = 2
    x = da.from_zarr(web.url + "/x.zarr")
    np.testing.assert_array_equal(x.compute(), X)


def test_a_lasting_error_names_the_object(web):
    x = da.from_zarr(web.url + "/x.zarr", storage_options={"retries": 1})
    web.errors["/x.zarr/c/1/0"] = 1000
    with pytest.raises(OSError, match=r"x\.zarr/c/1/0") as caught:
        x.compute()
    assert "503" in str(caught.value)
    web.errors.clear()
    np.testing.assert_array_equal(x.compute(), X)


def test_no_answer_in_time(tmp_path):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/x.zarr"
        with pytest.raises(OSError, match=r"x\.zarr"):
            da.from_zarr(url, storage_options={"timeout": 0.2, "retries": 1})


def test_refused_permission(web):
    web.code = 403
    web.errors["*"] = 1000
    with pytest.raises(OSError, match=r"zarr\.json"):
        da.from_zarr(web.url + "/x.zarr", storage_options={"retries": 0})


def test_zip_files(tmp_path):
    da.to_zarr(da.asarray(X, chunks=(3, 2)), tmp_path / "x.zarr", component="a")
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        path = tmp_path / "x.zarr.zip"
        with zipfile.ZipFile(path, "w", method) as archive:
            for file in sorted((tmp_path / "x.zarr").rglob("*")):
                archive.write(file, file.relative_to(tmp_path / "x.zarr"))
        np.testing.assert_array_equal(da.from_zarr(path, component="a").compute(), X)
        with pytest.raises(OSError, match="read-only"):
            da.to_zarr(da.ones(3), path, component="b")
    broken = tmp_path / "broken.zip"
    broken.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(OSError, match=r"broken\.zip"):
        da.from_zarr(broken, component="a")


def test_consolidated_groups_without_listing(web, tmp_path):
    (tmp_path / "g").mkdir()
    document = {
        "zarr_format": 3,
        "node_type": "group",
        "attributes": {},
        "consolidated_metadata": {"kind": "inline", "metadata": {"air": {}, "air/t": {}}},
    }
    (tmp_path / "g" / "zarr.json").write_text(json.dumps(document))
    with pytest.raises(ValueError, match=r"is a group, not an array \(it has air\)"):
        da.from_zarr(web.url + "/g")


def test_an_unknown_scheme():
    with pytest.raises(ValueError, match="unknown scheme 'gopher'|unknown scheme \"gopher\""):
        da.from_zarr("gopher://hole/x.zarr")
