# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Bodies that no client writes: each is refused in clear words, and the server goes on."""

import http.client
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

MIB = 1024 * 1024
TYPE = '"actionTypeId":{"category":"Build","owner":"Custom","provider":"p","version":"1"}'


def call(server, body, operation="PollForJobs"):
    """Sends the bytes as they are, signed; returns the status and the parsed answer."""
    keys = server.credentials()
    request = AWSRequest(
        "POST", server.endpoint + "/", data=body,
        headers={
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"CodePipeline_20150709.{operation}",
        },
    )
    credentials = Credentials(keys["aws_access_key_id"], keys["aws_secret_access_key"])
    SigV4Auth(credentials, "codepipeline", "eu-central-1").add_auth(request)
    connection = http.client.HTTPConnection(urlsplit(server.endpoint).netloc, timeout=30)
    try:
        connection.request("POST", "/", body, dict(request.headers.items()))
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def resident(server, name="VmRSS"):
    status = (Path("/proc") / str(server.process.pid) / "status").read_text()
    return int(re.search(rf"{name}:\s+(\d+) kB", status).group(1)) * 1024


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"null", b'"text"', b"{", b'{"a":1', b"{}{}", b"\xef\xbb\xbf{}", b"{'a':1}", b'{"a":01}', b'{"a":+1}',
        b'{"a":.5}', b'{"a":1.}', b'{"a":NaN}', b'{"a":-Infinity}', b'{"a":0x1}', b'{"a":1e}', b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}', b'{"a":"\\ud800"}', b'{"a":"\\udc00\\ud800"}', b'{"a":"\\ud800x"}', b'{"a":"\x00"}',
        b'{"a":tru}', b'{"a" 1}', b'{"a":1,}', b'{a:1}',
    ],
)
def test_what_is_not_json_is_refused(server, body):
    status, answer = call(server, body)
    assert status == 400
    # No body stands for an empty object, which lacks what the operation requires.
    assert answer["__type"] == ("ValidationException" if body == b"" else "SerializationException")
    assert answer["message"]


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
@pytest.mark.parametrize("member", ["unknown", "queryParam", "actionTypeId"])
def test_ten_thousand_levels_are_refused(server, opening, member):
    levels = opening * 10_000
    closing = "".join({"[": "]", "{": "}"}[each] for each in reversed(levels) if each in "[{")
    for body in (f'{{"{member}":{levels}', f'{{"{member}":{levels}1{closing}}}'):
        status, answer = call(server, body.encode())
        assert (status, answer["__type"]) == (400, "SerializationException")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("9" * 100_000, "SerializationException"), ("-" + "9" * 400, "SerializationException"),
        ("1e999999999999", "SerializationException"), ("1e-999999999999", "SerializationException"),
        ("0." + "0" * 100_000 + "1", "SerializationException"), ("1.5", "SerializationException"),
        ("2147483648", "SerializationException"), ("0", "ValidationException"), ("-1", "ValidationException"),
    ],
)
def test_numbers_beyond_all_bounds_are_refused(server, number, code):
    status, answer = call(server, f'{{{TYPE},"maxBatchSize":{number}}}'.encode())
    assert (status, answer["__type"]) == (400, code)


def test_of_duplicate_keys_the_last_wins(server):
    status, answer = call(server, f'{{{TYPE},"maxBatchSize":0,"maxBatchSize":5,"maxBatchSize":-7}}'.encode())
    assert (status, answer["__type"]) == (400, "ValidationException")
    assert "at 'maxBatchSize'" in answer["message"] and answer["message"].startswith("1 validation error")


def test_bodies_of_four_mebibytes_are_read_and_larger_ones_are_not(own_server, record_property):
    rest = 4 * MIB - len(TYPE) - 2
    list_of = {
        "text": ('"unknown":"', "x", '"'), "escapes": ('"unknown":"', "\\u00e9", '"'),
        "lists": ('"unknown":[', "[],", "1]"), "members": ("", '"a":1,', '"b":2'),
        "queries": ('"queryParam":{', '"k":"v",', '"l":"w"}'),
    }
    # What the first requests of a process set up is not what large ones cost.
    call(own_server, b"{}")
    before = resident(own_server)
    for name, (opening, filler, closing) in list_of.items():
        count = (rest - 1 - len(opening) - len(closing)) // len(filler)
        body = f"{{{TYPE},{opening}{filler * count}{closing}}}"
        body += " " * (4 * MIB - len(body))
        status, answer = call(own_server, body.encode())
        # The type is not there, which is found out after the body was read and checked.
        assert status == 400 and answer["__type"] in ("ActionTypeNotFoundException", "ValidationException"), name
    stages = '{"pipeline":{"name":"p","roleArn":"arn:aws:iam::000000000000:role/r","stages":['
    for stage in ("{},", '{"name":"s","actions":[]},', '{"name":"s","actions":[{},{},{},{},{},{},{},{}]},'):
        body = (stages + stage * ((4 * MIB - len(stages) - 8) // len(stage)) + "{}]}}").encode()
        status, answer = call(own_server, body, "CreatePipeline")
        assert (status, answer["__type"]) == (400, "ValidationException")
        assert len(answer["message"]) < 64 * 1024
    added = resident(own_server, "VmHWM") - before
    record_property("MiB at most", round(added / MIB, 1))
    print(f"{added / MIB:.1f} MiB at most")
    assert added < 96 * MIB
    status, answer = call(own_server, b" " * (4 * MIB + 1))
    assert (status, answer["__type"]) == (413, "RequestEntityTooLargeException")
    status, answer = call(own_server, b"{}", "ListPipelines")
    assert (status, answer) == (200, {"pipelines": []})
