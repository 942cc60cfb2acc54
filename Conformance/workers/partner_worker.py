# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""A partner's job worker, as one is written today against AWS: boto3 and nothing else.

    partner_worker.py PROVIDER TOKENS

TOKENS is a JSON file of client ids with their client tokens. A job whose configuration says `Verdict: fail` is failed,
any other passes; inputs are fetched and outputs put with the credentials that came with the job. Ends after SIGTERM.
"""

import json
import signal
import sys
import time
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

POLL_INTERVAL_SECONDS = 0.05
stopping = False


def stop(_signal, _frame):
    global stopping
    stopping = True


def store_of(data):
    """An S3 client with the job's own credentials."""
    credentials = data["artifactCredentials"]
    return boto3.client(
        "s3",
        aws_access_key_id=credentials["accessKeyId"],
        aws_secret_access_key=credentials["secretAccessKey"],
        aws_session_token=credentials["sessionToken"],
        config=Config(s3={"addressing_style": "path"}),
    )


def place(artifact):
    location = artifact["location"]["s3Location"]
    return {"Bucket": location["bucketName"], "Key": location["objectKey"]}


def check(data):
    """The partner's work: reads what it is given, and writes a report."""
    store = store_of(data)
    sizes = {
        artifact["name"]: len(store.get_object(**place(artifact))["Body"].read())
        for artifact in data.get("inputArtifacts", [])
    }
    for artifact in data.get("outputArtifacts", []):
        store.put_object(**place(artifact), Body=json.dumps(sizes).encode())
    verdict = data.get("actionConfiguration", {}).get("configuration", {}).get("Verdict", "pass")
    return verdict != "fail", sizes


def work_on(codepipeline, job, tokens):
    token = tokens[job["clientId"]]
    details = codepipeline.get_third_party_job_details(jobId=job["jobId"], clientToken=token)["jobDetails"]
    status = codepipeline.acknowledge_third_party_job(
        jobId=job["jobId"], nonce=details["nonce"], clientToken=token
    )["status"]
    if status != "InProgress":
        return
    external = str(uuid.uuid4())
    try:
        passed, sizes = check(details["data"])
    except Exception as error:  # Whatever went wrong, the pipeline has to hear of it.
        passed, sizes = False, {"error": str(error)}
    if passed:
        codepipeline.put_third_party_job_success_result(
            jobId=job["jobId"],
            clientToken=token,
            executionDetails={"summary": f"checked {sizes}", "externalExecutionId": external, "percentComplete": 100},
        )
    else:
        codepipeline.put_third_party_job_failure_result(
            jobId=job["jobId"],
            clientToken=token,
            failureDetails={
                "type": "JobFailed",
                "message": f"the check did not pass: {sizes}",
                "externalExecutionId": external,
            },
        )


def main(provider, tokens_path):
    signal.signal(signal.SIGTERM, stop)
    codepipeline = boto3.client("codepipeline")
    type_id = {"category": "Test", "owner": "ThirdParty", "provider": provider, "version": "1"}
    with open(tokens_path) as file:
        tokens = json.load(file)
    while not stopping:
        jobs = codepipeline.poll_for_third_party_jobs(actionTypeId=type_id, maxBatchSize=5)["jobs"]
        for job in jobs:
            try:
                work_on(codepipeline, job, tokens)
            except ClientError as error:
                print(f"{job['jobId']}: {error}", file=sys.stderr)
        if not jobs:
            time.sleep(POLL_INTERVAL_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
