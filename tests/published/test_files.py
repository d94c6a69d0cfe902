"""The versions table, which files a folder holds, and downloads from a server that misbehaves."""

import contextlib
import hashlib
import http.server
import os
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memgen.errors import BadInput
from memgen.jobs.digests import file_digest
from memgen.published.download import download
from memgen.published.files import held_by, read_versions

HEADER = "file,sha256,url\n"
SHA = "0" * 64


def test_the_digests_are_those_of_the_reference_data(shared):
    found = held_by(shared / "published", read_versions())
    assert found and all(file_digest(shared / "published" / row.file) == row.sha256 for row in found)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,sha256\n", "columns are"),
        (f"{HEADER}../x__fake.parquet,{SHA},http://a\n", "file '../x__fake.parquet'"),
        (f"{HEADER}ti/x__fake.parquet,abc,http://a\n", "sha256 'abc'"),
        (f"{HEADER}ti/x__fake.parquet,{SHA},file:///etc/passwd\n", "url 'file:///etc/passwd'"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path, text, message):
    path = tmp_path / "versions.csv"
    path.write_text(text)
    with pytest.raises(BadInput, match=message):
        read_versions(path)


def test_any_subset_is_taken_and_nothing_else(tmp_path):
    with pytest.raises(BadInput, match="no such folder"):
        held_by(tmp_path / "nothing", read_versions())
    with pytest.raises(BadInput, match="holds no published file"):
        held_by(tmp_path, read_versions())
    for file in ("exception/exc_mid_n9__real.parquet", "ti/ti_n9__poker.parquet"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes(b"x")
    (tmp_path / "ti" / "notes.txt").write_text("not a parquet file")
    found = held_by(tmp_path, read_versions())
    assert [row.file for row in found] == ["ti/ti_n9__poker.parquet", "exception/exc_mid_n9__real.parquet"]
    (tmp_path / "ti" / "ti_n10__fake.parquet").write_bytes(b"x")
    with pytest.raises(BadInput, match=r"ti_n10__fake\.parquet: not a published file"):
        held_by(tmp_path, read_versions())


@pytest.mark.parametrize(
    ("put", "message"),
    [(lambda path: path.symlink_to(path.name), "is a loop of links"), (os.mkfifo, "is not a regular file")],
)
def test_what_is_no_file_is_refused_unopened(tmp_path, put, message):
    path = tmp_path / "ti/ti_n9__fake.parquet"
    path.parent.mkdir()
    put(path)
    with pytest.raises(BadInput, match=f"ti_n9__fake.parquet: {message}; allowed: a file that can be read$"):
        held_by(tmp_path, read_versions())


NAME = "ti/ti_n9__fake.parquet"
BODY = hashlib.shake_256(b"body").digest(300_000)
DIGEST = hashlib.sha256(BODY).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """Gives each request to the server's next answer, with the byte from which it is asked for."""

    server: "Server"

    def do_GET(self) -> None:
        wanted, asked = self.headers.get("Range"), self.server.requests
        asked.append(wanted)
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted else 0
        answers = self.server.answers
        answers[min(len(asked), len(answers)) - 1](self, start)

    def log_message(self, *_: object) -> None:
        pass


Answer = Callable[[Handler, int], None]


class Server(http.server.ThreadingHTTPServer):
    """A server on the loopback device that answers its k-th request with the k-th answer, then the last."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.requests = answers, []
        self.url = f"http://127.0.0.1:{self.server_port}/{NAME}"


def send(handler: Handler, start: int, cut: int | None = None) -> None:
    """Answer with what is missing, announcing it whole but ending after `cut` bytes."""
    handler.send_response(206 if start else 200)
    if start:
        handler.send_header("Content-Range", f"bytes {start}-{len(BODY) - 1}/{len(BODY)}")
    handler.send_header("Content-Length", str(len(BODY) - start))
    handler.end_headers()
    handler.wfile.write(BODY[start:][:cut])


def cut_after(count: int) -> Answer:
    return lambda handler, start: send(handler, start, count)


def status(code: int) -> Answer:
    return lambda handler, start: handler.send_error(code)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    with contextlib.ExitStack() as stack:

        def start(*answers: Answer) -> Server:
            server = stack.enter_context(Server(*answers))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.shutdown)
            return server

        yield start


def fetch(server: Server, folder: Path, sha256: str = DIGEST, attempts: int = 5) -> bytes:
    versions = folder / "versions.csv"
    versions.write_text(f"file,sha256,url\n{NAME},{sha256},{server.url}\n")
    out, wait = folder / "out.parquet", {"pause": 0.01, "timeout": 5}
    download(file=NAME, partial=folder / "partial", versions=versions, attempts=attempts, out=out, **wait)
    assert list((folder / "partial").iterdir()) == []
    return out.read_bytes()


@pytest.mark.parametrize(
    ("kept", "answers", "requests"),
    [
        (b"", [send], [None]),
        (b"", [cut_after(100_000), cut_after(50_000), send], [None, "bytes=100000-", "bytes=150000-"]),
        (b"", [cut_after(100_000), lambda handler, start: send(handler, 0)], [None, "bytes=100000-"]),
        (b"", [status(429), status(503), send], [None] * 3),
        (b"?" * 1000, [send], ["bytes=1000-", None]),
        (BODY + b"?", [status(416), send], ["bytes=300001-", None]),
    ],
    ids=["whole", "resumed", "no ranges", "busy", "other bytes kept", "more bytes kept than the server has"],
)
def test_a_file_arrives_and_wrong_bytes_are_thrown_away(serve, tmp_path, kept, answers, requests):
    (tmp_path / "partial").mkdir()
    (tmp_path / "partial" / f"{DIGEST}.part").write_bytes(kept)
    server = serve(*answers)
    assert fetch(server, tmp_path) == BODY
    assert server.requests == requests


def test_a_later_process_goes_on_where_an_earlier_one_gave_up(serve, tmp_path):
    with pytest.raises(BadInput, match=r"no complete download in 2 attempts \(cut after 200000 of 300000"):
        fetch(serve(cut_after(100_000)), tmp_path, attempts=2)
    assert not (tmp_path / "out.parquet").exists()
    server = serve(send)
    assert fetch(server, tmp_path) == BODY
    assert server.requests == ["bytes=200000-"]


@pytest.mark.parametrize(
    ("answer", "sha256", "message"),
    [(send, SHA, f"sha256 is {DIGEST}; allowed: {SHA}"), (status(404), DIGEST, "HTTP status 404")],
)
def test_a_wrong_file_and_a_final_status_are_not_tried_again(serve, tmp_path, answer, sha256, message):
    server = serve(answer)
    with pytest.raises(BadInput, match=message) as refusal:
        fetch(server, tmp_path, sha256=sha256)
    assert len(server.requests) == 1
    assert server.url in str(refusal.value) and "\n" not in str(refusal.value)
    assert not (tmp_path / "out.parquet").exists() and not list((tmp_path / "partial").iterdir())


def test_only_listed_files_are_fetched(tmp_path):
    with pytest.raises(BadInput, match="not in the versions table"):
        download(file="ti/other__fake.parquet", partial=tmp_path, out=tmp_path / "out")
