# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""What `--database` takes: every option of libpq, and a clear word about what cannot be worked with."""

import base64
import contextlib
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from support import declarations
from support.fleet import Fleet
from support.secured import PASSWORD, Authority, Pooler, SecuredCluster
from support.server import Server, executable
from support.waiting import until
from support.world import World

UNUSABLE = 74


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"), "authority")


@pytest.fixture(scope="module")
def secured(authority):
    running = SecuredCluster(authority).start()
    yield running
    running.remove()


@pytest.fixture(scope="module")
def secured_database(secured):
    return secured.create_secured_database()


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    file = tmp_path_factory.mktemp("key") / "master-key"
    file.write_bytes(base64.b64encode(os.urandom(32)) + b"\n")
    file.chmod(0o600)
    return file


@pytest.fixture
def passwords(tmp_path, secured):
    """A password file, which only its owner may read."""
    file = tmp_path / "passwords"
    file.write_text(f"localhost:{secured.port}:*:penstock:{PASSWORD}\n")
    file.chmod(0o600)
    return file


@contextlib.contextmanager
def serving(tmp_path, database, key, *options, **variables):
    # The database may name content of another test, which is gone with that.
    (tmp_path / "data" / "artifacts" / "blobs").mkdir(parents=True)
    (tmp_path / "data" / "lock").touch(mode=0o600)
    server = Server(
        tmp_path / "data", "--database", database, "--master-key-file", str(key), *options, variables=variables
    )
    server.start()
    try:
        yield server
        assert server.stop() == 0
    finally:
        if server.process.poll() is None:
            server.kill()


def works(server, directory):
    world = World(server, directory)
    world.put_source()
    world.create_custom_type()
    world.create(("Build", [declarations.action("Build", world.custom)]))
    return world.codepipeline.get_pipeline(name=world.name)["pipeline"]["version"] == 1


