# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Several servers on one PostgreSQL: any of them answers any call, and what one of them does counts at all."""

import collections
import json
import os
import random
import signal
import statistics
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from support import declarations, targets
from support.fleet import Fleet, Turns
from support.jobs import by_name, execution_of
from support.load import Load
from support.waiting import until
from support.world import World

UNAVAILABLE = ("ServiceUnavailable", 503)
# As long as a poll may be held.
HELD_SECONDS = 20


@pytest.fixture
def worlds(fleet, tmp_path):
    """One world, seen from each replica."""
    return seen(fleet, tmp_path)


def seen(fleet, directory):
    first, *others = fleet.replicas
    world = World(first, directory)
    return [world, *(world.at(each) for each in others)]


def at_once(*calls):
    """Makes the calls at one moment; returns the code of each one's error, or None."""
    barrier = threading.Barrier(len(calls))

    def run(call):
        barrier.wait()
        try:
            call()
        except ClientError as error:
            return error.response["Error"]["Code"]

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def acknowledge(world, jobs):
    for job in jobs:
        answer = world.codepipeline.acknowledge_job(jobId=job["id"], nonce=job["nonce"])
        assert answer["status"] == "InProgress"


def several_jobs(world, count, type=None):
    """Polls until there are so many, and acknowledges them."""
    jobs = []

    def look():
        jobs.extend(world.poll(type, maxBatchSize=count))
        return len(jobs) >= count

    until(look, what=f"{count} jobs")
    acknowledge(world, jobs)
    return jobs


# Calls


def test_replicas_that_started_at_once_have_one_administrator(cluster, tmp_path_factory):
    for _ in range(5):
        own = Fleet(cluster, tmp_path_factory.mktemp("at-once")).start()
        first, second = own.replicas
        listed = first.penstock("keys", "list", "--output", "json")["keys"]
        assert own.stop() == [0, 0]
        assert first.credentials() == second.credentials()
        assert [key["accessKeyId"] for key in listed] == [first.credentials()["aws_access_key_id"]]


def test_what_one_replica_has_answered_the_other_knows(worlds):
    one, two = worlds
    one.custom_pipeline()
    declared, read = (world.codepipeline.get_pipeline(name=world.name) for world in worlds)
    assert (read["pipeline"], read["metadata"]) == (declared["pipeline"], declared["metadata"])
    for here, there in ((one, two), (two, one)):
        execution = here.start()
        assert there.status(execution) == "InProgress"
        assert execution in [each["pipelineExecutionId"] for each in there.executions()]
        here.stop(execution, abandon=True)
        assert there.status(execution) in ("Stopping", "Stopped")
    two.codepipeline.delete_pipeline(name=two.name)
    with pytest.raises(one.codepipeline.exceptions.PipelineNotFoundException):
        one.codepipeline.get_pipeline(name=one.name)


def test_each_call_of_a_jobs_life_may_go_to_another_replica(worlds):
    world, other = worlds
    world.codepipeline = Turns(world.codepipeline, other.codepipeline)
    world.custom_pipeline()
    execution = world.created_execution()
    for token in ("half", None):
        job = world.acknowledged_job()
        assert world.codepipeline.get_job_details(jobId=job["id"])["jobDetails"]["id"] == job["id"]
        world.succeed(job, **({"continuationToken": token} if token else {}))
    world.ended(execution, "Succeeded")


def test_each_call_of_a_partners_worker_may_go_to_another_replica(worlds):
    world, other = worlds
    world.codepipeline = Turns(world.codepipeline, other.codepipeline)
    _, connection = world.partner_pipeline()
    execution = world.created_execution()
    job = world.acknowledged_partner_job(connection["clientToken"])
    world.codepipeline.put_third_party_job_success_result(
        jobId=job["id"], clientToken=connection["clientToken"]
    )
    world.ended(execution, "Succeeded")


def test_a_listing_goes_on_at_another_replica(worlds):
    one, two = worlds
    one.custom_pipeline()
    for _ in range(5):
        one.start()
    turns = Turns(one.codepipeline, two.codepipeline)
    paged, token = [], {}
    while token is not None:
        page = turns.list_pipeline_executions(pipelineName=one.name, maxResults=2, **token)
        paged += [each["pipelineExecutionId"] for each in page["pipelineExecutionSummaries"]]
        token = {"nextToken": page["nextToken"]} if "nextToken" in page else None
    assert paged == [each["pipelineExecutionId"] for each in two.executions()[::-1]]
    assert len(paged) == 6


