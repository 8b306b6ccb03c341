"""What things are called in each universe of Google Cloud."""

from __future__ import annotations

import pytest

from constructs_lib.specs import UniverseSpec
from constructs_lib.universe import PUBLIC, SOURCES, UNIVERSES, universe_name, universe_named

S3NS, BERLIN = UNIVERSES["s3ns"], UNIVERSES["berlin"]


@pytest.mark.parametrize(
    ("universe", "project", "pool", "account"),
    [
        (PUBLIC, "mine", "mine.svc.id.goog", "nodes@mine.iam.gserviceaccount.com"),
        (
            PUBLIC, "example.com:mine", "mine.example.com.svc.id.goog",
            "nodes@mine.example.com.iam.gserviceaccount.com",
        ),
        (S3NS, "s3ns:mine", "mine.s3ns.svc.id.goog", "nodes@mine.s3ns.iam.gserviceaccount.com"),
        (BERLIN, "eu0:mine", "mine.eu0.svc.id.goog", "nodes@mine.eu0.iam.gserviceaccount.com"),
    ],
)  # fmt: skip
def test_pools_and_accounts_are_called_after_their_project(
    universe: UniverseSpec, project: str, pool: str, account: str
) -> None:
    """What stands before the colon goes behind the project's name: a universe's prefix, and a domain alike."""
    assert (universe.workload_pool(project), universe.service_account("nodes", project)) == (pool, account)


@pytest.mark.parametrize(
    ("universe", "agent"),
    [
        (PUBLIC, "service-12@gcp-sa-dep.iam.gserviceaccount.com"),
        (S3NS, "service-12@gcp-sa-dep.s3ns-system.iam.gserviceaccount.com"),
        (BERLIN, "service-12@gcp-sa-dep.eu0-system.iam.gserviceaccount.com"),
    ],
)
def test_agents_are_called_after_their_universe(universe: UniverseSpec, agent: str) -> None:
    """They are Google's own, and no project's."""
    assert universe.service_agent("gcp-sa-dep", "12") == agent


def test_endpoints_end_with_the_domain_of_the_apis() -> None:
    """That of the bucket with Terraform's states too."""
    assert S3NS.api_endpoint("compute") == "compute.s3nsapis.fr"
    assert S3NS.state_endpoint == "https://storage.s3nsapis.fr/storage/v1/b"


def test_only_registries_of_the_universe_are_its_own() -> None:
    """Another one may not see a token."""
    assert S3NS.owns_registry("u-france-east1-docker.s3nsregistry.fr")
    assert not any(map(S3NS.owns_registry, ("us-docker.pkg.dev", "evils3nsregistry.fr", "s3nsregistry.fr.example")))


def test_a_universe_without_a_known_console_is_not_linked_to() -> None:
    """Its quotas are named all the same."""
    unknown = UniverseSpec(
        api_domain="apis.example", agent_domain="a.example", registry_host="r.example",
        health_check_ranges=("192.0.2.0/24",),
    )  # fmt: skip

    assert "https" not in unknown.quotas_page("mine")
    assert S3NS.quotas_page("s3ns:mine").startswith("https://console.cloud.s3nscloud.fr/")


def test_the_table_names_a_source_of_each_thing_that_is_lacking() -> None:
    """And of nothing else; the public cloud lacks nothing."""
    assert PUBLIC.lacks == ()
    for universe in (S3NS, BERLIN):
        assert sorted(SOURCES[universe.api_domain]) == sorted(universe.lacks)


def test_a_universe_has_a_name_or_its_domain() -> None:
    """The table's name, and for one that was described by hand the domain of its APIs."""
    own = UniverseSpec(
        api_domain="apis.example", agent_domain="a.example", registry_host="r.example",
        health_check_ranges=("192.0.2.0/24",),
    )  # fmt: skip

    assert [universe_name(one) for one in (PUBLIC, S3NS, own)] == ["public", "s3ns", "apis.example"]
    assert universe_named("berlin") is BERLIN
    with pytest.raises(ValueError, match="must be one of public, s3ns, berlin, or a map of its parts, got 'paris'"):
        universe_named("paris")


@pytest.mark.parametrize(
    ("setting", "value", "problem"),
    [
        ("api_domain", "https://s3nsapis.fr", "api_domain must be a domain name such as s3nsapis.fr"),
        ("project_prefix", "s3ns:", "project_prefix must hold lower case letters and digits"),
        ("health_check_ranges", (), "health_check_ranges must name at least one range"),
        ("health_check_ranges", ("0.0.0.0/0",), "health_check_ranges must hold ranges of /16 or narrower"),
        ("health_check_ranges", ("35.190.0.0/15",), "health_check_ranges must hold ranges of /16 or narrower"),
        ("health_check_ranges", ("35.191.0.0",), "health_check_ranges must hold ranges such as 35.191.0.0/16"),
        ("lacks", ("gpus",), "lacks must hold some of cloud_run, cross_region_gateways, "),
    ],
)
def test_wrong_parts_are_refused(setting: str, value: object, problem: str) -> None:
    """With the setting, what it must be, and what was given."""
    parts = {
        "api_domain": "a.example", "agent_domain": "b.example", "registry_host": "r.example",
        "health_check_ranges": ("192.0.2.0/24",),
    }  # fmt: skip
    with pytest.raises(ValueError, match=problem):
        UniverseSpec(**{**parts, setting: value})  # type: ignore[arg-type]
