"""What `verify` takes for good, although it is not as the config says: drained regions, other addresses, more nodes."""

from __future__ import annotations

from tests.configs import ELASTIC, EXAMPLE
from tests.gke_inference.verify_platform import HealthyPlatform


def test_of_a_drained_region_the_others_answer(example: HealthyPlatform) -> None:
    """Drained in the cluster, whatever the config says: another region answers, and its servers may be unhealthy."""
    scope = {"selector": {"gke.io/region": "us-east5"}, "capacityScalerPercent": 0}
    example.object("us", "GCPBackendPolicy")["spec"]["default"]["scopes"] = [scope]
    example.health("us")["healthStatus"][0]["healthState"] = "UNHEALTHY"
    example.gateways["us"].home_slots = 0

    ran = example.run()

    findings = {(found["where"], found["id"]): found for found in ran.document["findings"]}
    assert findings["", "BALANCING"]["found"] == "attached; drained: us-east5"
    assert findings["us", "COMPLETION"]["found"].startswith("answered by europe-west4")
    assert ran.code == 0


def test_the_own_address_is_asked_without_another(example: HealthyPlatform) -> None:
    """Without --url-for the completion goes to the gateway's address in the region."""
    ran = example.command("--config", str(EXAMPLE), "--output", "json", "verify", "--region", "us")

    assert [found for found in ran.document["findings"] if found["status"] != "good"] == []
    assert any(found["id"] == "COMPLETION" for found in ran.document["findings"])
    assert [len(gateway.requests) for gateway in example.gateways.values()] == [1, 0]


def test_an_address_that_google_chose_is_the_gateways_own(elastic: HealthyPlatform) -> None:
    """Without reserved addresses a region's is the one in its range of nodes, in whatever order the status has them."""
    elastic.object("eu", "Gateway")["status"]["addresses"].reverse()

    ran = elastic.command("--config", str(ELASTIC), "--output", "json", "verify")

    assert [found for found in ran.document["findings"] if found["status"] != "good"] == []
    assert [len(gateway.requests) for gateway in elastic.gateways.values()] == [1, 1]


def test_a_node_more_is_no_fault(example: HealthyPlatform) -> None:
    """While a pool is upgraded it may have a node more than wanted."""
    node = example.named("us", "Node", "tpu-0")
    example.clusters["us"].objects["/api/v1/nodes/tpu-1"] = node | {"metadata": node["metadata"] | {"name": "tpu-1"}}

    ran = example.run()

    assert [found for found in ran.document["findings"] if found["status"] != "good"] == []
    assert ran.code == 0