def test_the_credentials_of_a_job_hold_at_another_replica(worlds, refused):
    one, two = worlds
    one.custom_pipeline(outputs=["Built"])
    job = one.acknowledged_job()
    store = two.server.client("s3", two.server.session_of_job(job["data"]))
    source = job["data"]["inputArtifacts"][0]["location"]["s3Location"]
    built = job["data"]["outputArtifacts"][0]["location"]["s3Location"]
    body = store.get_object(Bucket=source["bucketName"], Key=source["objectKey"])["Body"].read()
    place = {"Bucket": built["bucketName"], "Key": built["objectKey"]}
    store.put_object(**place, Body=body)
    assert one.s3.get_object(**place)["Body"].read() == body
    one.succeed(job)
    assert refused(store.put_object, **place, Body=b"late")[0] == "AccessDenied"


def test_a_key_that_is_made_or_disabled_at_one_replica_is_so_at_the_other_within_a_second(fleet):
    one, two = fleet.replicas
    for here, there in ((one, two), (two, one)):
        key = here.create_key("--name", "deployer", "--administrator")
        client = there.client("sts", there.session_of(key))

        def is_taken():
            try:
                return client.get_caller_identity()["Arn"].endswith("user/deployer")
            except client.exceptions.ClientError as error:
                assert error.response["Error"]["Code"] == "InvalidClientTokenId"
                return False

        until(is_taken, deadline=1, what="the new key")
        here.penstock("keys", "disable", key["aws_access_key_id"])
        until(lambda: not is_taken(), deadline=1, what="the end of the key")


def test_an_update_at_one_replica_is_what_the_other_starts(worlds):
    one, two = worlds
    source = one.custom_source()
    properties = [{"name": "Size", "required": True, "key": False, "secret": False}]
    one.create_custom_type(properties)

    def deploy(size):
        return declarations.stage("Deploy", one.work(configuration={"Size": size}))

    one.create(deploy("1"), sources=[source])
    one.fail(*several_jobs(one, 1, one.source))
    for version in range(2, 8):
        here, there = (one, two) if version % 2 else (two, one)
        stages = here.codepipeline.get_pipeline(name=here.name)["pipeline"]["stages"]
        assert here.update(stages=[stages[0], deploy(str(version))]) == version
        execution = there.start()
        answer = there.codepipeline.get_pipeline_execution(pipelineName=there.name, pipelineExecutionId=execution)
        assert answer["pipelineExecution"]["pipelineVersion"] == version
        (fetched,) = several_jobs(there, 1, one.source)
        there.succeed(fetched, currentRevision={"revision": str(version), "changeIdentifier": "c"})
        (job,) = several_jobs(there, 1)
        assert execution_of(job) == execution
        assert job["data"]["actionConfiguration"]["configuration"] == {"Size": str(version)}
        there.succeed(job)


# Only one


def test_workers_at_two_replicas_never_get_the_same_job(worlds):
    one, _ = worlds
    one.create_custom_type()
    one.put_source()
    work = [one.work(f"Work{number}") for number in range(50)]
    one.create(("Deploy", work), pipelineType="V2", executionMode="PARALLEL")
    for _ in range(3):
        one.start()
    got, over, lock = collections.Counter(), threading.Event(), threading.Lock()

    def take(world):
        world = world.at(world.server)
        while not over.is_set():
            jobs = world.poll(maxBatchSize=3)
            with lock:
                got.update(job["id"] for job in jobs)
            acknowledge(world, jobs)
            for job in jobs:
                world.succeed(job)
            if len(got) == 4 * len(work):
                over.set()

    with ThreadPoolExecutor(6) as pool:
        takers = [pool.submit(take, worlds[number % 2]) for number in range(6)]
        try:
            until(lambda: over.is_set() or any(taker.done() for taker in takers), deadline=30, what="every job")
        finally:
            over.set()
        for taker in takers:
            taker.result()
    assert len(got) == 4 * len(work)
    assert set(got.values()) == {1}


def test_of_answers_to_an_approval_at_two_replicas_at_once_one_counts(worlds):
    one, two = worlds
    names = [f"Approve{number}" for number in range(6)]
    one.put_source()
    one.create(("Sign", [declarations.approval(name) for name in names]))
    for name in names:
        token = one.running("Sign", name)["token"]
        errors = at_once(
            lambda: one.answer("Sign", name, token, "Approved", "one"),
            lambda: two.answer("Sign", name, token, "Rejected", "two"),
        )
        assert sorted(errors, key=str) == ["ApprovalAlreadyCompletedException", None]
        expected = ("Succeeded", "one") if errors[0] is None else ("Failed", "two")
        for world in worlds:
            latest = world.latest("Sign", name)
            assert (latest["status"], latest["summary"]) == expected


