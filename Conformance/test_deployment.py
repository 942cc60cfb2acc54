# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""The files in deploy/, as far as they can be tried without a container runtime and without being systemd."""

import base64
import json
import os
import re
import shlex
import shutil
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from support import declarations, filetrace, haproxy
from support.fleet import Fleet, Front
from support.secured import free_port
from support.server import ROOT, Server, executable
from support.waiting import until
from support.world import World

DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "penstock.service"
DROP_INS = {path.stem: path for path in sorted((DEPLOY / "penstock.service.d").iterdir())}
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVERS = {name: each for name, each in COMPOSE["services"].items() if each["image"] == "penstock"}


def joined(path):
    """The lines of a file that goes on after a backslash, without comments."""
    text = "\n".join(line for line in path.read_text().splitlines() if not line.lstrip().startswith("#"))
    return [line.strip() for line in text.replace("\\\n", "").splitlines() if line.strip()]


def settings(path, name):
    return [line.partition("=")[2] for line in joined(path) if line.startswith(f"{name}=")]


def instructions(name):
    """What the Containerfile says after the word, one text for each time."""
    return [line.partition(" ")[2] for line in joined(DEPLOY / "Containerfile") if line.startswith(f"{name} ")]


def is_there(program):
    return pytest.mark.skipif(not shutil.which(program), reason=f"{program} is not installed")


# Commands


def commands():
    """Every command line of the server in the files, without the program."""
    for path in (UNIT, *DROP_INS.values()):
        for line in filter(None, settings(path, "ExecStart")):
            yield path.name, shlex.split(line)[1:]
    for name, service in SERVERS.items():
        yield name, service["command"]
    (command,) = instructions("CMD")
    yield "Containerfile", json.loads(command)


