# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0
"""An independent signer for PenstockSigning's tests: botocore, driven by JSON lines.

    botocore_peer.py probe                  exits 0 when botocore can be imported
    botocore_peer.py generate COUNT SEED    writes COUNT requests that botocore signed
    botocore_peer.py check                  reads requests that Penstock signed, signs them again, reports disagreement

A request is one object: form (header or query), service, region, access_key, secret_key, token, time, method,
target, host, headers (pairs), body (base64, as on the wire) and, for aws-chunked bodies, payload (base64, decoded).
"""

import base64
import calendar
import datetime
import io
import json
import random
import sys
from urllib.parse import quote

CHARACTERS = "abcXYZ019-_.~ +/:@!$&'()*,;=?#[]%\"<>\\^`{|}éßλ漢字🙂\u0301"
METHODS = ["GET", "PUT", "POST", "DELETE", "HEAD"]


def text(rng, low, high):
    return "".join(rng.choice(CHARACTERS) for _ in range(rng.randint(low, high)))


def path(rng, service):
    if service != "s3":
        segments = [rng.choice(["", ".", "..", "a", "b~c", quote(text(rng, 1, 6), safe="~")])
                    for _ in range(rng.randint(0, 6))]
        return "/" + "/".join(segments)
    # Clients encode keys to the letter; some leave sub-delimiters bare, and those must be understood as well.
    safe = "/~" if rng.random() < 0.7 else "/~!$&'()*,;=:@+"
    key = rng.choice(["", "a//b/", "./x/../y", ""]) + text(rng, 0, 20)
    return "/bucket/" + quote(key, safe=safe)


def query(rng):
    if rng.random() < 0.4:
        return ""
    safe = "-_.~" if rng.random() < 0.7 else "-_.~/:@!,;*"
    items = []
    for index in range(rng.randint(1, 5)):
        name = quote(rng.choice(["prefix", "list-type", "a", "A", "key", text(rng, 1, 5)]) + str(index), safe=safe)
        items.append(name if rng.random() < 0.1 else name + "=" + quote(text(rng, 0, 8), safe=safe))
    return "?" + "&".join(items)


def headers(rng):
    result = []
    if rng.random() < 0.7:
        result.append(("Content-Type", rng.choice(["application/x-amz-json-1.1", "text/plain;  charset=utf-8"])))
    if rng.random() < 0.5:
        result.append(("User-Agent", "peer/1.0"))
    if rng.random() < 0.3:
        result.append(("Expect", "100-continue"))
    for index in range(rng.randint(0, 3)):
        value = rng.choice(["plain", "two   spaces", "  around ", "tab\tinside", "\"a  b\"", "x,y", "caf\u00e9", "0"])
        result.append((f"X-Amz-Meta-{rng.choice('abcZ')}{index}", value))
    if rng.random() < 0.2:
        result += [("X-Custom", "one"), ("X-Custom", "two  three")]
    return result


def generate(count, seed):
    import botocore.auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    from botocore.httpchecksum import AwsChunkedWrapper, Crc32Checksum

    rng = random.Random(seed)
    for _ in range(count):
        service = rng.choice(["s3", "s3", "codepipeline"])
        form = rng.choice(["header", "header", "query"])
        region = rng.choice(["us-east-1", "eu-west-1", "ap-southeast-2"])
        access_key = "AKIA" + "".join(rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(16))
        secret_key = base64.b64encode(rng.randbytes(30)).decode()
        token = base64.b64encode(rng.randbytes(rng.randint(20, 200))).decode() if rng.random() < 0.3 else None
        moment = datetime.datetime(2026, 1, 1) + datetime.timedelta(seconds=rng.randint(0, 10**9))
        scheme = rng.choice(["http", "https"])
        host = rng.choice(["127.0.0.1:7480", "localhost", "bucket.s3.example.org", "[::1]:7480", "example.org:443"])
        body = rng.randbytes(rng.randint(0, 200)) if form == "header" else b""

        request = AWSRequest(
            method=rng.choice(METHODS), url=f"{scheme}://{host}{path(rng, service)}{query(rng)}", data=body)
        for name, value in headers(rng):
            request.headers[name] = value
        payload = None
        if service == "s3" and form == "header" and rng.random() < 0.3:
            if rng.random() < 0.5:
                request.context["payload_signing_enabled"] = False
                request.context["client_config"] = type("Config", (), {"s3": {"payload_signing_enabled": False}})()
            else:
                request.context["checksum"] = {"request_algorithm": {"in": "trailer", "algorithm": "crc32"}}
                request.headers["X-Amz-Trailer"] = "x-amz-checksum-crc32"
                request.headers["X-Amz-Decoded-Content-Length"] = str(len(body))
                request.headers["Content-Encoding"] = "aws-chunked"
                payload = body
                body = AwsChunkedWrapper(
                    io.BytesIO(payload), checksum_cls=Crc32Checksum, checksum_name="x-amz-checksum-crc32",
                    chunk_size=rng.choice([16, 64, 1024])).read()

        credentials = Credentials(access_key, secret_key, token)
        botocore.auth.get_current_datetime = lambda *_, **__: moment
        if form == "header":
            signer = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
            signer(credentials, service, region).add_auth(request)
        else:
            signer = botocore.auth.S3SigV4QueryAuth if service == "s3" else botocore.auth.SigV4QueryAuth
            signer(credentials, service, region, expires=rng.randint(1, 604800)).add_auth(request)
        yield {
            "form": form, "service": service, "region": region, "access_key": access_key, "secret_key": secret_key,
            "token": token, "time": calendar.timegm(moment.timetuple()), "method": request.method,
            "target": "/" + request.url.split("://", 1)[1].split("/", 1)[1],
            "host": botocore.auth._host_from_url(request.url),
            "headers": [[name, value] for name, value in request.headers.items()],
            "body": base64.b64encode(body).decode(),
            "payload": None if payload is None else base64.b64encode(payload).decode(),
        }


def check(lines):
    """Signs each request afresh and compares; the answer's lines are disagreements, then a count."""
    import botocore.auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    count = 0
    for line in lines:
        ours = json.loads(line)
        path_and_query, _, signature = ours["target"].partition("&X-Amz-Signature=")
        request = AWSRequest(
            method=ours["method"], url=f"http://{ours['host']}{path_and_query}", data=base64.b64decode(ours["body"]))
        for name, value in ours["headers"]:
            if name.lower() == "authorization":
                signature = value.rpartition("Signature=")[2]
            else:
                request.headers[name] = value
        request.context["timestamp"] = datetime.datetime.fromtimestamp(
            ours["time"], datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        classes = {
            ("header", True): botocore.auth.S3SigV4Auth, ("header", False): botocore.auth.SigV4Auth,
            ("query", True): botocore.auth.S3SigV4QueryAuth, ("query", False): botocore.auth.SigV4QueryAuth,
        }
        signer = classes[ours["form"], ours["service"] == "s3"](
            Credentials(ours["access_key"], ours["secret_key"], ours.get("token")), ours["service"], ours["region"])
        canonical = signer.canonical_request(request)
        theirs = signer.signature(signer.string_to_sign(request, canonical), request)
        count += 1
        if theirs != signature:
            print(json.dumps({"disagreement": ours, "canonical": canonical}))
    print(json.dumps({"checked": count}))


def main(arguments):
    if arguments[:1] == ["probe"]:
        import botocore.auth  # noqa: F401
        print("ok")
    elif arguments[:1] == ["generate"] and len(arguments) == 3:
        for request in generate(int(arguments[1]), int(arguments[2])):
            print(json.dumps(request))
    elif arguments == ["check"]:
        check(sys.stdin)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
