"""`adopt` as a user types it: what it says of what exists, what it writes, and that it only reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from gke_inference.adopt.adoption import Adoption, adopt_platform
from gke_inference.adopt.cluster_objects import plural
from gke_inference.adopt.found import Found, Verdict
from gke_inference.adopt.google_types import CLUSTER, IMPORTABLE, POOL, SUBNET
from gke_inference.api_error import ApiError
from gke_inference.cluster_api import ClusterApi
from gke_inference.import_blocks import FILE, drop_unknown_blocks, write_blocks, written_blocks
from platform_config.stack_graph import NETWORK_STACK, base_stack, stack_folder
from tests.configs import EXAMPLE, config
from tests.gke_inference.cluster_stand_in import ClusterStandIn
from tests.gke_inference.conftest import InferenceOps
from tests.gke_inference.google_stand_in import Fault, GoogleStandIn
from tests.rig.cloud import Cloud
from tests.rig.google_of_cloud import show
from tests.synthesized import Synthesized

PROJECT = "my-project-id"
FEATURE = f"projects/{PROJECT}/locations/global/features/multiclusteringress"
MEMBERS = f"projects/{PROJECT}/locations/global/memberships"
CLUSTERS = f"projects/{PROJECT}/locations"
Adopt = Callable[..., Adoption]


@pytest.fixture
def google(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GoogleStandIn]:
    """Show an empty project, also to a command."""
    stand_in = GoogleStandIn()
    show(stand_in, Cloud())
    with stand_in.serving():
        for name, value in stand_in.environment(tmp_path).items():
            monkeypatch.setenv(name, value)
        yield stand_in


@pytest.fixture
def adopt(google: GoogleStandIn, platform: Synthesized) -> Adopt:
    """Return what is found of the example."""

    def run(api: ClusterApi | None = None, **changes: Any) -> Adoption:
        def cluster(key: str) -> ClusterApi:
            if api is None:
                raise ApiError(status=404, reason="NOT_FOUND", message=key)
            return api

        return adopt_platform(config(**changes), google.api(), cluster, platform.outdir)

    return run


def only(adoption: Adoption) -> Found:
    """Return the one resource that was found."""
    [found] = adoption.found
    return found


def test_where_nothing_exists_there_is_nothing_to_do(
    google: GoogleStandIn, inference_ops: InferenceOps, tmp_path: Path
) -> None:
    """Exit code 0, the stacks, and no import block."""
    ran = inference_ops("adopt", str(EXAMPLE), "--outdir", str(tmp_path / "out"), "--output", "json")

    assert (ran.code, ran.document["outcome"], ran.document["found"], ran.document["settings"]) == (0, "good", [], {})
    assert (tmp_path / "out" / "manifest.json").is_file()
    assert not list((tmp_path / "out").rglob(FILE))


def test_the_report_has_the_settings_as_yaml(
    google: GoogleStandIn, inference_ops: InferenceOps, tmp_path: Path
) -> None:
    """Exit code 1 while the config must change; what can be adopted is written all the same, and nothing in Google."""
    google.answers["storage.buckets.get"] = {"name": "w", "location": "US", "projectNumber": "100000000001"}
    google.answers["gkehub.projects.locations.features.get"] = feature(f"{MEMBERS}/others")
    google.answers["gkehub.projects.locations.memberships.list"] = {"resources": [membership("others")]}
    outdir = tmp_path / "out"

    ran = inference_ops("adopt", str(EXAMPLE), "--outdir", str(outdir))

    assert ran.code == 1
    assert yaml.safe_load(ran.out[ran.out.index("existing:\n") : ran.out.index(f"{outdir}/stacks")]) == {
        "existing": {"fleet_features": True}
    }
    assert dict(written_blocks(outdir)) == {
        NETWORK_STACK: [
            {"to": "google_storage_bucket.weights", "id": f"{PROJECT}/{PROJECT}-gemma-weights"},
        ]
    }
    assert {request.http_method for request in google.requests} == {"GET"}


def feature(config_membership: str) -> dict[str, Any]:
    """Return the fleet's feature with this config cluster."""
    return {"name": FEATURE, "spec": {"multiclusteringress": {"configMembership": config_membership}}}


def test_what_may_not_be_asked_is_unknown_and_hides_nothing(google: GoogleStandIn, adopt: Adopt) -> None:
    """Outcome unknown: nobody can say that a create will not fail."""
    google.faults["storage.buckets.get"] = Fault(403, "no permission")

    adoption = adopt()

    assert (only(adoption).verdict, adoption.outcome.name) == (Verdict.UNKNOWN, "UNKNOWN")
    assert "storage" not in adoption.blocks


