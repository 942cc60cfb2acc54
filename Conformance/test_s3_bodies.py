# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""What the bytes of objects cost the process, and when they are on the disk."""

import os
import re
import shutil
import signal
import socket
import subprocess
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError, IncompleteReadError, ResponseStreamingError
from support.server import REGION, Server, executable
from support.waiting import until

MIB = 1024 * 1024
GIB = 1024 * MIB

is_release = pytest.mark.skipif("/debug/" in str(executable()), reason="hashing gigabytes takes a release build")


class Memory:
    """The peak of a process's resident memory, from now on."""

    def __init__(self, pid):
        self.directory = Path(f"/proc/{pid}")
        self.before = self._read("VmRSS")
        (self.directory / "clear_refs").write_text("5")

    def _read(self, name):
        return int(re.search(rf"{name}:\s+(\d+) kB", (self.directory / "status").read_text()).group(1)) * 1024

    @property
    def added(self):
        return self._read("VmHWM") - self.before


def curl(*arguments):
    run = ["curl", "--silent", "--show-error", "--fail", "--output", "/dev/null", *map(str, arguments)]
    subprocess.run(run, check=True, timeout=300)


@is_release
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells peaks")
@pytest.mark.parametrize("place", ["files", "another store"])
def test_two_gibibytes_put_and_got_add_less_than_64_mebibytes(place, own_server, tmp_path, record_property):
    if place == "files":
        return gibibytes(own_server, tmp_path, record_property)
    # The other store is one of our own, which hashes what it gets, as stores do.
    own_server.client("s3").create_bucket(Bucket="elsewhere")
    keys = own_server.data_dir / "credentials"
    options = f"endpoint={own_server.endpoint}&region={REGION}&credentials={keys}&profile=penstock"
    home = Server(tmp_path / "home", "--artifacts", f"s3://elsewhere/home?{options}").start()
    try:
        gibibytes(home, tmp_path, record_property)
    finally:
        home.kill()


def gibibytes(server, tmp_path, record_property):
    s3 = server.client("s3", signature_version="s3v4")
    s3.create_bucket(Bucket="large")
    file = tmp_path / "file"
    with file.open("wb") as sparse:
        sparse.truncate(2 * GIB)
    urls = [
        s3.generate_presigned_url(operation, Params={"Bucket": "large", "Key": "k"})
        for operation in ("put_object", "get_object")
    ]
    # What the first request of a process sets up is not what a large one costs.
    s3.put_object(Bucket="large", Key="small", Body=b"x" * MIB)
    memory = Memory(server.process.pid)
    curl("--upload-file", file, urls[0])
    assert s3.head_object(Bucket="large", Key="k")["ContentLength"] == 2 * GIB
    added = {"put": memory.added}
    curl(urls[1])
    added["get"] = memory.added
    # A client that does not keep up must not make the server hold what it has not taken.
    curl("--limit-rate", "16M", "--max-filesize", 2 * GIB, "--range", f"0-{64 * MIB}", urls[1])
    added["slow get"] = memory.added
    s3.upload_file(str(file), "large", "parts")
    added["parts"] = memory.added
    for name, size in added.items():
        record_property(name, size)
        print(f"{name}: {size / MIB:.1f} MiB")
    assert max(added["put"], added["get"], added["slow get"]) < 64 * MIB
    # Ten parts at once, which is boto3's way.
    assert added["parts"] < 128 * MIB


def test_a_client_that_leaves_halfway_leaves_nothing(own_server):
    s3 = own_server.client("s3", signature_version="s3v4")
    s3.create_bucket(Bucket="halves")
    url = urlsplit(s3.generate_presigned_url("put_object", Params={"Bucket": "halves", "Key": "k"}))
    with socket.create_connection((url.hostname, url.port)) as connection:
        head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: {2 * MIB}\r\n\r\n"
        connection.sendall(head.encode() + b"x" * MIB)
        incoming = own_server.data_dir / "artifacts" / "incoming"
        until(lambda: list(incoming.iterdir()), what="the server to receive the first half")
    until(lambda: not list(incoming.iterdir()), what="the server to remove the first half")
    assert "Contents" not in s3.list_objects_v2(Bucket="halves")


def test_content_that_was_cut_short_on_the_disk_is_not_passed_off_as_whole(own_server):
    s3 = own_server.client("s3")
    s3.create_bucket(Bucket="damaged")
    s3.put_object(Bucket="damaged", Key="k", Body=os.urandom(3 * MIB))
    (blob,) = [path for path in (own_server.data_dir / "artifacts" / "blobs").glob("*/*")]
    os.truncate(blob, 2 * MIB)
    body = s3.get_object(Bucket="damaged", Key="k")["Body"]
    with pytest.raises((IncompleteReadError, ResponseStreamingError)):
        body.read()
    blob.unlink()
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket="damaged", Key="k")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_bytes_name_and_row_are_on_the_disk_before_the_answer(tmp_path):
    """Each step of a put, in the order in which the system saw them."""
    server = Server(tmp_path / "data").start()
    trace = tmp_path / "trace"
    s3 = server.client("s3")
    s3.create_bucket(Bucket="traced")
    tracer = subprocess.Popen(
        ["strace", "-f", "-y", "-s", "64", "-o", trace, "-p", str(server.process.pid),
         "-e", "trace=fsync,fdatasync,rename,renameat,renameat2,write,writev,sendto,sendmsg,pwrite64"],
        stderr=subprocess.PIPE, text=True,
    )
    try:
        line = tracer.stderr.readline()
        if "attached" not in line:
            pytest.skip(f"strace may not attach here: {line.strip()}")
        s3.put_object(Bucket="traced", Key=f"{uuid.uuid4()}", Body=os.urandom(1000))
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait(timeout=30)
        assert server.stop() == 0

    calls = trace.read_text().splitlines()

    def completion(number):
        """The line at which a call has returned, which may be later than where it began."""
        if "<unfinished" not in calls[number]:
            return number
        thread = calls[number].split()[0]
        return next(n for n in range(number + 1, len(calls)) if calls[n].startswith(thread) and "resumed>" in calls[n])

    def begins(pattern, after=-1):
        for number, line in enumerate(calls):
            if number > after and re.search(pattern, line):
                return number
        raise AssertionError(f"no {pattern} after call {after}:\n" + "\n".join(calls))

    done = -1
    for step in (
        r"write\(.*/incoming/", r"fsync\(.*/incoming/", r"rename.*/incoming/.*/blobs/",
        r"fsync\(.*/blobs/[0-9a-f]{2}>", r"f(data)?sync\(.*-wal>",
    ):
        done = completion(begins(step, done))
    assert begins(r"(write|writev|sendto|sendmsg)\(.*HTTP/1.1 200") > done