@pytest.mark.parametrize(("place", "command"), commands(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_option_of_a_command_is_one_of_the_servers(place, command):
    assert command[0] == "serve"
    told = subprocess.run([executable(), "serve", "--help"], capture_output=True, text=True, check=True).stdout
    options = {each.partition("=")[0] for each in command if each.startswith("--")}
    assert options <= set(re.findall(r"--[a-z-]+", told)), place


@pytest.mark.parametrize(
    ("place", "command"),
    [(place, command) for place, command in commands() if any("--database" in each for each in command)],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_command_gets_as_far_as_its_database(place, command, tmp_path):
    key = tmp_path / "master-key"
    key.write_text(base64.b64encode(bytes(32)).decode())
    text = re.sub(r"\bhost=\S+", "host=/nonexistent", shlex.join(command))
    store = tmp_path / "store"
    store.write_text("[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = secret\n")
    text = re.sub(r"/\S+/master-key", str(key), text).replace("/etc/penstock/store", str(store))
    text = text.replace("/var/lib/penstock", str(tmp_path / "data"))
    run = subprocess.run(
        [executable(), *shlex.split(text)],
        env={**os.environ, "PENSTOCK_DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 74 and "/nonexistent" in run.stderr, f"{place}: {run.stderr}"


# The unit


@pytest.fixture(params=["alone", *DROP_INS])
def units(request, tmp_path):
    """A directory with the unit, and what changes it where it is one of a fleet, with a program that is there."""

    def copy(source, target):
        target.parent.mkdir(exist_ok=True)
        target.write_text(source.read_text().replace("/usr/local/bin/penstock", str(executable())))

    copy(UNIT, tmp_path / UNIT.name)
    if drop_in := DROP_INS.get(request.param):
        copy(drop_in, tmp_path / f"{UNIT.name}.d" / drop_in.name)
    return tmp_path


@is_there("systemd-analyze")
def test_systemd_finds_nothing_wrong_with_the_unit(units):
    run = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", units / UNIT.name],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{units}:"},
        capture_output=True,
        text=True,
    )
    assert (run.returncode, run.stderr) == (0, "")


@is_there("systemd-analyze")
def test_systemd_calls_what_the_unit_may_do_little():
    # Of ten. Below two it says OK.
    run = subprocess.run(
        ["systemd-analyze", "security", "--no-pager", "--offline=yes", "--threshold=20", UNIT],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout


def test_restarts_and_patience_of_the_unit_fit_the_server():
    assert settings(UNIT, "RestartPreventExitStatus") == ["64 78"]
    for path in DROP_INS.values():
        drain = int(re.search(r"--drain-delay (\d+)", " ".join(joined(path))).group(1))
        assert int(settings(UNIT, "TimeoutStopSec")[0]) > drain + 60


@pytest.mark.parametrize("is_directory", [False, True], ids=["none", "directory"])
def test_the_link_to_shared_content_never_lands_in_a_directory_of_ones_own(tmp_path, is_directory):
    shared, own = tmp_path / "srv", tmp_path / "artifacts"
    shared.mkdir()
    (line,) = (each for each in settings(DROP_INS["fleet"], "ExecStartPre") if "ln " in each)
    command = shlex.split(line.replace("/srv/artifacts", str(shared)).replace("/var/lib/penstock/artifacts", str(own)))
    if is_directory:
        own.mkdir()
        assert subprocess.run(command, capture_output=True).returncode != 0
        assert not own.is_symlink() and list(own.iterdir()) == []
    else:
        for _ in ("the first start", "another one"):
            subprocess.run(command, check=True)
            assert own.readlink() == shared and list(shared.iterdir()) == []


def system_calls(group):
    """The names of a group of systemd's, of the groups in it too."""
    told = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True)
    names = [line.strip() for line in told.stdout.splitlines()[1:] if not line.strip().startswith("#")]
    return {name for each in names for name in (system_calls(each) if each.startswith("@") else [each])}


@is_there("systemd-analyze")
@pytest.mark.skipif(not filetrace.is_possible(), reason="strace is not installed")
def test_a_server_asks_the_system_for_nothing_that_the_unit_forbids(tmp_path):
    trace = tmp_path / "trace"
    server = Server(tmp_path / "data", within=("strace", "-f", "-qq", "-o", trace)).start()
    try:
        world = World(server, tmp_path)
        world.custom_pipeline()
        world.succeed(world.acknowledged_job())
        os.kill(int((server.data_dir / "lock").read_text().split()[0]), 15)
        assert server.process.wait(timeout=30) == 0
    finally:
        server.kill()
    calls = [line.partition(" ")[2].strip() for line in trace.read_text().splitlines()]
    made = {match.group(1) for match in (re.match(r"(\w+)\(", call) for call in calls) if match}
    assert len(made) > 20
    (allowed,) = settings(UNIT, "SystemCallFilter")
    assert made - system_calls(allowed) == set()
    families = {match.group(1) for match in (re.match(r"socket\((\w+)", call) for call in calls) if match}
    (kinds,) = settings(UNIT, "RestrictAddressFamilies")
    assert {each.replace("AF_LOCAL", "AF_UNIX") for each in families} <= set(kinds.split())
    assert [call for call in calls if "PROT_EXEC" in call and "PROT_WRITE" in call] == []


# The image


def closure(packages):
    """The packages, and those that they need, as this machine has them."""
    told = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package}\t${Essential}\t${Pre-Depends}, ${Depends}\n"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    needs, essential = {}, []
    for line in told.splitlines():
        name, is_essential, depends = line.split("\t")
        needs[name] = [part.split()[0].partition(":")[0] for part in re.split(r"[,|]", depends) if part.strip()]
        if is_essential == "yes":
            essential.append(name)
    found, open_ones = set(), [*packages, *essential]
    while open_ones:
        name = open_ones.pop()
        if name in needs and name not in found:
            found.add(name)
            open_ones += needs[name]
    return found


def installed_in(stage):
    """The packages that one stage of the Containerfile installs."""
    run = next(text for text in instructions("RUN")[stage:] if "apt-get install" in text)
    return set(re.search(r"--no-install-recommends ([^&]+)", run).group(1).split())


def owner(library):
    """The package that brings the library, which may be known by its path before directories were merged."""
    real = Path(library).resolve()
    for path in (library, real, *(f"/lib/{'/'.join(each.parts[3:])}" for each in (Path(library), real))):
        run = subprocess.run(["dpkg-query", "-S", path], capture_output=True, text=True)
        if run.returncode == 0:
            return run.stdout.partition(":")[0]
    raise AssertionError(f"no package brings {library}")


def needed_by(file):
    """The names of the libraries that the file says it needs."""
    told = subprocess.run(["readelf", "-d", file], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"NEEDED.*\[(.+)\]", told))


@is_there("dpkg-query")
@is_there("readelf")
def test_the_image_has_every_library_of_the_program():
    if executable().parent.name == "debug":
        pytest.skip("the image has a release, this is a debug build")
    told = subprocess.run(["ldd", executable()], capture_output=True, text=True, check=True).stdout
    libraries = {Path(each).name: each for each in re.findall(r"(/\S+) \(0x", told)}
    needed = needed_by(executable())
    assert needed <= set(libraries)
    assert not [path for path in libraries.values() if "swift" in path]
    brought_by = {name: owner(libraries[name]) for name in needed}
    packages = installed_in(-2)
    assert set(brought_by.values()) <= closure(packages)
    # Those that are named are for something; roots of trust are for event targets and foreign stores.
    assert packages - set(brought_by.values()) == {"ca-certificates"}
    page = (ROOT / "docs" / "operating" / "deploying.md").read_text()
    told = re.search(r"From Debian it needs([^.]+)\.", page).group(1)
    assert set(re.findall(r"`([^`]+)`", told)) == packages


def test_the_image_is_built_with_what_the_makefile_builds_with():
    makefile = (ROOT / "Makefile").read_text()
    assert installed_in(0) == set(re.search(r"^BUILD_PACKAGES = (.+)$", makefile, re.MULTILINE).group(1).split())
    swift = re.search(r"swift:(\d+\.\d+)-", instructions("FROM")[0]).group(1)
    assert f"[Swift](https://www.swift.org/install) {swift} or later" in (ROOT / "README.md").read_text()


def test_every_folder_that_the_manifest_names_is_sent_to_the_build():
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    named = set(re.findall(r'path: "(\w+)/', (ROOT / "Package.swift").read_text()))
    assert named | {"Package.swift", "Sources", "Tests"} <= sent
    assert not any(each.startswith("deploy") for each in sent)


def test_the_health_check_of_the_image_tells_a_server_that_is_ready_from_one_that_is_not(own_server):
    (text,) = instructions("HEALTHCHECK")
    # As long as a server that starts may wait for another one, and longer.
    migrator = (ROOT / "Sources" / "PenstockPostgres" / "Migrations" / "Migration.swift").read_text()
    patience = int(re.search(r"patience = Duration\.seconds\((\d+)\)", migrator).group(1))
    assert int(re.search(r"--start-period=(\d+)s", text).group(1)) > patience
    command = json.loads(text[text.index("CMD ") + 4 :])
    port = own_server.endpoint.rpartition(":")[2]
    command[-1] = command[-1].replace("/7480", f"/{port}")

    def is_healthy():
        return subprocess.run(command, capture_output=True, timeout=20).returncode == 0

    assert is_healthy()
    own_server.stop()
    assert not is_healthy()


# The composition


def test_whatever_the_composition_names_is_there(tmp_path):
    services, secrets = COMPOSE["services"], COMPOSE["secrets"]
    made = tmp_path / "deploy"
    made.mkdir()
    script = shutil.copy(DEPLOY / "make-secrets", made)
    subprocess.run([script], check=True, capture_output=True)
    for secret in secrets.values():
        file = made / secret["file"]
        assert file.stat().st_mode & 0o077 == 0 and file.read_text().strip()
    assert {file.name for file in (made / "secrets").iterdir()} == set(secrets)
    assert subprocess.run([script], capture_output=True).returncode != 0
    for name, service in services.items():
        assert set(service.get("secrets", ())) <= set(secrets), name
        for other, wanted in service.get("depends_on", {}).items():
            assert wanted["condition"] == "service_healthy"
            assert other in SERVERS or "healthcheck" in services[other]
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            is_file = source.startswith(".")
            assert (DEPLOY / source).is_file() if is_file else source in COMPOSE["volumes"], volume
        build = service.get("build")
        assert not build or (DEPLOY / build["context"] / build["dockerfile"]).is_file()
    used = {secret for service in services.values() for secret in service.get("secrets", ())}
    assert used == set(secrets)


def test_secrets_of_the_composition_are_kept_out_of_the_repository_and_the_image():
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert f"deploy/{Path(COMPOSE['secrets']['master-key']['file']).parent}/" in ignored


def test_servers_of_the_composition_share_what_a_fleet_shares():
    one, two = SERVERS.values()
    assert one["command"] == two["command"]
    (own_one, shared_one), (own_two, shared_two) = one["volumes"], two["volumes"]
    assert shared_one == shared_two == "artifacts:/var/lib/penstock/artifacts"
    assert own_one != own_two and {own_one.partition(":")[2], own_two.partition(":")[2]} == {"/var/lib/penstock"}
    (drain,) = (each.partition("=")[2] for each in one["command"] if each.startswith("--drain-delay="))
    assert int(one["stop_grace_period"].removesuffix("s")) > int(drain) + 60


def test_the_user_of_the_image_owns_what_it_is_given():
    (user,) = instructions("USER")
    assert f"chown {user} secrets/" in (DEPLOY / "make-secrets").read_text()
    assert f"--uid {user.partition(':')[0]} " in " ".join(instructions("RUN"))


# The balancer


@pytest.fixture(scope="module")
def fronted(cluster, tmp_path_factory):
    """Two servers that listen where they did whenever they start, both as one server, and the balancer."""
    if not haproxy.program():
        pytest.skip("haproxy is not installed")
    directory = tmp_path_factory.mktemp("fronted")
    ports = [free_port() for _ in SERVERS]

    def at(port):
        return lambda *arguments: Server(*arguments, "--port", str(port))

    fleet = Fleet(cluster, directory, "--drain-delay", "3", servers=[at(port) for port in ports]).start()
    balancer = haproxy.HAProxy(directory, dict(zip(SERVERS, ports, strict=True)))
    try:
        yield fleet, Front(balancer.wait().endpoint, fleet.replicas[0]), balancer
    finally:
        balancer.stop()
        fleet.kill()


def test_the_balancer_waits_as_long_as_the_largest_output_takes():
    """It is read from the other store and put again; the page says how fast."""
    page = (ROOT / "docs" / "operating" / "deploying.md").read_text()
    size, speed = map(int, re.search(r"enough for (\d+) GiB at (\d+) MiB/s", page).groups())
    minutes = int(re.search(r"timeout server (\d+)m\n", haproxy.CONFIGURATION.read_text()).group(1))
    assert minutes * 60 > 2 * size * 1024 / speed


@pytest.mark.skipif(not haproxy.program(), reason="haproxy is not installed")
def test_the_balancers_configuration_is_valid():
    run = subprocess.run([haproxy.program(), "-c", "-f", haproxy.CONFIGURATION], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_what_boto3_signs_is_valid_behind_the_balancer(fronted, tmp_path):
    _, front, _ = fronted
    world = World(front, tmp_path)
    world.custom_pipeline(outputs=["Built"])
    job = world.acknowledged_job()
    store = front.client("s3", front.session_of_job(job["data"]))
    source = job["data"]["inputArtifacts"][0]["location"]["s3Location"]
    assert store.get_object(Bucket=source["bucketName"], Key=source["objectKey"])["Body"].read()
    # Each in a request of its own, streamed with checksums behind it.
    name, content = "a key/with +, ü and %2F", os.urandom(6 << 20)
    world.s3.put_object(Bucket=world.bucket, Key=name, Body=content)
    assert world.s3.get_object(Bucket=world.bucket, Key=name)["Body"].read() == content
    listed = world.s3.list_objects_v2(Bucket=world.bucket, Prefix="a key/")["Contents"]
    assert [each["Key"] for each in listed] == [name]
    link = world.s3.generate_presigned_url("get_object", Params={"Bucket": world.bucket, "Key": name})
    assert link.startswith(front.endpoint)
    world.succeed(job)


def test_a_long_session_passes_the_balancer(fronted, tmp_path, refused):
    """The head of a request may be as long as the server takes it, which answers it itself."""
    _, front, _ = fronted
    keys = {"accessKeyId": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": "secret", "sessionToken": "t" * 15_000}
    client = front.client("codepipeline", front.session_of_job({"artifactCredentials": keys}))
    code, message = refused(client.list_pipelines)
    assert code == "UnrecognizedClientException", message


def test_servers_behind_the_balancer_are_restarted_and_no_call_fails(fronted, tmp_path):
    fleet, front, balancer = fronted
    world = World(front, tmp_path)
    world.create_custom_type()
    world.put_source()
    world.create(("Build", [declarations.action("Build", world.custom)]))
    over = threading.Event()

    def call():
        own, count = world.at(front), 0
        while not over.is_set():
            own.codepipeline.get_pipeline_state(name=own.name)
            own.s3.put_object(Bucket=own.bucket, Key="kept", Body=b"content")
            count += 1
        return count

    with ThreadPoolExecutor(3) as pool:
        callers = [pool.submit(call) for _ in range(3)]
        try:
            for name, replica in zip(SERVERS, fleet.replicas, strict=True):
                count = balancer.returns(name)
                assert replica.stop() == 0
                replica.start()
                # Before the next one goes, as the page on upgrades has it.
                until(lambda name=name, count=count: balancer.returns(name) > count, what=f"{name} to be seen again")
        finally:
            over.set()
        counts = [caller.result() for caller in callers]
    until(lambda: len(world.executions()) == 1, what="the first execution")
    print(f"{sum(counts)} times two calls, repeated by the SDK: {dict(+front.retried)}")
    assert min(counts) > 10