def test_an_api_that_is_turned_off_has_nothing(google: GoogleStandIn, adopt: Adopt) -> None:
    """As in a new project, whose APIs the first stack turns on."""
    message = "Kubernetes Engine API has not been used in project 1 before or it is disabled."
    for method in ("get", "list"):
        google.faults[f"container.projects.locations.clusters.{method}"] = Fault(403, message)

    assert adopt().found == []


def test_a_bucket_of_others_is_in_the_way(google: GoogleStandIn, adopt: Adopt) -> None:
    """Names of buckets are those of all projects: the caller may read it, and it is not the platform's."""
    google.answers["storage.buckets.get"] = {"name": "w", "location": "US", "projectNumber": "7"}

    found = only(adopt())

    assert (found.verdict, found.settings) == (Verdict.REFUSED, {})
    assert "the project with the number 7" in found.why


def test_a_bucket_elsewhere_is_offered_as_existing(google: GoogleStandIn, adopt: Adopt) -> None:
    """A bucket cannot move; the argument is named."""
    google.answers["storage.buckets.get"] = {"name": "w", "location": "EU", "projectNumber": "100000000001"}

    found = only(adopt())

    assert found.verdict is Verdict.EXISTING
    assert found.why == "location is EU, and the config makes it US"
    assert found.settings == {"existing.bucket": "w", "bucket.location": "EU"}


@pytest.mark.parametrize(
    ("member", "others", "settings"),
    [
        ("gemma-eu", (), {"regions.eu.config_cluster": True, "regions.us.config_cluster": False}),
        ("gemma-us", ("others",), {"existing.fleet_features": True}),
        ("others", ("others",), {"existing.fleet_features": True}),
        ("gone", (), {}),
    ],
)
def test_a_fleet_keeps_its_config_cluster(
    google: GoogleStandIn, adopt: Adopt, member: str, others: tuple[str, ...], settings: dict[str, Any]
) -> None:
    """Under another one its Gateways would have no controller; a fleet with other members is not the platform's."""
    names = ("gemma-us", "gemma-eu", *others)
    google.answers["gkehub.projects.locations.features.get"] = feature(f"{MEMBERS}/{member}")
    google.answers["gkehub.projects.locations.memberships.list"] = {"resources": [membership(name) for name in names]}

    adoption = adopt()

    assert only(adoption).settings == settings


def membership(name: str) -> dict[str, Any]:
    """Return a member of the fleet, whose cluster is the example's if its name is."""
    places = {"gemma-us": "us-east5", "gemma-eu": "europe-west4"}
    link = f"//container.googleapis.com/{CLUSTERS}/{places.get(name, 'asia-east1')}/clusters/{name}"
    return {"name": f"{MEMBERS}/{name}", "endpoint": {"gkeCluster": {"resourceLink": link}}}


def test_of_several_clusters_the_user_chooses(google: GoogleStandIn, adopt: Adopt) -> None:
    """Nothing is guessed: each is named, and no setting is asked for."""
    google.answers["container.projects.locations.clusters.list"] = {
        "clusters": [cluster("a", "us-east5"), cluster("b", "us-east5-b"), cluster("c", "asia-east1")]
    }

    adoption = adopt()

    assert [(one.path, one.verdict) for one in adoption.found] == [
        (f"{CLUSTERS}/us-east5/clusters/a", Verdict.NOT_OURS),
        (f"{CLUSTERS}/us-east5-b/clusters/b", Verdict.NOT_OURS),
    ]
    assert adoption.settings == {}


@pytest.mark.parametrize(
    ("names", "settings"),
    [
        (("a",), {"regions.us.existing.gateway_address": "a"}),
        (("a", "b"), {}),
        (("a", "gemma-gateway-us"), {}),
    ],
)
def test_an_address_is_offered_where_it_is_the_only_one(
    google: GoogleStandIn, adopt: Adopt, names: tuple[str, ...], settings: dict[str, Any]
) -> None:
    """Of several the user chooses, and none is needed where the platform's own is there."""
    google.answers["container.projects.locations.clusters.list"] = {"clusters": [cluster("c", "us-east5")]}
    found = {name: address(name) for name in names}
    google.answers["compute.addresses.list"] = lambda params, body: {
        "items": [*found.values()] if params["region"] == "us-east5" else []
    }

    def get(params: dict[str, Any], body: Any) -> dict[str, Any]:
        if params["address"] not in found:
            raise Fault(404)
        return found[params["address"]] | {"subnetwork": f"{COMPUTE}/regions/us-east5/subnetworks/gemma-nodes-us"}

    google.answers["compute.addresses.get"] = get

    asked = adopt().settings

    assert {path: value for path, value in asked.items() if path.endswith("gateway_address")} == settings


