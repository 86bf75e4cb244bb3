"""`evidrift repro --ray`: the stub study on two nodes on loopback, with an S3 remote on loopback."""

import contextlib
import os
import socket
import sys
import tempfile
from pathlib import Path

import psutil
import pytest
import yaml
from dvc.repo import Repo

from evidrift.base.errors import UserError
from evidrift.repro import claim
from evidrift.repro.claim import claimed
from evidrift.repro.ray import repro_on_ray
from tests.pipeline.workplace import Workplace
from tests.places import ROOT
from tests.repro import stub

# what the command needs to be told apart from a package of the same name, and CI always has
pytest.importorskip(
    "ray", reason="Ray is not installed: pip install -r requirements-ray.txt -c constraints.txt"
)

OBJECT_STORE = 80 * 2**20
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DEDUP_LOGS": "0", "DVC_NO_ANALYTICS": "1"}
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    return stub.Outside(tmp_path_factory.mktemp("outside"))


@pytest.fixture(scope="module")
def environment(outside):
    """What the nodes and the head inherit; the nodes' scratch folders lie where the test can see them.

    Not in pytest's own folder: the path of Ray's sockets must not exceed 107 characters.
    """
    with tempfile.TemporaryDirectory() as scratch, pytest.MonkeyPatch.context() as patch:
        for name, value in (QUIET | CREDENTIALS).items():
            patch.setenv(name, value)
        patch.setenv("STUB_OUTSIDE", str(outside.path))
        patch.setenv("TMPDIR", scratch)
        yield Path(scratch)


@pytest.fixture(scope="module")
def cluster(environment):
    """The address of two nodes with two CPUs each; none of their processes stays."""
    before = descendants()
    cluster = started()
    yield cluster.address
    theirs = descendants() - before
    with contextlib.suppress(AssertionError):  # it allows its processes a second
        cluster.shutdown()
    end(theirs)


def started(tries: int = 3):
    """A cluster. Ray gives each node 30 s to start, which a busy machine may not keep."""
    from ray.cluster_utils import Cluster

    # Ray takes 127.0.0.1 and localhost for the machine's outer address, on which these nodes do not listen
    node = {"num_cpus": 2, "object_store_memory": OBJECT_STORE, "node_ip_address": "127.0.0.2"}
    before, cluster = descendants(), Cluster()
    try:
        cluster.add_node(**node, include_dashboard=False)
        cluster.add_node(**node)
    except Exception:  # of that very class, or a TimeoutError
        end(descendants() - before)
        if tries == 1:
            raise
        return started(tries - 1)
    return cluster


def descendants() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


