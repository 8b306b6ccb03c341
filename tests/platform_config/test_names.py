"""Cloud names: readable, and the same for ever."""

from __future__ import annotations

from platform_config.names import DOWNLOADER_ACCOUNT, SERVER_ACCOUNT, Names
from tests.configs import config


def test_every_name_of_the_platform() -> None:
    """`<name>-<part>`, without anything random; the bucket has the project in it."""
    names = Names(config())

    assert names.network == "gemma-vpc"
    assert names.bucket == "my-project-id-gemma-weights"
    assert names.node_service_account == "gemma-nodes"
    assert names.node_service_account_email == "gemma-nodes@my-project-id.iam.gserviceaccount.com"
    assert names.workload_pool == "my-project-id.svc.id.goog"
    assert (names.inference_pool, names.model_server, names.gateway) == ("gemma-pool", "gemma-server", "gemma-gateway")


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
    assert (SERVER_ACCOUNT, DOWNLOADER_ACCOUNT) == ("model-server", "weights-downloader")
