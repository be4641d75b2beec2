"""The S3 client: what a refusal, an answer and silence become. The store is a stand-in; features/ show real ones."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest

from roadworthy import evidence
from roadworthy.cluster.object_store import S3Refused
from roadworthy.cluster.s3 import LiveStore
from roadworthy.errors import Turbulence

REFUSAL = b"<Error><Code>NoSuchBucket</Code><Message>There is no such bucket</Message></Error>"


class Store(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = self.path.startswith("/there/")
        body = b"hello" if found else REFUSAL
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Signed", str("Authorization" in self.headers or "X-Amz-Signature" in self.path))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Store)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def store(where: str, *, tunnel: Any = None, well: bool = True) -> LiveStore:
    def request(*_: Any, **__: Any) -> None:
        if not well:
            raise Turbulence("the API server answers")

    access: Any = SimpleNamespace(request=request)
    return LiveStore("store", where, ("access", "much-too-secret"), "us-east-1", tunnel, access)


def test_an_answer_is_read_and_signed(address: str) -> None:
    evidence.take()
    found = store(address).call("get_object", Bucket="there", Key="x")
    assert found["Body"] == b"hello"
    assert found["ResponseMetadata"]["HTTPHeaders"]["x-signed"] == "True"
    (piece,) = evidence.take()
    assert "get_object" in piece.title
    assert "Body=5 bytes" in piece.text
    assert "much-too-secret" not in piece.text


def test_a_refusal_keeps_the_stores_word(address: str) -> None:
    with pytest.raises(S3Refused, match=r"store refuses get_object .*NoSuchBucket") as caught:
        store(address).call("get_object", Bucket="gone", Key="x")
    assert (caught.value.code, caught.value.status) == ("NoSuchBucket", 404)


def test_whoever_has_a_presigned_url_may_read(address: str) -> None:
    there = store(address)
    url = there.presigned("get_object", 60, Bucket="there", Key="x")
    reply = there.fetch(url)
    assert (reply.status, reply.text) == (200, "hello")
    assert reply.headers["X-Signed"] == "True"
    assert "X-Amz" not in reply.url, "a presigned URL is a credential"
    assert there.fetch(f"{address}/there/x").headers["X-Signed"] == "False"
    assert there.signed("GET", "/there/x", {"a": "b"}).headers["X-Signed"] == "True"


@pytest.mark.parametrize(
    ("failure", "well", "kind"),
    [(None, True, AssertionError), (None, False, Turbulence), (AssertionError("no Ready pod"), True, AssertionError)],
)
def test_silence_is_the_stores_fault_only_while_the_api_server_is_well(failure: Any, well: Any, kind: Any) -> None:
    tunnel = SimpleNamespace(failure=failure) if failure else None
    with pytest.raises(kind, match=r"store|API server") as caught:
        store("http://127.0.0.1:9", tunnel=tunnel, well=well).call("list_buckets")
    assert not isinstance(caught.value, S3Refused)