def end(processes: set[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes)


@pytest.fixture(scope="module")
def s3(environment):
    """The endpoint of an S3 server on loopback."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3, request):
    """Settings of a DVC remote of this test's own."""
    import boto3

    name = f"bucket-{abs(hash(request.node.name))}"
    boto3.client("s3", endpoint_url=s3).create_bucket(Bucket=name)
    return {"url": f"s3://{name}/study", "endpointurl": s3, "verify": "true"}


def on_ray(place: Workplace, address: str, expect: int = 0) -> str:
    """`evidrift repro --ray`, as it prints."""
    command = (sys.executable, "-m", "evidrift", "repro", "--ray", address)
    return place.run(*command, expect=expect, PYTHONPATH=str(ROOT))


def lock_of(place: Workplace) -> dict:
    return yaml.safe_load((place.path / "dvc.lock").read_text())


@pytest.mark.slow
def test_a_worker_killed_in_mid_run_is_retried_and_dvc_lock_is_the_local_one(
    cluster, bucket, outside, environment, tmp_path
):
    study = stub.create(tmp_path / "study", bucket)
    local = study.clone(tmp_path / "local")
    local.repro()
    assert outside.ran() == stub.STAGES

    outside.order("kill", "explain-b-1")
    on_ray(study, cluster)
    assert outside.ran() == sorted([*stub.STAGES, "explain-b-1"])
    orphan = Path("/proc", (outside.path / "killed").read_text())
    assert not orphan.exists() or " Z " in (orphan / "stat").read_text()
    assert lock_of(study) == lock_of(local)
    assert list(environment.glob("evidrift-*")) == []

    (study.path / "notes.txt").write_text("uncommitted, but nothing is asked of the nodes\n")
    assert "Nothing to do" in on_ray(study, cluster)
    assert study.repro() == []


@pytest.mark.slow
def test_a_failing_branch_leaves_the_others_done_and_once_mended_only_what_failed_runs(
    cluster, bucket, outside, tmp_path
):
    study = stub.create(tmp_path / "study", bucket, architectures="a")
    (tmp_path / "films.txt").write_text("films of a hospital, which the revision does not hold\n")
    study.replace("dvc.yaml", "deps: [films.txt", "deps: [../films.txt")
    study.replace("dvc.yaml", "prepare films.txt", "prepare ../films.txt")
    study.commit("films from elsewhere")

    outside.order("fail", "explain-a-1")
    said = on_ray(study, cluster, expect=1)
    assert "Here, as the revision does not hold what it reads: prepare" in said
    assert "2 of 3 branches are missing" in said
    assert "train@a-1, explain@a-1: failed" in said
    assert "  | stub: explain-a-1 was told to fail" in said
    assert "drift@a: not started, for want of train@a-1, explain@a-1" in said
    assert "Traceback" not in said
    assert outside.ran() == ["explain-a-1", "explain-a-2", "prepare", "train-a-1", "train-a-2"]
    assert (study.path / "data" / "maps" / "a" / "2.out").exists()

    outside.revoke("fail", "explain-a-1")
    on_ray(study, cluster)
    # what the remote has does not run again, though the revision has no dvc.lock
    assert outside.ran() == ["compare", "drift-a", "explain-a-1"]


def refused() -> str:
    with pytest.raises(UserError) as told:
        repro_on_ray("127.0.0.1:1")
    return str(told.value)


@pytest.mark.slow
def test_what_stands_in_the_way_is_told_before_anything_runs(environment, tmp_path, monkeypatch):
    study = stub.create(tmp_path / "study", None)
    monkeypatch.chdir(study.path)
    assert "No DVC remote is set" in refused()

    study.run("dvc", "remote", "add", "--default", "--local", "store", str(tmp_path / "store"))
    assert "No DVC remote is set" in refused()

    study.run("dvc", "remote", "add", "--project", "--default", "store", "../store")
    study.commit("remote")
    assert "a path from this folder" in refused()

    study.run("dvc", "remote", "modify", "--project", "store", "url", str(tmp_path / "store"))
    assert "uncommitted changes: .dvc/config" in refused()

    study.commit("remote")
    with Repo(".") as other, claimed(other):
        assert "Another DVC command or `evidrift repro` is at work" in refused()
    with Repo(".") as other, claimed(other, for_commands=True), monkeypatch.context() as patch:
        patch.setattr(claim, "PATIENCE", 0)
        assert "Another `evidrift repro`, or stages of one" in refused()


@pytest.mark.slow
def test_without_ray_or_a_cluster_the_command_says_so_in_a_sentence(environment, tmp_path):
    study = stub.create(tmp_path / "study", {"url": str(tmp_path / "store")})
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    for dead in (address, "nowhere"):
        said = on_ray(study, dead, expect=1)
        assert said.startswith(f"error: No Ray cluster answers at {dead}")
        assert said.count("\n") == 1

    (tmp_path / "without" / "ray").mkdir(parents=True)
    (tmp_path / "without" / "ray" / "__init__.py").write_text("raise ImportError")
    study.env["PYTHONPATH"] = os.pathsep.join((str(tmp_path / "without"), str(ROOT)))
    command = (sys.executable, "-m", "evidrift", "repro", "--ray", "auto")
    said = study.run(*command, expect=1)
    assert said.startswith(
        "error: Ray is not installed. Install it with: pip install -r requirements-ray.txt"
    )


@pytest.mark.slow
def test_a_remote_that_the_nodes_cannot_reach_is_named_with_what_dvc_says(cluster, outside, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        endpoint = f"http://127.0.0.1:{free.getsockname()[1]}"
    remote = {"url": "s3://nowhere/study", "endpointurl": endpoint}
    study = stub.create(tmp_path / "study", remote, architectures="a")
    said = on_ray(study, cluster, expect=1)
    assert "4 of 4 branches are missing" in said
    assert endpoint in said
    assert "Traceback" not in said
    assert outside.ran() == []