def test_of_results_of_a_job_at_two_replicas_at_once_one_counts(worlds):
    one, two = worlds
    names = [f"Work{number}" for number in range(6)]
    one.create_custom_type()
    one.put_source()
    one.create(("Deploy", [one.work(name) for name in names]))
    for name, job in zip(names, by_name(several_jobs(one, len(names)), *names), strict=True):
        errors = at_once(lambda: one.succeed(job), lambda: two.fail(job))
        assert sorted(errors, key=str) == ["InvalidJobStateException", None]
        for world in worlds:
            (entry,) = world.history(name)
            assert entry["status"] == ("Succeeded" if errors[0] is None else "Failed")


def test_of_stops_of_an_execution_at_two_replicas_at_once_one_counts(worlds):
    one, two = worlds
    one.create_custom_type()
    one.put_source()
    one.create(("Deploy", [one.work()]), pipelineType="V2", executionMode="PARALLEL")
    for _ in range(5):
        one.start()
    for job in several_jobs(one, 6):
        execution = execution_of(job)
        errors = at_once(lambda: one.stop(execution, reason="one"), lambda: two.stop(execution, reason="two"))
        assert sorted(errors, key=str) == ["DuplicatedStopRequestException", None]
        two.succeed(job)
        one.ended(execution, "Stopped")
        (listed,) = (each for each in two.executions() if each["pipelineExecutionId"] == execution)
        assert listed["stopTrigger"]["reason"] == ("one" if errors[0] is None else "two")


def test_one_start_with_a_token_at_two_replicas_at_once_is_one_execution(worlds):
    one, two = worlds
    one.custom_pipeline()
    for number in range(6):
        started = []
        calls = [lambda world=world: started.append(world.start(clientRequestToken=f"{number}")) for world in worlds]
        assert at_once(*calls) == [None, None]
        assert len(started) == 2 and len(set(started)) == 1
    assert len(two.executions()) == 1 + 6


def test_what_is_due_happens_once_and_is_told_once(cluster, receiver, tmp_path):
    configuration = tmp_path / "events.json"
    configuration.write_text(json.dumps({"targets": [targets.http(receiver, "fleet", events=["pipeline"])]}))
    options = ("--stop-waiting-after", "1s", "--events-config", str(configuration))
    own = Fleet(cluster, tmp_path, *options).start()
    one, two = seen(own, tmp_path)
    source = one.custom_source()
    one.create_custom_type()
    names = [f"{one.name}-{number}" for number in range(8)]
    for name in names:
        one.create(("Deploy", [one.work()]), sources=[source], name=name)
        one.codepipeline.disable_stage_transition(
            pipelineName=name, stageName="Deploy", transitionType="Inbound", reason="freeze"
        )
    for number, job in enumerate(several_jobs(one, len(names), one.source)):
        (one, two)[number % 2].succeed(job, currentRevision={"revision": "1", "changeIdentifier": "c"})
    for number, name in enumerate(names):
        world = (one, two)[number % 2]
        world.ended(world.created_execution(name), "Stopped", name)

    def told(state):
        documents = [request.document for request in receiver.requests("/fleet")]
        return sorted(targets.pipeline_of(each) for each in documents if targets.words(each) == state)

    until(lambda: len(told("STOPPED")) >= len(names), what="what is told")
    # Whatever is still owed is told before a server ends.
    assert own.stop() == [0, 0]
    for state in ("STARTED", "STOPPED"):
        assert told(state) == names


# Waking


