"""What is reported as left, and its costs."""

from __future__ import annotations

from typing import Any

from constructs_lib.monitoring.panel import dashboard_title
from gke_inference.findings import Status
from gke_inference.teardown.findings import NOTHING
from gke_inference.terraform import Resource
from platform_config.names import Names
from platform_config.stack_graph import FLEET_STACK, NETWORK_STACK, OBSERVABILITY_STACK
from tests.configs import changed, config
from tests.gke_inference.google_stand_in import Fault, GoogleStandIn
from tests.gke_inference.teardown.cloud import TeardownCloud
from tests.gke_inference.teardown.rig import add_gateway, remaining

TPU = {"machineType": "ct6e-standard-4t"}
ACCOUNT = "gemma-nodes@my-project-id.iam.gserviceaccount.com"


def grant(type_: str, **values: str) -> Resource:
    """Return a grant in a state."""
    return Resource(address=f"{type_}.grant", type=type_, values=values, needs=frozenset())


def second_model(**weights: Any) -> dict[str, Any]:
    """Return the section of another model on the example's pool, with other *weights*."""
    spec = changed()["models"]["gemma"]
    given = {**spec["weights"], "hugging_face_token": None, **weights}
    return {
        **spec,
        "address": {"path": "/second"},
        "weights": {key: value for key, value in given.items() if value is not None},
    }


