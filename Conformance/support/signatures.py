# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""What signs the requests that targets get, worked out without the service's own code."""

import base64
import hashlib
import hmac

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from support.targets import KEY, KEY_ID


def webhook(key, request):
    """The value of `webhook-signature` by the Standard Webhooks specification."""
    signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def verified(request, service):
    """Checks the Signature Version 4 of a request by botocore's; returns the headers."""
    headers = request.headers
    algorithm, _, parts = headers["authorization"].partition(" ")
    fields = dict(part.strip().split("=", 1) for part in parts.split(","))
    date = headers["x-amz-date"]
    assert algorithm == "AWS4-HMAC-SHA256"
    assert fields["Credential"] == f"{KEY_ID}/{date[:8]}/eu-west-1/{service}/aws4_request"
    signed = fields["SignedHeaders"].split(";")
    assert {"host", "x-amz-date"} <= set(signed)
    again = AWSRequest("POST", f"http://{headers['host']}{request.path}", data=request.body)
    for name in signed:
        again.headers[name] = headers[name]
    if "x-amz-content-sha256" in headers:
        assert headers["x-amz-content-sha256"] == hashlib.sha256(request.body).hexdigest()
    again.context["timestamp"] = date
    signer = botocore.auth.SigV4Auth(Credentials(KEY_ID, KEY), service, "eu-west-1")
    canonical = signer.canonical_request(again)
    assert signer.signature(signer.string_to_sign(again, canonical), again) == fields["Signature"]
    return headers
