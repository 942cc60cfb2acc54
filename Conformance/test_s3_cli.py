# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""The artifact store as people use it: the AWS CLI's `s3` commands, and curl with a presigned URL."""

import os
import subprocess
import uuid

import pytest

MIB = 1024 * 1024


@pytest.fixture
def bucket(server):
    name = f"cli-{uuid.uuid4()}"
    server.aws("s3", "mb", f"s3://{name}")
    return name


def copy(server, source, target):
    server.aws("s3", "cp", "--only-show-errors", source, target)


def curl(*arguments):
    run = subprocess.run(
        ["curl", "--silent", "--show-error", "--write-out", "\n%{http_code}", *map(str, arguments)],
        capture_output=True,
        timeout=60,
        check=True,
    )
    body, _, status = run.stdout.rpartition(b"\n")
    return int(status), body


def test_a_file_of_many_parts_goes_both_ways(server, client, bucket, tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(os.urandom(100 * MIB))
    copy(server, source, f"s3://{bucket}/k")
    assert client("s3").head_object(Bucket=bucket, Key="k")["ETag"].endswith('-13"')
    copy(server, f"s3://{bucket}/k", target)
    assert target.read_bytes() == source.read_bytes()


def test_a_folder_is_synchronized_and_only_what_changed_moves(server, bucket, tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    names = ["a", "sub/b", "sub/deep/c d", "sub/ünï💥"]
    for name in names:
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    url = f"s3://{bucket}/folder"
    first = server.aws("s3", "sync", "--no-progress", source, url)
    assert len(first.splitlines()) == len(names)
    assert server.aws("s3", "sync", "--no-progress", source, url) == ""
    (source / "a").write_text("longer than before")
    (source / "sub" / "b").unlink()
    second = server.aws("s3", "sync", "--no-progress", "--delete", source, url)
    assert sorted(line.split(":")[0] for line in second.splitlines()) == ["delete", "upload"]
    server.aws("s3", "sync", "--only-show-errors", url, target)
    contents = {str(path.relative_to(target)): path.read_text() for path in target.rglob("*") if path.is_file()}
    assert contents == {"a": "longer than before", "sub/deep/c d": "sub/deep/c d", "sub/ünï💥": "sub/ünï💥"}


def test_listing_moving_and_removing(server, bucket, tmp_path):
    file = tmp_path / "file"
    file.write_text("12345")
    for key in ("a", "dir/b", "dir/c"):
        copy(server, file, f"s3://{bucket}/{key}")
    top = [line.split()[-1] for line in server.aws("s3", "ls", f"s3://{bucket}/").splitlines()]
    assert top == ["dir/", "a"]
    everything = server.aws("s3", "ls", "--recursive", "--summarize", f"s3://{bucket}")
    assert "Total Objects: 3" in everything
    assert "Total Size: 15" in everything
    server.aws("s3", "mv", f"s3://{bucket}/a", f"s3://{bucket}/moved")
    server.aws("s3", "rm", f"s3://{bucket}/dir/b")
    left = server.aws("s3", "ls", "--recursive", f"s3://{bucket}")
    assert [line.split()[-1] for line in left.splitlines()] == ["dir/c", "moved"]
    refused = server.aws("s3", "rb", f"s3://{bucket}", check=False)
    assert refused.returncode != 0
    assert "BucketNotEmpty" in refused.stderr
    server.aws("s3", "rm", "--recursive", f"s3://{bucket}")
    server.aws("s3", "rb", f"s3://{bucket}")
    assert bucket not in server.aws("s3", "ls")


def test_curl_gets_and_puts_with_presigned_urls(server, bucket, tmp_path):
    file = tmp_path / "file"
    file.write_bytes(os.urandom(3 * MIB))
    copy(server, file, f"s3://{bucket}/a b")
    url = server.aws("s3", "presign", f"s3://{bucket}/a b").strip()
    assert curl(url) == (200, file.read_bytes())
    assert curl("--range", "10-19", url) == (206, file.read_bytes()[10:20])
    status, body = curl(url.replace("/a%20b?", "/other?"))
    assert status == 403
    assert b"<Code>SignatureDoesNotMatch</Code>" in body
    put = server.client("s3", signature_version="s3v4").generate_presigned_url(
        "put_object", Params={"Bucket": bucket, "Key": "by curl"}
    )
    # Beyond a megabyte curl waits to be asked for the body.
    assert curl("--upload-file", file, put) == (200, b"")
    assert curl("--upload-file", file, put.replace("by%20curl", "elsewhere"))[0] == 403
    listed = server.aws("s3", "ls", f"s3://{bucket}/").splitlines()
    assert sorted(line.split(maxsplit=3)[-1] for line in listed) == ["a b", "by curl"]