COMPUTE = f"https://www.googleapis.com/compute/v1/projects/{PROJECT}"


def address(name: str) -> dict[str, Any]:
    """Return an address in the subnet of a cluster of others."""
    return {
        "name": name, "addressType": "INTERNAL", "selfLink": f"{COMPUTE}/regions/us-east5/addresses/{name}",
        "subnetwork": f"{COMPUTE}/regions/us-east5/subnetworks/s",
    }  # fmt: skip


@pytest.mark.parametrize("several", [True, False])
def test_clusters_of_two_networks_are_not_used_together(google: GoogleStandIn, adopt: Adopt, several: bool) -> None:
    """A cross-region gateway has one VPC: of two, none is guessed."""
    other = cluster("e", "europe-west4")
    if several:
        other["networkConfig"]["network"] = f"projects/{PROJECT}/global/networks/another"
    google.answers["container.projects.locations.clusters.list"] = {"clusters": [cluster("c", "us-east5"), other]}

    asked = adopt().settings

    assert ("existing.network" in asked, "regions.us.existing.cluster" in asked) == (not several, not several)


def cluster(name: str, location: str) -> dict[str, Any]:
    """Return a cluster in a VPC of others."""
    path = f"projects/{PROJECT}/locations/{location}/clusters/{name}"
    return {
        "name": name, "location": location, "selfLink": f"https://container.googleapis.com/v1/{path}",
        "networkConfig": {
            "network": f"projects/{PROJECT}/global/networks/n",
            "subnetwork": f"projects/{PROJECT}/regions/us-east5/subnetworks/s",
        },
    }  # fmt: skip


LIVE_POOL = {"config": {"machineType": "ct6e-standard-4t", "serviceAccount": "nodes@p", "oauthScopes": ["b", "a"]}}
POOL_VALUES = {
    "node_config": {"machine_type": "ct6e-standard-4t", "service_account": "nodes@p", "oauth_scopes": ["a", "b"]}
}
SUBNET_VALUES = {
    "network": "projects/p/global/networks/n", "ip_cidr_range": "10.0.0.0/20",
    "secondary_ip_range": [{"range_name": "pods", "ip_cidr_range": "10.1.0.0/16"}],
}  # fmt: skip
LIVE_SUBNET = {"network": "https://www.googleapis.com/compute/v1/projects/p/global/networks/n"}


@pytest.mark.parametrize(
    ("type_", "planned", "live", "differences"),
    [
        (POOL, POOL_VALUES, LIVE_POOL, []),
        (
            POOL, POOL_VALUES, {"config": {**LIVE_POOL["config"], "serviceAccount": "default", "spot": True}},
            [
                "node_config.service_account is default, and the config makes it nodes@p",
                "node_config.spot is true, and the config makes it false",
            ],
        ),
        (SUBNET, SUBNET_VALUES, {**LIVE_SUBNET, "ipCidrRange": "10.0.0.0/24"}, []),
        (
            SUBNET, SUBNET_VALUES, {**LIVE_SUBNET, "ipCidrRange": "10.0.0.0/16"},
            ["ip_cidr_range is 10.0.0.0/16, and the config makes it 10.0.0.0/20"],
        ),
        (
            SUBNET, SUBNET_VALUES,
            {
                **LIVE_SUBNET, "ipCidrRange": "10.0.0.0/20",
                "secondaryIpRanges": [{"rangeName": "gke-pods", "ipCidrRange": "10.4.0.0/14"}],
            },
            ["secondary_ip_range has gke-pods 10.4.0.0/14, which the config lacks"],
        ),
        (
            CLUSTER, {"datapath_provider": "ADVANCED_DATAPATH"}, {},
            ["datapath_provider is LEGACY_DATAPATH, and the config makes it ADVANCED_DATAPATH"],
        ),
        (CLUSTER, {"enable_autopilot": True}, {"autopilot": {"enabled": True}}, []),
        (CLUSTER, {"network": "${data.google_compute_network.n.id}"}, {}, []),
    ],
)  # fmt: skip
def test_what_would_replace_it_is_named(
    type_: str, planned: dict[str, Any], live: dict[str, Any], differences: list[str]
) -> None:
    """Each argument with both values; an order that means nothing and what only an apply knows are no difference."""
    assert IMPORTABLE[type_].differences(planned, live) == differences


