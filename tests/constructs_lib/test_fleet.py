"""The fleet: members, features, the controllers' roles, and the order of all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_google_beta.provider import GoogleBetaProvider
from cdktf_cdktf_provider_time.provider import TimeProvider

from constructs_lib.fleet import Fleet, FleetMember
from tests.conftest import Synth
from tests.synthesized import Synthesized

MEMBERS = {"us": ("gemma-us", "us-east5"), "eu": ("gemma-eu", "europe-west4-a")}


def build(
    config_member: str = "us", service_discovery: bool = False, keys: tuple[str, ...] = ("us", "eu")
) -> Callable[[Any], None]:
    """Build a fleet of two clusters, one of them zonal."""

    def made(stack: Any) -> None:
        clusters = {key: MEMBERS.get(key, (f"gemma-{key}", "us-east5")) for key in keys}
        Fleet(
            stack,
            "fleet",
            google=GoogleProvider(stack, "google", project="my-project"),
            google_beta=GoogleBetaProvider(stack, "google-beta", project="my-project"),
            time=TimeProvider(stack, "time"),
            project="my-project",
            members={key: FleetMember(cluster=name, location=location) for key, (name, location) in clusters.items()},
            config_member=config_member,
            service_discovery=service_discovery,
        )

    return made


def address(app: Synthesized, kind: str, **values: str) -> str:
    """Return the Terraform address of the only resource of *kind* with these values."""
    [key] = [key for key, block in app.named(kind).items() if values.items() <= block.items()]
    return f"{kind}.{key.removeprefix('test/')}"


def test_each_cluster_is_a_member_of_the_same_name(synth: Synth) -> None:
    """Global memberships, pointing at regional and zonal clusters alike."""
    members = synth(build()).all("google_gke_hub_membership")
    links = {block["membership_id"]: block["endpoint"]["gke_cluster"]["resource_link"] for block in members}

    assert links == {
        "gemma-us": "//container.googleapis.com/projects/my-project/locations/us-east5/clusters/gemma-us",
        "gemma-eu": "//container.googleapis.com/projects/my-project/locations/europe-west4-a/clusters/gemma-eu",
    }
    assert {block["location"] for block in members} == {"global"}


@pytest.mark.parametrize("key", MEMBERS)
def test_exactly_one_member_is_the_config_cluster_by_reference(synth: Synth, key: str) -> None:
    """The feature names the membership resource, not a text that could differ."""
    app = synth(build(config_member=key))
    feature = app.one("google_gke_hub_feature")
    member = address(app, "google_gke_hub_membership", membership_id=MEMBERS[key][0])

    assert (feature["name"], feature["location"]) == ("multiclusteringress", "global")
    assert feature["spec"] == {"multiclusteringress": {"config_membership": f"${{{member}.id}}"}}


def test_service_discovery_is_off_unless_wanted(synth: Synth) -> None:
    """The gateway does not need it; with it comes the role of its importer, and nothing else."""
    without, with_it = synth(build()), synth(build(service_discovery=True))
    roles = {block["role"]: block["member"] for block in with_it.all("google_project_iam_member")}

    assert [block["name"] for block in without.all("google_gke_hub_feature")] == ["multiclusteringress"]
    assert {block["name"] for block in with_it.all("google_gke_hub_feature")} == {
        "multiclusteringress", "multiclusterservicediscovery",
    }  # fmt: skip
    assert [block["role"] for block in without.all("google_project_iam_member")] == ["roles/container.admin"]
    [project] = with_it.stacks["test"]["data"]["google_project"]
    pool = f"projects/${{data.google_project.{project}.number}}/locations/global/workloadIdentityPools"
    account = "my-project.svc.id.goog/subject/ns/gke-mcs/sa/gke-mcs-importer"
    assert roles["roles/compute.networkViewer"] == f"principal://iam.googleapis.com/{pool}/{account}"
    assert len(roles) == 2


def test_the_controller_is_admin_of_clusters_in_the_project(synth: Synth) -> None:
    """The service agent of multi-cluster ingress, made by google-beta and named by reference."""
    app = synth(build())
    agent = app.one("google_project_service_identity")
    grant = app.one("google_project_iam_member")

    assert agent["service"] == "multiclusteringress.googleapis.com"
    assert agent["provider"] == "google-beta"
    assert (grant["role"], grant["project"]) == ("roles/container.admin", "my-project")
    assert grant["member"] == f"${{{address(app, 'google_project_service_identity')}.member}}"


def test_features_come_after_members_and_role_with_a_wait_between(synth: Synth) -> None:
    """And so on destroy features go first, then the wait, then members: Google insists on it."""
    app = synth(build(service_discovery=True))
    wait = app.one("time_sleep")
    members = {address(app, "google_gke_hub_membership", membership_id=name) for name, _ in MEMBERS.values()}
    role = address(app, "google_project_iam_member", role="roles/container.admin")

    assert set(wait["depends_on"]) == {*members, role}
    assert (wait["create_duration"], wait["destroy_duration"]) == ("120s", "120s")
    for feature in app.all("google_gke_hub_feature"):
        assert address(app, "time_sleep") in feature["depends_on"]
        assert feature["timeouts"] == {"create": "30m", "update": "30m", "delete": "30m"}


def test_the_gateway_s_controller_goes_before_service_discovery(synth: Synth) -> None:
    """On destroy: its routes may name Services that the other one has joined. The importer has its role at once."""
    app = synth(build(service_discovery=True))
    features = {block["name"]: block["depends_on"] for block in app.all("google_gke_hub_feature")}
    wait, discovery = (
        address(app, "time_sleep"),
        address(app, "google_gke_hub_feature", name="multiclusterservicediscovery"),
    )
    role = address(app, "google_project_iam_member", role="roles/compute.networkViewer")

    assert features == {
        "multiclusterservicediscovery": [wait, role],
        "multiclusteringress": [wait, discovery],
    }


def test_a_config_cluster_must_be_a_member(synth: Synth) -> None:
    """Another key is an error at synth, not a feature without a cluster."""
    with pytest.raises(ValueError, match=r"^config_member must be one of us, eu, got 'asia'$"):
        synth(build(config_member="asia"))
    with pytest.raises(ValueError, match=r"^config_member must be one of none: there are no members, got 'us'$"):
        synth(build(keys=()))


def test_no_order_of_the_members_loses_one(synth: Synth) -> None:
    """Also where the config cluster is the first of them, every feature waits for all members."""
    turned, straight = (synth(build(keys=keys)).stacks["test"]["resource"] for keys in (("eu", "us"), ("us", "eu")))

    for resources in (turned, straight):
        [wait] = resources["time_sleep"].values()
        wait["depends_on"].sort()
    assert turned == straight


@pytest.mark.parametrize(
    "key", ["agent", "agent-role", "settle", "multiclusteringress", "importer-role", "importer", "project"]
)
def test_member_keys_are_free_to_choose(synth: Synth, key: str) -> None:
    """No key of a region collides with a part of the fleet."""
    app = synth(build(config_member=key, service_discovery=True, keys=(key,)))

    assert len(app.all("google_gke_hub_membership")) == 1
