"""`verify` of platforms in networks and clusters of others, and of several clusters in one region."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from platform_config.config import Config
from tests.configs import CONFIG_CLUSTER, EXISTING
from tests.gke_inference.conftest import InferenceOps
from tests.gke_inference.verify_platform import HealthyPlatform
from tests.gke_inference.verify_rig import Running, own_file, running, to_break

NETWORK, SHARED, CLUSTERS = EXISTING


@pytest.fixture(scope="module", params=[*EXISTING, CONFIG_CLUSTER], ids=lambda path: path.stem)
def each_running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Return each of the four platforms, whose stand-ins listen."""
    folder = tmp_path_factory.mktemp(request.param.stem)
    with running(own_file(request.param, folder), folder) as listening:
        yield listening


@pytest.fixture
def each(each_running: Running, inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch) -> HealthyPlatform:
    """Return each of the four, healthy, to break."""
    return to_break(each_running, inference_ops, monkeypatch)


def path(platform: HealthyPlatform) -> Path:
    """Return the config file."""
    assert platform.path is not None
    return platform.path


def of(platform: HealthyPlatform, *arguments: str) -> dict[tuple[str, str], dict[str, str]]:
    """Return the findings of a run, by region and id."""
    findings = platform.run(*arguments).document["findings"]
    return {(finding["where"], finding["id"]): finding for finding in findings}


def test_a_healthy_platform_is_good(each: HealthyPlatform) -> None:
    """Each check, of whatever the config calls its parts; completions too."""
    findings = of(each)

    assert {key: found for key, found in findings.items() if found["status"] != "good"} == {}


def test_names_and_places_are_those_of_what_exists(each: HealthyPlatform) -> None:
    """Clusters and memberships where the config says that they are; pools by the names that they have."""
    of(each, "--no-completion")
    names, config = each.names, each.config
    asked = {request.params["name"] for request in each.google.asked("gkehub.projects.locations.memberships.get")}

    assert asked == {names.membership(key) for key in config.regions}
    if path(each) == CLUSTERS:
        assert "projects/my-project-id/locations/us-east5/memberships/gke-us" in asked
        each.cluster("us")["nodePools"] = []
        assert of(each, "--no-completion")["us", "POOL-TPU"]["status"] == "wrong"
        assert ("us", "POOL-SYSTEM") not in of(each, "--no-completion")


def test_a_config_cluster_without_servers_has_no_servers_to_check(each: HealthyPlatform) -> None:
    """It is looked at, and the gateway on it; nothing of models, whose gauges it does not have."""
    findings = of(each, "--no-completion")
    config: Config = each.config
    for key in config.regions:
        ids = {id_ for where, id_ in findings if where == key}
        assert {"CLUSTER", "MEMBERSHIP", "KUBERNETES"} <= ids
        assert bool(ids & {"SERVERS", "GAUGE", "BACKENDS"}) == config.regions[key].serves, (key, ids)
    assert findings["", "GATEWAY"]["status"] == "good"


def test_backends_are_judged_by_cluster(each: HealthyPlatform) -> None:
    """Of two clusters in one region, the one whose servers are ill is named, and not the other."""
    [key, *others] = each.config.serving_regions
    each.health(key)["healthStatus"][0]["healthState"] = "UNHEALTHY"
    findings = of(each, "--no-completion")

    assert findings[key, "BACKENDS"]["status"] == "wrong"
    assert {findings[other, "BACKENDS"]["status"] for other in others} == {"good"}


def test_another_config_cluster_is_wrong(each: HealthyPlatform) -> None:
    """Also where the fleet is managed elsewhere."""
    feature = each.documents["global/features/multiclusteringress"]
    feature["spec"]["multiclusteringress"]["configMembership"] = "projects/1/locations/global/memberships/other"

    assert of(each, "--no-completion")["", "FEATURE"]["status"] == "wrong"