def test_objects_are_asked_for_by_their_paths(google: GoogleStandIn, adopt: Adopt) -> None:
    """A namespace with objects of the platform is adopted with them, by the ids that the providers take."""
    stand_in = ClusterStandIn()
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "gemma-server", "namespace": "inference"},
    }
    stand_in.objects["/api/v1/namespaces/inference"] = namespace()
    stand_in.objects["/api/v1/namespaces/inference/serviceaccounts/gemma-server"] = account

    with stand_in.serving() as host:
        adoption = adopt(ClusterApi(host=host, token=lambda: stand_in.token))

    ids = {(one.stack, one.import_id) for one in adoption.found if one.where == "us"}
    assert ids == {(base_stack("us"), "inference"), ("workload-serving-us", "inference/gemma-server")}
    assert stand_in.writes() == []
    assert not [path for _, path, _ in stand_in.requests if path.partition("?")[0].endswith("/secrets")]


def test_a_namespace_without_objects_of_the_platform_is_somebody_elses(google: GoogleStandIn, adopt: Adopt) -> None:
    """A destroy would take all that is in it."""
    stand_in = ClusterStandIn()
    stand_in.objects["/api/v1/namespaces/inference"] = namespace()

    with stand_in.serving() as host:
        adoption = adopt(ClusterApi(host=host, token=lambda: stand_in.token))

    assert {one.verdict for one in adoption.found} == {Verdict.EXISTING}
    assert adoption.settings == {"existing.namespace": True}


def namespace() -> dict[str, Any]:
    """Return the platform's namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "inference"}}


@pytest.mark.parametrize(
    ("kind", "resource"),
    [("NetworkPolicy", "networkpolicies"), ("Gateway", "gateways"), ("SecretProviderClass", "secretproviderclasses")],
)
def test_a_kind_has_its_resource(kind: str, resource: str) -> None:
    """By the rules of English that the API's conventions follow."""
    assert plural(kind) == resource


def test_a_file_that_is_no_state_is_refused(google: GoogleStandIn, inference_ops: InferenceOps, tmp_path: Path) -> None:
    """Exit code 2, with the command that writes the right one, and nothing is written."""
    file = tmp_path / "terraform.tfstate"
    file.write_text(json.dumps({"version": 4, "resources": []}))

    ran = inference_ops("adopt", str(EXAMPLE), "--outdir", str(tmp_path / "out"), "--state", str(file))

    assert (ran.code, (tmp_path / "out").exists()) == (2, False)
    assert "terraform show -json" in ran.err


def test_without_credentials_nothing_is_known(inference_ops: InferenceOps, tmp_path: Path) -> None:
    """Exit code 3, how to sign in, and nothing is written."""
    ran = inference_ops("adopt", str(EXAMPLE), "--outdir", str(tmp_path / "out"))

    assert (ran.code, (tmp_path / "out").exists()) == (3, False)
    assert "gcloud auth application-default login" in " ".join(ran.err.split())


def test_a_synth_keeps_the_blocks_of_what_it_makes(platform: Synthesized, tmp_path: Path) -> None:
    """`cdktf deploy` synthesizes first. A block of a resource that is gone would stop every plan, and is deleted."""
    folder = stack_folder(tmp_path, NETWORK_STACK)
    folder.mkdir(parents=True)
    (folder / "cdk.tf.json").write_text(json.dumps(platform.stacks[NETWORK_STACK]))
    kept = {"to": "google_compute_network.network", "id": "n"}
    write_blocks(tmp_path, NETWORK_STACK, [kept, {"to": "google_compute_network.gone", "id": "g"}])

    drop_unknown_blocks(tmp_path)

    assert dict(written_blocks(tmp_path)) == {NETWORK_STACK: [kept]}


def test_done_without_blocks_is_done(inference_ops: InferenceOps, tmp_path: Path) -> None:
    """Nothing is left to delete; no config is read."""
    assert inference_ops("adopt", "nowhere.yaml", "--outdir", str(tmp_path), "--done").code == 0
