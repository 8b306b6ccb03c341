"""Cloud names: readable, and the same for ever."""

from __future__ import annotations

from platform_config.names import Names
from tests.configs import config


def test_every_name_of_the_platform() -> None:
    """`<name>-<part>`, without anything random; the bucket has the project in it."""
    names = Names(config())

    assert names.network == "gemma-vpc"
    assert names.bucket == "my-project-id-gemma-weights"
    assert names.node_service_account == "gemma-nodes"
    assert names.node_service_account_email == "gemma-nodes@my-project-id.iam.gserviceaccount.com"
    assert names.workload_pool == "my-project-id.svc.id.goog"
    assert names.gateway == "gemma-gateway"


def test_every_name_of_a_model() -> None:
    """`<key>-<part>`, whatever the platform is called: another model has none of them."""
    names = Names(config(name="platform"))

    assert (names.model_server("gemma"), names.downloader("gemma")) == ("gemma-server", "gemma-download")
    assert (names.inference_pool("gemma"), names.route("gemma")) == ("gemma-pool", "gemma-route")
    assert (names.health_check_policy("gemma"), names.backend_policy("gemma")) == ("gemma-health", "gemma-backend")


def test_a_model_is_behind_its_pool_or_its_service() -> None:
    """A server without a metric has no InferencePool: requests go to the Service of its servers."""
    custom = {"server": {"kind": "custom", "image": "example.com/speech:v1", "port": 8880, "health_path": "/health"}}
    names = Names(config(models__speech=custom))

    assert (names.backend("gemma"), names.backend("speech")) == ("gemma-pool", "speech-server")


def test_every_name_of_a_region() -> None:
    """`<name>-<part>-<key>`; cluster and membership are called the same."""
    names = Names(config())

    assert (names.node_subnet("us"), names.proxy_subnet("us")) == ("gemma-nodes-us", "gemma-proxy-us")
    assert (names.gateway_address("us"), names.router("us")) == ("gemma-gateway-us", "gemma-nat-us")
    assert names.cluster("us") == "gemma-us"
    assert names.membership("us") == "projects/my-project-id/locations/global/memberships/gemma-us"


def test_a_bucket_name_of_one_s_own_wins() -> None:
    """As it is."""
    assert Names(config(bucket={"location": "US", "name": "my-bucket"})).bucket == "my-bucket"


def test_a_zonal_control_plane_is_in_the_first_zone() -> None:
    """A regional one in the region."""
    zones = {"regions__us__zones": ["us-east5-b", "us-east5-a"]}

    assert Names(config(**zones)).cluster_location("us") == "us-east5"
    assert Names(config(**zones, cluster__control_plane="zonal")).cluster_location("us") == "us-east5-b"


def test_nothing_but_the_key_of_a_region_is_in_its_names() -> None:
    """Its number, zones and order may change without a resource being replaced."""
    asia = {"number": 3, "region": "asia-northeast1", "zones": ["asia-northeast1-b"]}

    for names in (Names(config(regions__asia=asia)), Names(config(regions__us__number=9))):
        assert names.cluster("us") == "gemma-us"
        assert names.node_subnet("us") == "gemma-nodes-us"


def test_reader_and_writer_are_two_accounts() -> None:
    """The one that serves cannot change the weights."""
    names = Names(config())

    assert names.model_server("gemma") != names.downloader("gemma")
