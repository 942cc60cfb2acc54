# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""The artifact store as boto3 sees it."""

import io
import os
import urllib.error
import urllib.request
import uuid

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

MIB = 1024 * 1024


@pytest.fixture
def s3(client):
    return client("s3")


@pytest.fixture
def bucket(s3):
    name = f"conformance-{uuid.uuid4()}"
    s3.create_bucket(Bucket=name)
    return name


def refusal(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"]


def test_an_object_comes_back_as_it_was_put(s3, bucket):
    put = s3.put_object(Bucket=bucket, Key="a/b", Body=b"hello", ContentType="text/plain", Metadata={"color": "green"})
    got = s3.get_object(Bucket=bucket, Key="a/b")
    assert got["Body"].read() == b"hello"
    assert got["ETag"] == put["ETag"] == '"5d41402abc4b2a76b9719d911017c592"'
    assert (got["ContentType"], got["Metadata"]) == ("text/plain", {"color": "green"})
    assert put["ChecksumCRC32"] == "NhCmhg=="
    head = s3.head_object(Bucket=bucket, Key="a/b")
    assert head["ContentLength"] == 5
    assert refusal(s3.get_object, Bucket=bucket, Key="a") == "NoSuchKey"
    assert refusal(s3.head_object, Bucket=bucket, Key="a") == "404"


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_streamed_bodies_with_trailing_checksums(s3, bucket, algorithm):
    body = os.urandom(300_000)
    s3.put_object(Bucket=bucket, Key="k", Body=io.BytesIO(body), ChecksumAlgorithm=algorithm)
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got["Body"].read() == body
    assert got[f"Checksum{algorithm}"]
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ChecksumCRC32="AAAAAA==")
    assert caught.value.response["Error"]["Code"] == "BadDigest"


def test_ranges(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")

    def read(range_):
        got = s3.get_object(Bucket=bucket, Key="k", Range=range_)
        return got["Body"].read(), got.get("ContentRange")

    assert read("bytes=2-4") == (b"234", "bytes 2-4/10")
    assert read("bytes=7-") == (b"789", "bytes 7-9/10")
    assert read("bytes=-2") == (b"89", "bytes 8-9/10")
    assert refusal(s3.get_object, Bucket=bucket, Key="k", Range="bytes=10-") == "InvalidRange"


def test_conditions(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1", IfNoneMatch="*")["ETag"]
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*") == "PreconditionFailed"
    assert refusal(s3.get_object, Bucket=bucket, Key="k", IfNoneMatch=etag) == "304"
    assert refusal(s3.get_object, Bucket=bucket, Key="k", IfMatch='"0"') == "PreconditionFailed"
    assert s3.get_object(Bucket=bucket, Key="k", IfMatch=etag)["Body"].read() == b"1"


def test_versions_and_delete_markers(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    one = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    two = s3.put_object(Bucket=bucket, Key="k", Body=b"2")["VersionId"]
    marker = s3.delete_object(Bucket=bucket, Key="k")
    assert marker["DeleteMarker"]
    assert refusal(s3.get_object, Bucket=bucket, Key="k") == "NoSuchKey"
    assert s3.get_object(Bucket=bucket, Key="k", VersionId=one)["Body"].read() == b"1"
    listed = s3.list_object_versions(Bucket=bucket)
    assert [version["VersionId"] for version in listed["Versions"]] == [two, one]
    assert listed["DeleteMarkers"][0]["VersionId"] == marker["VersionId"]
    names = [{"Key": "k", "VersionId": version} for version in (one, two, marker["VersionId"])]
    assert len(s3.delete_objects(Bucket=bucket, Delete={"Objects": names})["Deleted"]) == 3
    s3.delete_bucket(Bucket=bucket)


HOSTILE = ["../../etc/passwd", "a//b", ".", "café", "cafe\u0301", "💥", "a b+c%20d", " leading", "a&<b>'\"", "\x01"]


def test_hostile_keys_are_data(s3, bucket):
    for key in HOSTILE:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    for key in HOSTILE:
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    listed = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert listed == sorted(HOSTILE, key=str.encode)
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in HOSTILE if key != "\x01"]})
    assert refusal(s3.put_object, Bucket=bucket, Key="k" * 1025, Body=b"") == "KeyTooLongError"