def test_a_held_poll_is_woken_by_a_start_at_the_other_replica(worlds, record_property):
    one, two = worlds
    one.create_custom_type()
    one.create(("Deploy", [one.work()]), sources=[one.custom_source()])
    one.fail(*several_jobs(one, 1, one.source))
    client, sent = two.server.client("codepipeline"), threading.Event()
    operation, held = "codepipeline.PollForJobs", {"x-penstock-wait-seconds": f"{HELD_SECONDS}"}
    client.meta.events.register(
        f"before-call.{operation}", lambda params, **_: params["headers"].update(held)
    )
    client.meta.events.register(f"before-send.{operation}", lambda **_: sent.set())

    def poll():
        jobs = client.poll_for_jobs(actionTypeId=one.source)["jobs"]
        return time.monotonic(), jobs

    took = []
    with ThreadPoolExecutor(1) as pool:
        for _ in range(15):
            sent.clear()
            answer = pool.submit(poll)
            assert sent.wait(20)
            # One that is sent later has been answered, so the other one waits by now.
            assert two.poll(one.source) == []
            begun = time.monotonic()
            execution = one.start()
            answered, jobs = answer.result(timeout=30)
            took.append(answered - begun)
            assert [execution_of(job) for job in jobs] == [execution]
            acknowledge(one, jobs)
            one.fail(*jobs)
    median = statistics.median(took)
    record_property("median_wake_up_seconds", round(median, 4))
    print(f"from a start to a poll's answer at the other replica: {median * 1000:.1f} ms, the median of {len(took)}")
    # One that nobody wakes looks once more when its time is over.
    assert max(took) < HELD_SECONDS / 2


# Faults


def test_nothing_is_lost_or_stuck_when_one_of_two_replicas_is_killed(own_fleet, tmp_path):
    seed = int(os.environ.get("PENSTOCK_FAULT_SEED", random.randrange(1 << 32)))
    print(f"PENSTOCK_FAULT_SEED={seed}")
    moments = random.Random(seed)
    worlds = seen(own_fleet, tmp_path)
    load = Load(*worlds, seed=seed, pipelines=12)
    load.start()
    for _ in range(3):
        # When the kill falls is the point of the test, so it is time that is waited for.
        time.sleep(moments.uniform(0.2, 1))
        victim = moments.choice(own_fleet.replicas)
        victim.kill()
        before = len(load.record.results)
        until(lambda: len(load.record.results) > before + 4, what="results by way of the other replica")
        victim.start()
    worlds[0].reconnect()
    load.finish(worlds[0].codepipeline)
    print(f"3 kills, {load.check(worlds[0])}")


def readiness(server):
    try:
        with urllib.request.urlopen(f"{server.endpoint}/health/ready", timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def answered(call, **arguments):
    """The code and the status of the refusal, or None where there is none."""
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]


def test_replicas_refuse_while_the_database_is_away_and_go_on_when_it_is_back(own_fleet, tmp_path, cluster):
    one, two = worlds = seen(own_fleet, tmp_path)
    one.custom_pipeline()
    execution = one.created_execution()
    job = two.acknowledged_job()
    cluster.stop(signal.SIGQUIT)
    try:
        for world in worlds:
            api = world.codepipeline
            assert answered(api.list_pipelines) == UNAVAILABLE
            assert answered(api.start_pipeline_execution, name=world.name) == UNAVAILABLE
            assert answered(api.poll_for_jobs, actionTypeId=world.custom) == UNAVAILABLE
            assert answered(api.put_job_success_result, jobId=job["id"]) == UNAVAILABLE
            assert readiness(world.server) == 503
            assert world.server.process.poll() is None
    finally:
        cluster.start()
    for world in worlds:
        until(lambda: readiness(world.server) == 200, deadline=10, what="a replica that is ready")
        assert world.status(execution) == "InProgress"
    two.succeed(job)
    one.ended(execution, "Succeeded")
    # What the service does by itself goes on too: the source is fetched, and the job reaches its worker.
    for here, there in ((one, two), (two, one)):
        again = here.start()
        there.succeed(there.acknowledged_job())
        here.ended(again, "Succeeded")


def test_connections_that_the_database_closed_cost_no_call(own_fleet, tmp_path, cluster):
    worlds = seen(own_fleet, tmp_path)
    worlds[0].custom_pipeline()
    worlds[0].acknowledged_job()
    cluster.stop(signal.SIGQUIT)
    cluster.start()
    for world in worlds:
        for _ in range(20):
            assert answered(world.codepipeline.get_pipeline_state, name=world.name) is None


def test_objects_are_refused_as_unavailable_while_the_database_is_away(own_fleet, tmp_path, cluster):
    worlds = seen(own_fleet, tmp_path)
    worlds[0].put_source()
    cluster.stop(signal.SIGQUIT)
    try:
        for world in worlds:
            place = {"Bucket": world.bucket, "Key": "source.zip"}
            assert answered(world.s3.get_object, **place)[1] == 503
            assert answered(world.s3.put_object, **place, Body=b"x")[1] == 503
    finally:
        cluster.start()
