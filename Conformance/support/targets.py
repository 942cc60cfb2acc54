# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Targets of events as an operator names them, all at one receiver, and worlds whose pipelines they are told of."""

import json

from support.receiver import Answer
from support.world import TimedWorld

PLAIN_SECRET = "a secret of a chat room"
CODED_SECRET = "whsec_c2l4dGVlbiBieXRlcyBhbmQgbW9yZQ=="
REVIEWS = "arn:aws:sns:eu-central-1:000000000000:reviews"
RELEASES = "arn:aws:sns:eu-central-1:000000000000:releases"
KEY_ID = "AKIDEXAMPLE"
KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
# A busy machine may take its time.
PATIENCE = {"timeoutSeconds": 300}
# What is told, in words, until the sources are fetched, and until a worker is waited for in the stage Deploy.
FETCHED = ["STARTED", "Source STARTED", "Source/Fetch STARTED", "Source/Fetch SUCCEEDED", "Source SUCCEEDED"]
BEGUN = [*FETCHED, "Deploy STARTED", "Deploy/Ship STARTED"]
# Writes down what it is given, or refuses it while there is a file that says so.
PROGRAM = """
if [ -e "$1/refuse" ]; then echo "no paper" >&2; echo "no ink" >&2; exit 3; fi
tr '\\000' '\\n' </proc/$$/environ >"$1/$PENSTOCK_EVENT_ID.environment"
pwd >"$1/$PENSTOCK_EVENT_ID.directory"
cat >"$1/$PENSTOCK_EVENT_ID.document"
echo "$PENSTOCK_EVENT_ID" >>"$1/order"
"""


def http(receiver, name, **members):
    """An endpoint at the path that is its name."""
    return {
        "name": name,
        "kind": "http",
        "url": receiver.url(f"/{name}"),
        "secret": PLAIN_SECRET,
        "allowPrivateAddresses": True,
        **PATIENCE,
        **members,
    }


def service(receiver, name, kind, **members):
    """An endpoint that stands in for one of AWS."""
    return {
        "name": name,
        "kind": kind,
        "endpoint": receiver.url(f"/{name}"),
        "region": "eu-west-1",
        "accessKeyId": KEY_ID,
        "secretAccessKey": KEY,
        "allowPrivateAddresses": True,
        **PATIENCE,
        **members,
    }


def every(receiver, directory):
    """The targets of the run. Each is told of the pipelines whose names begin as its own does, or with `t`."""
    (directory / "hook.secret").write_text(CODED_SECRET + "\n")
    (directory / "program.sh").write_text(PROGRAM)
    hook = http(receiver, "hook", pipelines=["t*"], secretFile="hook.secret")
    del hook["secret"]
    public = {"allowPrivateAddresses": False, "allowInsecureHTTP": True}
    return [
        hook,
        http(receiver, "chat", pipelines=["t*"], events=["pipeline"], states=["FAILED", "SUCCEEDED"]),
        http(receiver, "skips", pipelines=["t*"], events=["stage"], states=["SKIPPED"]),
        http(receiver, "elsewhere", accounts=["111122223333"]),
        http(receiver, "faraway", regions=["us-east-1"]),
        http(receiver, "reviews", events=[], topics=[REVIEWS]),
        http(receiver, "notes", pipelines=["notes*"], form="notification"),
        http(receiver, "flaky", pipelines=["flaky*"]),
        http(receiver, "brief", pipelines=["brief*"], maximumAttempts=3),
        http(receiver, "aged", pipelines=["aged*"], maximumAgeHours=1, maximumAttempts=100),
        http(receiver, "narrow", pipelines=["narrow*"], maximumQueueLength=2),
        http(receiver, "silent", pipelines=["silent*"], timeoutSeconds=1),
        http(receiver, "steady", pipelines=["flaky*", "brief*"]),
        http(receiver, "moved", pipelines=["moved*"], maximumAttempts=1),
        http(receiver, "public", pipelines=["public*"], maximumAttempts=1, **public),
        http(receiver, "number", pipelines=["public*"], maximumAttempts=1, **public)
        | {"url": receiver.url("/number", host="2130706433")},
        {
            "name": "program",
            "kind": "executable",
            "command": ["/bin/sh", str(directory / "program.sh"), str(directory)],
            "pipelines": ["program*"],
            **PATIENCE,
        },
        service(receiver, "bus", "eventbridge", pipelines=["bus*"], eventBusName="ours", source="org.example.shop"),
        service(receiver, "topic", "sns", pipelines=["topic*"], events=["pipeline"], topicArn=RELEASES),
    ]


def words(document):
    """What an event tells, as in `Deploy/Ship FAILED`; of the pipeline itself, `FAILED`."""
    detail = document["detail"]
    place = "/".join(detail[member] for member in ("stage", "action") if member in detail)
    return f"{place} {detail['state']}".lstrip()


def pipeline_of(document):
    """Whom a message is about."""
    if "approval" in document:
        return document["approval"]["pipelineName"]
    return document["detail"]["pipeline"]


class ToldWorld(TimedWorld):
    """A world on a server whose targets are at a receiver."""

    def __init__(self, server, directory, receiver, prefix):
        super().__init__(server, directory, prefix)
        self.receiver = receiver

    def heard(self, target):
        """What the target has got about the pipeline so far, in the order in which it came."""
        got = self.receiver.requests(f"/{target}")
        return [each for each in got if pipeline_of(each.document) == self.name]

    def requests(self, target="hook"):
        """The same, once all has been tried that is due."""
        self.clock.settle()
        return self.heard(target)

    def documents(self, target="hook"):
        return [each.document for each in self.requests(target)]

    def told(self, target="hook", execution=None):
        """What the target knows of the pipeline, in words, or of one execution."""
        documents = self.documents(target)
        return [words(each) for each in documents if execution in (None, each["detail"]["execution-id"])]

    def event(self, text, target="hook"):
        """The one event that tells this."""
        (found,) = (each for each in self.documents(target) if words(each) == text)
        return found

    def refuse(self, target, status=500, headers=()):
        """Lets the target refuse all that is about the pipeline."""

        def answer(request):
            refuses = pipeline_of(request.document) == self.name
            return Answer(status, headers) if refuses else Answer()

        self.receiver.answers[f"/{target}"] = answer

    def accept(self, target):
        """Lets the target accept everything again."""
        del self.receiver.answers[f"/{target}"]

    def state_of(self, target):
        """How the target stands, as operators see it."""
        listed = self.server.penstock("events", "targets", "--output", "json")["targets"]
        return next(each for each in listed if each["name"] == target)

    def dead_letters(self, target):
        answer = self.server.penstock("events", "dead-letters", "--target", target, "--output", "json")
        return [each for each in answer["deadLetters"] if each["resource"].endswith(f":{self.name}")]


def write(receiver, directory):
    """Writes the operator's file; returns its path."""
    path = directory / "events.json"
    path.write_text(json.dumps({"targets": every(receiver, directory)}))
    return path
