"""Drained and preferred regions, where a cluster's definition of backend policies refuses what they are made of."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from gke_inference.backend_policy import PATH, refusal
from gke_inference.cluster_api import ClusterApi
from tests.configs import config
from tests.gke_inference.drill_rig import Rig
from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.gke_inference.policy_definition import definition
from tests.gke_inference.preflight_answers import found
from tests.gke_inference.verify_platform import HealthyPlatform

OLD, NEW = definition(takes_scopes=False), definition(takes_scopes=True)
REFUSED = "Scopes can only be configured for ServiceImport and InferencePoolImport targets"
DRAINED = config(regions__eu__capacity_percent=0)


def test_the_definition_itself_tells() -> None:
    """GKE 1.33 has a rule against it; an older one has no such field."""
    older = copy.deepcopy(OLD)
    schema = older["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"]["properties"]["default"]["properties"].pop("scopes")

    assert refusal(NEW) == ""
    assert REFUSED in refusal(OLD)
    assert refusal(older) == "it has no field spec.default.scopes"


@pytest.mark.parametrize(("made", "status"), [(OLD, "wrong"), (NEW, "good")])
def test_verify_names_a_cluster_that_refuses_them(elastic: HealthyPlatform, made: dict[str, Any], status: str) -> None:
    """The elastic example prefers a region; the example has no scope, and is not asked."""
    dict.__setitem__(elastic.clusters[elastic.config.config_region].objects, PATH, made)
    ran = elastic.run("--no-completion")
    [finding] = [finding for finding in ran.document["findings"] if finding["id"] == "SCOPES"]

    assert finding["status"] == status
    assert (REFUSED in finding["found"]) == (status == "wrong")


class Cluster:
    """The config cluster's API, which knows one definition."""

    def __init__(self, made: dict[str, Any]) -> None:
        self.made = made

    def get(self, path: str) -> dict[str, Any]:
        """Return the definition."""
        assert path == PATH
        return self.made


@pytest.mark.parametrize(
    ("made", "status", "words"), [(OLD, "wrong", REFUSED), (NEW, "good", "taken"), ({}, "unknown", "")]
)
def test_preflight_tells_whether_the_config_cluster_takes_them(
    google: GoogleStandIn, monkeypatch: pytest.MonkeyPatch, made: dict[str, Any], status: str, words: str
) -> None:
    """Before the drain, the weight or the preference is applied."""
    monkeypatch.setattr(ClusterApi, "of", lambda *_, **__: Cluster(made))
    findings = found(google, DRAINED, **{"container.projects.locations.clusters.get": {"status": "RUNNING"}})

    assert (findings["us", "SCOPES"].status, words in findings["us", "SCOPES"].found) == (status, True)


def test_preflight_asks_only_where_it_matters(google: GoogleStandIn) -> None:
    """Not without such regions; before there is a cluster it says when to ask again."""
    assert ("us", "SCOPES") not in found(google, config())
    assert "not there yet" in found(google, DRAINED)["us", "SCOPES"].found


@pytest.mark.parametrize(("made", "code"), [(OLD, 1), (NEW, 0)])
def test_a_drain_is_refused_before_it_is_tried(drill_rig: Rig, drill: Any, made: dict[str, Any], code: int) -> None:
    """With what can be done in its place; other means are not touched by it."""
    # The tests' data has no descriptions, which a built-in schema asks for: it goes past the check.
    dict.__setitem__(drill_rig.home.api.objects, PATH, made)
    ran = drill("--means", "drain")
    other = drill("--means", "replicas")

    assert (ran.code, other.code) == (code, 0)
    assert ("DRILL-SCOPES" in ran.out) == (code == 1)
    assert "DRILL-SCOPES" not in other.out
    if code:
        assert REFUSED in " ".join(ran.out.split())
        assert "use --means replicas or cordon" in ran.out
        patched = [path for method, path, _ in drill_rig.home.api.requests if method == "PATCH"]
        assert [path for path in patched if "gcpbackendpolicies" in path] == []