def refusal(tmp_path, database, key, **variables):
    """What a server says that does not start."""
    run = subprocess.run(
        [executable(), "serve", "--port", "0", "--data-dir", tmp_path / "refused"]
        + ["--database", database, "--master-key-file", key],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == UNUSABLE
    return run.stderr


def test_an_encrypted_database_is_verified_and_the_password_comes_from_a_file(
    tmp_path, secured, secured_database, authority, key, passwords
):
    database = (
        f"postgresql://penstock@localhost:{secured.port}/{secured_database}"
        f"?sslmode=verify-full&sslrootcert={authority.certificate}&passfile={passwords}"
    )
    with serving(tmp_path, database, key) as server:
        assert works(server, tmp_path)


def test_settings_that_the_connection_string_leaves_out_come_from_the_environment(
    tmp_path, secured, secured_database, authority, key
):
    variables = {
        "PGHOST": "localhost",
        "PGPORT": secured.port,
        "PGUSER": "penstock",
        "PGPASSWORD": PASSWORD,
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": str(authority.certificate),
    }
    with serving(tmp_path, f"dbname={secured_database}", key, **variables) as server:
        assert works(server, tmp_path)


def test_a_database_whose_certificate_nobody_known_signed_is_refused(
    tmp_path, secured, secured_database, key, passwords
):
    stranger = Authority(tmp_path, "stranger")
    database = (
        f"host=localhost port={secured.port} user=penstock dbname={secured_database} passfile={passwords}"
        f" sslmode=verify-full sslrootcert={stranger.certificate}"
    )
    assert "certificate verify failed" in refusal(tmp_path, database, key)


def test_a_wrong_password_is_told_and_not_shown(tmp_path, secured, secured_database, authority, key):
    database = (
        f"postgresql://penstock:not-the-one@localhost:{secured.port}/{secured_database}"
        f"?sslmode=verify-full&sslrootcert={authority.certificate}"
    )
    told = refusal(tmp_path, database, key)
    assert "password authentication failed" in told
    assert "not-the-one" not in told


def test_of_several_hosts_the_first_that_takes_writes_is_used(tmp_path, cluster, key):
    name = cluster.create_database().rpartition("=")[2]
    database = (
        f"host=/nonexistent,{cluster.directory} port=1,{cluster.port} user=postgres dbname={name}"
        " target_session_attrs=read-write"
    )
    with serving(tmp_path, database, key) as server:
        assert works(server, tmp_path)


@pytest.mark.parametrize("options, transactions", [((), 8), (("--database-connections", "3"), 3)])
def test_a_server_has_so_many_connections_at_most(tmp_path, cluster, key, options, transactions):
    """Those for transactions, all of which wait here for a table at once, and one for signals."""
    database = cluster.create_database()
    name = database.rpartition("=")[2]
    lock = "FROM pg_locks WHERE relation = 'object_version'::regclass AND mode = 'AccessExclusiveLock' AND granted"

    def count(what):
        ((found,),) = cluster.sql(f"SELECT count(*) {what}", name)
        return int(found)

    def connections():
        return count(f"FROM pg_stat_activity WHERE application_name = 'penstock' AND datname = '{name}'")

    with serving(tmp_path, database, key, *options) as server, ThreadPoolExecutor(33) as pool:
        world = World(server, tmp_path)
        held = pool.submit(cluster.sql, "BEGIN; LOCK TABLE object_version; SELECT pg_sleep(60)", name)
        until(lambda: count(lock) == 1, what="the lock")
        puts = [pool.submit(world.put_source, f"{number}", f"{number}") for number in range(32)]
        until(lambda: count("FROM pg_locks WHERE NOT granted") == transactions, what="all that wait")
        assert connections() == transactions + 1
        cluster.sql(f"SELECT pg_terminate_backend(pid) {lock}", name)
        for each in puts:
            each.result()
        assert held.exception() is not None
        assert connections() == transactions + 1


def test_servers_work_without_notifications(tmp_path, cluster):
    own = Fleet(cluster, tmp_path, user="silent")
    cluster.sql(
        "CREATE ROLE silent LOGIN; GRANT ALL ON SCHEMA public TO silent;"
        "REVOKE EXECUTE ON FUNCTION pg_notify(text, text) FROM PUBLIC",
        own.database,
    )
    own.start()
    try:
        one, two = own.replicas
        world = World(one, tmp_path)
        other = world.at(two)
        world.custom_pipeline()
        execution = other.created_execution()
        other.succeed(other.acknowledged_job())
        world.ended(execution, "Succeeded")
        for each in own.replicas:
            assert "The database knows no notifications" in each.data_dir.with_suffix(".log").read_text()
    finally:
        assert own.stop() == [0, 0]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE penstock_schema SET version = 99", "the database has schema 99, this program knows up to"),
        ("UPDATE penstock_format SET format = 99", "the database write format 99, this program reads up to"),
    ],
    ids=["schema", "format"],
)
def test_a_server_that_is_older_than_the_database_does_not_start(tmp_path, cluster, key, change, told):
    database = cluster.create_database()
    with serving(tmp_path, database, key):
        pass
    cluster.sql(change, database.rpartition("=")[2])
    said = refusal(tmp_path, database, key)
    assert told in said and "use a newer one" in said


@pytest.fixture
def pooler(cluster, request):
    if not shutil.which("/usr/sbin/pgbouncer"):
        pytest.skip("pgbouncer is not installed")
    running = Pooler(cluster, request.param)
    yield running
    running.remove()


@pytest.mark.parametrize("pooler", ["session"], indirect=True)
def test_a_pooler_that_gives_each_client_a_session_is_worked_with(tmp_path, cluster, pooler, key):
    name = cluster.create_database().rpartition("=")[2]
    with serving(tmp_path, pooler.database(name), key) as server:
        assert works(server, tmp_path)


@pytest.mark.parametrize("pooler", ["transaction", "statement"], indirect=True)
def test_a_pooler_that_gives_each_client_less_is_refused(tmp_path, cluster, pooler, key):
    name = cluster.create_database().rpartition("=")[2]
    assert "a pooler in between must be in session mode" in refusal(tmp_path, pooler.database(name), key)
