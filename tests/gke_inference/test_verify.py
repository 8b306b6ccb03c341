"""`verify` on a platform as we deploy it, where all is well."""

from __future__ import annotations

from gke_inference.verify import topics
from gke_inference.verify.topic import Topic
from tests.gke_inference.verify_platform import HealthyPlatform

REGION_IDS = {
    "ADDRESS", "BACKENDS", "CLUSTER", "COMPLETION", "GAUGE", "INTERFACES", "KUBERNETES", "MEMBERSHIP", "METRIC",
    "INFERENCE-POOL", "NETWORK", "POOL-SYSTEM", "POOL-TPU", "SERVER",
}  # fmt: skip
SHARED_IDS = {"BALANCING", "FEATURE", "GATEWAY", "HEALTH-CHECK", "IMPORT", "ROUTE"}


def test_all_is_good(example: HealthyPlatform) -> None:
    """Of a healthy platform everything is looked at, in each region, and found good."""
    ran = example.run()

    findings = ran.document["findings"]
    assert [found for found in findings if found["status"] != "good"] == []
    assert {found["id"] for found in findings if found["where"] == "us"} == REGION_IDS
    assert {found["id"] for found in findings if found["where"] == "eu"} == REGION_IDS
    assert {found["id"] for found in findings if not found["where"]} == SHARED_IDS
    assert (ran.code, ran.document["outcome"]) == (0, "good")


def test_a_person_reads_one_table(example: HealthyPlatform) -> None:
    """The table has a row for each finding, and ends in one verdict; progress is on stderr."""
    ran = example.run(output="text")

    assert "COMPLETION" in ran.out
    assert "answered by us-east5 after" in ran.out
    assert ran.out.rstrip().endswith("Good: 34 good, 0 wrong, 0 unknown")
    assert ran.err.splitlines()[-1] == "completions: 2 of 2"


def test_a_finding_has_these_keys(example: HealthyPlatform) -> None:
    """Programs find the same keys in each finding."""
    document = example.run("--no-completion").document

    assert set(document) == {"findings", "outcome"}
    assert {tuple(found) for found in document["findings"]} == {("id", "status", "found", "needed", "where", "fix")}


def test_nothing_is_written(example: HealthyPlatform) -> None:
    """Only reads are sent: the one POST to Google asks for health, the ones to the gateway are the completions."""
    example.run()

    posts = {request.method for request in example.google.requests if request.http_method != "GET"}
    assert posts == {"compute.backendServices.getHealth"}
    assert [cluster.writes() for cluster in example.clusters.values()] == [[], []]
    assert [len(gateway.requests) for gateway in example.gateways.values()] == [1, 1]


def test_one_region_is_enough(example: HealthyPlatform) -> None:
    """With --region the others are not looked at, but what they have in common is."""
    ran = example.run(only="us")

    assert {found["where"] for found in ran.document["findings"]} == {"", "us"}
    assert ran.code == 0


def test_the_elastic_platform_is_good(elastic: HealthyPlatform) -> None:
    """A region that grows has an autoscaler, the adapter it reads through, and a pool that may be smaller."""
    ran = elastic.run()

    findings = {(found["where"], found["id"]): found for found in ran.document["findings"]}
    assert [found for found in findings.values() if found["status"] != "good"] == []
    assert findings["eu", "AUTOSCALER"]["found"] == "metric 420m; 1 there, 1 wanted"
    assert findings["eu", "ADAPTER"]["found"].startswith("v1beta1.custom.metrics.k8s.io")
    assert findings["eu", "POOL-H100"]["found"] == "RUNNING, 1 of 1 to 10 nodes ready"
    assert findings["eu", "COMPLETION"]["found"].startswith("answered by us-east4")
    assert ("eu", "ADDRESS") not in findings
    assert ran.code == 0


def test_ids_of_node_pools_are_theirs_alone() -> None:
    """A pool may have any name: no other finding's id begins as theirs do."""
    ids = [topic.id for topic in vars(topics).values() if isinstance(topic, Topic) and topic is not topics.POOL]

    assert [id_ for id_ in ids if id_.startswith("POOL-")] == []
    assert len(ids) == len(set(ids)) > 10