def test_listings_page_and_roll_up(s3, bucket):
    for key in ["a/1", "a/2", "b", "c/1"]:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    for operation in ("list_objects_v2", "list_objects"):
        pages = s3.get_paginator(operation).paginate(Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": 1})
        shown = []
        for page in pages:
            shown += [item["Key"] for item in page.get("Contents", [])]
            shown += [item["Prefix"] for item in page.get("CommonPrefixes", [])]
        assert shown == ["a/", "b", "c/"]


def test_multipart_uploads_and_copies(s3, bucket):
    body = os.urandom(13 * MIB)
    config = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
    s3.upload_fileobj(io.BytesIO(body), bucket, "big", Config=config)
    head = s3.head_object(Bucket=bucket, Key="big", ChecksumMode="ENABLED")
    assert head["ETag"].endswith('-3"')
    target = io.BytesIO()
    s3.download_fileobj(bucket, "big", target, Config=config)
    assert target.getvalue() == body
    s3.copy({"Bucket": bucket, "Key": "big"}, bucket, "copy of/it", Config=config)
    assert s3.get_object(Bucket=bucket, Key="copy of/it")["Body"].read() == body
    s3.copy_object(Bucket=bucket, Key="renamed", CopySource={"Bucket": bucket, "Key": "big"},
                   MetadataDirective="REPLACE", Metadata={"new": "yes"})
    assert s3.head_object(Bucket=bucket, Key="renamed")["Metadata"] == {"new": "yes"}
    upload = s3.create_multipart_upload(Bucket=bucket, Key="gone")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="gone", UploadId=upload, PartNumber=1, Body=b"x")
    assert s3.list_parts(Bucket=bucket, Key="gone", UploadId=upload)["Parts"][0]["Size"] == 1
    assert s3.list_multipart_uploads(Bucket=bucket)["Uploads"][0]["UploadId"] == upload
    s3.abort_multipart_upload(Bucket=bucket, Key="gone", UploadId=upload)


def test_presigned_urls(server, bucket):
    # Without being told so, boto3 presigns for this region with version 2.
    s3 = server.client("s3", signature_version="s3v4")
    put = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    urllib.request.urlopen(urllib.request.Request(put, data=b"by url", method="PUT"))
    get = s3.generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": "k", "ResponseContentType": "text/x-test"}
    )
    with urllib.request.urlopen(get) as response:
        assert response.read() == b"by url"
        assert response.headers["Content-Type"] == "text/x-test"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(get.replace("/k?", "/other?"))
    assert caught.value.code == 403
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(get.split("?")[0])
    assert caught.value.code == 403


def test_what_is_not_there_says_so(s3, bucket):
    assert refusal(s3.get_object, Bucket="no-such-bucket-here", Key="k") == "NoSuchBucket"
    assert refusal(s3.get_bucket_policy, Bucket=bucket) == "NoSuchBucketPolicy"
    assert refusal(s3.put_bucket_tagging, Bucket=bucket, Tagging={"TagSet": []}) == "NotImplemented"


def test_tools_that_ask_for_every_setting_are_answered(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []
    assert s3.get_object_acl(Bucket=bucket, Key="k")["Grants"][0]["Permission"] == "FULL_CONTROL"
    assert s3.get_bucket_acl(Bucket=bucket)["Grants"][0]["Grantee"]["Type"] == "CanonicalUser"
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    for call in (s3.get_bucket_logging, s3.get_bucket_notification_configuration,
                 s3.get_bucket_accelerate_configuration):
        call(Bucket=bucket)
    for call, code in (
        (s3.get_bucket_cors, "NoSuchCORSConfiguration"), (s3.get_bucket_tagging, "NoSuchTagSet"),
        (s3.get_bucket_lifecycle_configuration, "NoSuchLifecycleConfiguration"),
        (s3.get_bucket_website, "NoSuchWebsiteConfiguration"),
        (s3.get_bucket_encryption, "ServerSideEncryptionConfigurationNotFoundError"),
        (s3.get_public_access_block, "NoSuchPublicAccessBlockConfiguration"),
    ):
        assert refusal(call, Bucket=bucket) == code


def test_the_command_line_copies_both_ways(server, bucket, tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(os.urandom(9 * MIB))
    for arguments in ([source, f"s3://{bucket}/k"], [f"s3://{bucket}/k", target]):
        server.aws("s3", "cp", "--only-show-errors", *arguments)
    assert target.read_bytes() == source.read_bytes()