def test_an_empty_project_has_nothing_left(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """Each kind was asked for, and each answer was that there is none."""
    found = remaining(stand_in)

    assert {finding.status for finding in found} == {Status.GOOD}
    assert [finding.id for finding in found] == [
        f"LEFT-{kind}" for kind in
        ("CLUSTER", "INSTANCE", "DISK", "LOAD-BALANCER", "ADDRESS", "ROUTER", "NETWORK", "FLEET", "NODE-ACCOUNT",
         "BUCKET", "SECRET", "GRANT", "ALERT", "CHANNEL", "DASHBOARD", "LOG-METRIC")
    ]  # fmt: skip


def test_what_is_left_is_reported_with_its_costs(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """Accelerator nodes first of all; what only looks alike and is in another network is not the platform's."""
    pools = [{"name": "system", "config": {"machineType": "e2-standard-4"}}, {"name": "tpu", "config": TPU}]
    cloud.clusters = [
        {"name": "gemma-us", "location": "us-east5", "network": "gemma-vpc", "nodePools": pools},
        {"name": "llama-us", "location": "us-east5", "network": "llama-vpc", "nodePools": pools},
    ]
    cloud.memberships, cloud.config_member = ["gemma-us", "llama-us"], "gemma-us"
    cloud.add("zones/us-east5-b/disks/pvc-1", labels={"goog-k8s-cluster-name": "gemma-us"}, sizeGb="100")
    cloud.add("zones/us-east5-b/disks/pvc-2", labels={"goog-k8s-cluster-name": "llama-us"})
    cloud.add("regions/us-east5/addresses/gemma-gateway-us")
    cloud.add("regions/us-east5/addresses/llama-gateway-us", network="llama-vpc")
    cloud.add("regions/us-east5/routers/gemma-nat-us", nats=[{"name": "gemma-nat-us"}])
    cloud.there = {"gemma-vpc", "my-project-id-gemma-weights", "hugging-face-token", ACCOUNT}

    found = remaining(stand_in)

    assert {finding.found: finding.shown()["costs"] for finding in found if finding.status == Status.WRONG} == {
        "cluster gemma-us in us-east5": "medium",
        "node pool system (e2-standard-4) of gemma-us in us-east5": "medium",
        "node pool tpu (ct6e-standard-4t) of gemma-us in us-east5": "high",
        "disk pvc-1 of 100 GB": "per GiB",
        "address gemma-gateway-us": "small",
        "router gemma-nat-us with NAT": "small",
        "network gemma-vpc": "none",
        "membership gemma-us": "none",
        "feature multiclusteringress": "small",
        f"service account {ACCOUNT}": "none",
    }
    stays = {
        finding.found: finding.needed for finding in found if finding.status == Status.GOOD and finding.found != NOTHING
    }
    assert stays == {
        "bucket my-project-id-gemma-weights": "stays: it was not named",
        "secret hugging-face-token": "stays: it is yours",
    }
    named = [finding for finding in remaining(stand_in, keep_bucket=False) if finding.id == "LEFT-BUCKET"]
    assert [finding.status for finding in named] == [Status.WRONG]


def test_what_watched_the_platform_is_reported(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """By its labels and names; what is another platform's, or somebody's own, is not. A channel's secret stays."""
    names = Names(config())
    labelled = {"userLabels": {"platform": "gemma"}, "displayName": "gemma: Requests fail"}
    others: list[dict[str, Any]] = [
        {"displayName": "by hand"},
        {"userLabels": {"platform": "llama"}, "displayName": "llama: x"},
    ]
    title = dashboard_title("gemma")
    cloud.watching = {
        "alertPolicies": [{"name": "projects/p/alertPolicies/1", **labelled}, *others],
        "notificationChannels": [{"name": "projects/p/notificationChannels/2", **labelled}, *others],
        "dashboards": [
            {"name": "projects/1/dashboards/3", "displayName": title},
            {"displayName": "gemma: by hand"},
        ],
        "metrics": [{"name": names.proxy_errors}, {"name": "gemma-orders"}],
    }
    cloud.there = {"pagerduty-key"}
    channels = {"oncall": {"kind": "pagerduty", "secret": "pagerduty-key"}}

    found = remaining(
        stand_in,
        config=config(observability={"channels": channels}),
        in_states=frozenset({"projects/p/alertPolicies/1"}),
    )

    assert {one.found: one.fix for one in found if one.status == Status.WRONG} == {
        "alert gemma: Requests fail": f"destroy {OBSERVABILITY_STACK}, see above",
        "channel gemma: Requests fail": "look, then: gcloud beta monitoring channels delete "
        "projects/p/notificationChannels/2",
        f"dashboard {title}": "look, then: gcloud monitoring dashboards delete projects/1/dashboards/3",
        f"log metric {names.proxy_errors}": f"look, then: gcloud logging metrics delete {names.proxy_errors}",
    }
    assert [one.found for one in found if one.id == "LEFT-SECRET"] == ["secret pagerduty-key"]


def test_the_secrets_of_all_models_are_reported(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """Each once, and that of a model that only a state knows; none of them is deleted."""
    cloud.there = {"hugging-face-token", "llama-token", "old-token"}
    token = {"secret_manager": "llama-token"}
    two = config(models__llama=second_model(hugging_face_token=token))
    states = {
        "infra-fleet": (grant("google_secret_manager_secret_iam_member", secret_id="projects/p/secrets/old-token"),)
    }

    found = remaining(stand_in, config=two, states=states)

    assert [one.found for one in found if one.id == "LEFT-SECRET"] == [
        "secret hugging-face-token", "secret llama-token", "secret old-token",
    ]  # fmt: skip
    assert {one.status for one in found} == {Status.GOOD}


def test_a_bucket_of_ones_own_stays_and_what_was_granted_on_it_is_reported(
    cloud: TeardownCloud, stand_in: GoogleStandIn
) -> None:
    """A grant of a model of the config, or of one that only a state knows; other readers are nobody's concern."""
    number = "projects/1/locations/global/workloadIdentityPools/my-project-id.svc.id.goog/subject/ns/inference/sa"
    account = f"principal://iam.googleapis.com/{number}"
    cloud.there = {"my-models", "old-models"}
    cloud.readers = {
        "my-models": [f"{account}/tuned-server", f"{account}/other-server", "user:me@example.com"],
        "old-models": [f"{account}/old-server"],
    }
    tuned = config(models__tuned=second_model(repository=None, revision=None, bucket_path="gs://my-models/tuned/v3"))
    removed = grant("google_storage_bucket_iam_member", bucket="b/old-models", member=f"{account}/old-server")
    platforms = grant("google_storage_bucket_iam_member", bucket="my-project-id-gemma-weights", member="x")

    found = remaining(stand_in, config=tuned, states={"infra-fleet": (removed, platforms)})
    grants = [one for one in found if one.id == "LEFT-GRANT"]

    assert [one.found for one in found if one.id == "LEFT-OWN-BUCKET"] == ["bucket my-models", "bucket old-models"]
    assert [one.found for one in grants] == [
        "roles/storage.objectViewer of ns/inference/sa/tuned-server on bucket my-models",
        "roles/storage.objectViewer of ns/inference/sa/old-server on bucket old-models",
    ]
    assert {one.status for one in grants} == {Status.WRONG}
    assert f"gs://my-models --role=roles/storage.objectViewer --member={account}/tuned-server" in grants[0].fix
    assert not [request for request in stand_in.requests if request.http_method != "GET"]


def test_what_may_not_be_asked_is_unknown(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """A 403 is reported with the role that may ask, and the other kinds are reported all the same."""
    cloud.there = {"gemma-vpc"}
    stand_in.faults = {
        "compute.disks.aggregatedList": Fault(403, "no permission"),
        "storage.buckets.get": Fault(403, "no permission"),
    }

    by_id = {finding.id: finding for finding in remaining(stand_in)}

    assert by_id["LEFT-DISK"].status == by_id["LEFT-BUCKET"].status == Status.UNKNOWN
    assert by_id["LEFT-DISK"].fix == "have roles/compute.viewer granted to whoever runs this"
    assert by_id["LEFT-NETWORK"].status == Status.WRONG
    assert by_id["LEFT-CLUSTER"].status == Status.GOOD


def test_each_part_of_a_load_balancer_that_is_left_is_reported(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """By kind and name; forwarding rules cost something, the others nothing; another network's are left out."""
    add_gateway(cloud, network="other", name="llama")
    rule, *_, group = add_gateway(cloud)
    by_hand = cloud.add("global/urlMaps/by-hand", defaultService=cloud.link("global/backendServices/by-hand"))
    cloud.add("global/backendServices/by-hand", backends=[{"group": cloud.items[group]["selfLink"]}])

    found = {one.found: one for one in remaining(stand_in, in_states=frozenset({rule})) if one.status == Status.WRONG}

    assert [one.id.removeprefix("LEFT-") for one in found.values()] == [
        "FORWARDING-RULE", "FORWARDING-RULE", "TARGET-HTTP-PROXY", "URL-MAP", "URL-MAP", "BACKEND-SERVICE",
        "BACKEND-SERVICE", "HEALTH-CHECK", "ENDPOINT-GROUP", "ENDPOINT-GROUP",
    ]  # fmt: skip
    assert {one.id for one in found.values() if one.shown()["costs"] != "none"} == {"LEFT-FORWARDING-RULE"}
    assert not any("llama" in name for name in found)
    fixes = {name: one.fix for name, one in found.items()}
    assert fixes["forwarding rule gkemcg1-inference-gemma-gateway-a1"] == "destroy its stack, see above"
    assert fixes["forwarding rule gkemcg1-inference-gemma-gateway-b2"].startswith("run the command again")
    assert "look before you delete it" in fixes[f"URL map {by_hand.rsplit('/')[-1]}"]


def test_an_address_that_is_not_terraforms_is_reported_with_its_command(
    cloud: TeardownCloud, stand_in: GoogleStandIn
) -> None:
    """A destroy would not take it along, and it holds the subnet."""
    mine = cloud.add("regions/us-east5/addresses/gemma-gateway-us")
    path = cloud.add("regions/us-east5/addresses/gkemcg1-inference-gemma-gateway-x")

    fixes = {one.found: one.fix for one in remaining(stand_in, in_states=frozenset({mine})) if one.id == "LEFT-ADDRESS"}

    assert fixes == {
        "address gemma-gateway-us": f"destroy {NETWORK_STACK}, see above",
        "address gkemcg1-inference-gemma-gateway-x": f"look, then: gcloud compute addresses delete {path}",
    }


def add_machine(cloud: TeardownCloud, name: str, machine: str, *, label: str = "", **more: object) -> str:
    """Add a machine in another network, unless *more* says otherwise; return its path."""
    labels = {"labels": {"goog-k8s-cluster-name": label}} if label else {}
    kind = cloud.link(f"zones/us-east5-b/machineTypes/{machine}")
    elsewhere = [{"network": cloud.link("global/networks/llama-vpc")}]
    given: dict[str, Any] = {"machineType": kind, "networkInterfaces": elsewhere, **labels, **more}
    return cloud.add(f"zones/us-east5-b/instances/{name}", **given)


def test_machines_that_are_left_are_reported_first(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """Those of clusters that are gone and all else in the network; those of a cluster that is there are its pools."""
    group = "projects/123456/zones/us-east5-b/instanceGroupManagers/gke-gemma-us-tpu-grp"
    made_by = {"items": [{"key": "created-by", "value": group}]}
    inside = [{"network": cloud.link("global/networks/gemma-vpc")}]
    add_machine(cloud, "gke-gemma-us-tpu-1", "ct6e-standard-4t", label="gemma-us", metadata=made_by)
    by_hand = add_machine(cloud, "bastion", "e2-small", networkInterfaces=inside)
    add_machine(cloud, "gpu", "n1-standard-4", networkInterfaces=inside, guestAccelerators=[{"acceleratorCount": 1}])
    add_machine(cloud, "gke-llama-us-1", "ct6e-standard-4t", label="llama-us")
    add_machine(cloud, "gke-gemma-eu-1", "ct6e-standard-4t", label="gemma-eu", networkInterfaces=inside)
    cloud.clusters = [{"name": "gemma-eu", "location": "europe-west4", "network": "gemma-vpc"}]

    found = {one.found: (one.shown()["costs"], one.fix) for one in remaining(stand_in) if one.id == "LEFT-INSTANCE"}

    assert found == {
        "machine gke-gemma-us-tpu-1 (ct6e-standard-4t)": (
            "high", f"look, then: gcloud compute instance-groups managed delete {group}",
        ),
        "machine bastion (e2-small)": ("medium", f"look, then: gcloud compute instances delete {by_hand}"),
        "machine gpu (n1-standard-4)": ("high", f"look, then: gcloud compute instances delete {cloud.path('')}zones/"
                                                "us-east5-b/instances/gpu"),
    }  # fmt: skip


def test_service_discovery_that_was_left_on_is_reported(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """Where the config turns it on; not where no state knows it and others are in the fleet who may use it."""
    cloud.discovery = True
    in_state = frozenset({cloud.path("locations/global/features/multiclusterservicediscovery")})

    def fixes(states: frozenset[str], service_discovery: bool = True) -> list[str]:
        on = config(service_discovery=service_discovery)
        return [one.fix for one in remaining(stand_in, in_states=states, config=on) if one.id == "LEFT-FEATURE"]

    assert fixes(in_state) == [f"destroy {FLEET_STACK}, see above"]
    assert fixes(frozenset()) == ["look, then: gcloud container fleet multi-cluster-services disable"]
    assert fixes(frozenset(), service_discovery=False) == []
    cloud.memberships = ["llama-us"]
    assert fixes(in_state) == [f"destroy {FLEET_STACK}, see above"]
    assert fixes(frozenset()) == []
