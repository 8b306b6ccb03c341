"""Certificates of a region's gateway: one for each host, its DNS record, one's own with its key, and the TLS policy."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cdktf import TerraformDataSource
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_time.provider import TimeProvider

from constructs_lib.certificates import Certificates
from constructs_lib.release_wait import ReleaseWait
from constructs_lib.specs import TlsSpec
from tests.certificates import NAMELESS, OWN
from tests.conftest import Synth
from tests.synthesized import Block, Synthesized

CERTIFICATE, AUTHORIZATION = "google_certificate_manager_certificate", "google_certificate_manager_dns_authorization"
LISTED = "google_certificate_manager_certificates"
RECORD, POLICY, VERSION = (
    "google_dns_record_set",
    "google_compute_region_ssl_policy",
    "google_secret_manager_secret_version",
)
HOSTS = ("llm.example.com", "*.example.com", "example.com")


def made(synth: Synth, **settings: Any) -> tuple[Synthesized, Certificates]:
    """Return a stack with the certificates of *settings*."""
    found: list[Certificates] = []

    def build(stack: Any) -> None:
        google, time = GoogleProvider(stack, "google", project="p"), TimeProvider(stack, "time")
        place = {"project": "p", "region": "europe-west4", "name": "voice-eu-tls"}
        found.append(Certificates(stack, "tls", google=google, time=time, spec=TlsSpec(**settings), **place))

    return synth(build), found[0]


def by_name(app: Synthesized, kind: str) -> dict[str, Block]:
    """Return the resources of *kind* by their names."""
    return {block["name"]: block for block in app.all(kind)}


def test_each_host_has_a_certificate_of_its_own(synth: Synth) -> None:
    """So that one more changes no certificate in use: regional, without a scope, and renewed by Google."""
    app, certificates = made(synth, hosts=HOSTS)
    _, fewer = made(synth, hosts=HOSTS[:1])
    found = by_name(app, CERTIFICATE)

    assert [found[name]["managed"]["domains"] for name in certificates.names] == [[host] for host in HOSTS]
    assert {block["location"] for block in found.values()} == {"europe-west4"}
    assert not any("scope" in block for block in found.values())
    assert fewer.names == certificates.names[:1]


def test_a_domain_is_proved_once_by_a_record_of_the_project(synth: Synth) -> None:
    """A host and all one label below it share the proof; regional certificates take no other kind of record."""
    app, certificates = made(synth, hosts=HOSTS)

    assert sorted(block["domain"] for block in app.all(AUTHORIZATION)) == ["example.com", "llm.example.com"]
    assert {block["type"] for block in app.all(AUTHORIZATION)} == {"PER_PROJECT_RECORD"}
    assert {block["location"] for block in app.all(AUTHORIZATION)} == {"europe-west4"}
    assert list(certificates.records) == ["llm.example.com", "example.com"]
    assert app.all(RECORD) == []


def test_the_record_is_written_where_a_zone_is_given(synth: Synth) -> None:
    """Before the certificate, which Google makes when it finds the record; nothing is left to write by hand."""
    app, certificates = made(synth, hosts=("llm.example.com",), dns_zone="example")
    [(key, record)] = app.named(RECORD).items()

    assert (record["managed_zone"], record["project"]) == ("example", "p")
    assert record["name"].endswith(".dns_resource_record[0].name}")
    assert record["rrdatas"] == [record["name"].replace("[0].name}", "[0].data}")]
    assert app.one(CERTIFICATE)["depends_on"] == [f"{RECORD}.{key.removeprefix('test/')}"]
    assert certificates.records == {}


def test_another_certificate_has_another_name_and_is_made_first(synth: Synth) -> None:
    """What a certificate cannot change is in its name: the load balancer has one at any time."""
    names = {pem: made(synth, certificate_pem=pem, private_key_secret="key")[1].names for pem in (OWN, NAMELESS)}
    app, _ = made(synth, hosts=HOSTS, dns_zone="example")

    assert names[OWN] != names[NAMELESS]
    assert names[OWN] == made(synth, certificate_pem=OWN, private_key_secret="other")[1].names
    for kind in (CERTIFICATE, AUTHORIZATION, POLICY, "time_sleep"):
        assert all(block["lifecycle"] == {"create_before_destroy": True} for block in app.all(kind))


def test_a_private_key_is_write_only_and_read_when_it_is_needed(synth: Synth) -> None:
    """The number of its latest version is all that a state has of it."""
    app, _ = made(synth, certificate_pem=OWN, private_key_secret="the-key")
    document = app.stacks["test"]
    [(name, latest)] = document["data"][VERSION].items()
    [(block, read)] = document["ephemeral"][VERSION].items()
    number = f"${{data.{VERSION}.{name}.version}}"

    assert (latest["secret"], latest["project"], latest["fetch_secret_data"]) == ("the-key", "p", False)
    assert (read["secret"], read["project"], read["version"]) == ("the-key", "p", number)
    assert app.one(CERTIFICATE)["self_managed"] == {
        "pem_certificate": OWN,
        "pem_private_key_wo": f"${{ephemeral.{VERSION}.{block}.secret_data}}",
        "pem_private_key_wo_version": number,
    }


@pytest.mark.parametrize("settings", [{"certificates": ("a", "b")}, {"secret_name": "tls"}, {"hosts": HOSTS}])
def test_nothing_else_reads_a_secret(synth: Synth, settings: dict[str, Any]) -> None:
    """So that any Terraform takes it."""
    app, _ = made(synth, **settings)

    assert "ephemeral" not in app.stacks["test"]
    assert VERSION not in json.dumps(app.stacks["test"])


@pytest.mark.parametrize(
    ("settings", "names"), [({"certificates": ("a", "b")}, ["a", "b"]), ({"secret_name": "t"}, [])]
)
def test_what_exists_is_named_and_left_alone(synth: Synth, settings: dict[str, Any], names: list[str]) -> None:
    """No certificate is made for certificates by name, nor for a Secret; both have a TLS policy."""
    app, certificates = made(synth, **settings)

    assert certificates.names == names
    assert app.all(CERTIFICATE) == []
    assert len(app.all(POLICY)) == 1


@pytest.mark.parametrize(
    ("settings", "version", "profile"),
    [({}, "TLS_1_2", "MODERN"), ({"min_version": "1.3", "profile": "RESTRICTED"}, "TLS_1_3", "RESTRICTED")],
)
def test_clients_use_tls_1_2_or_what_is_asked_for(
    synth: Synth, settings: dict[str, Any], version: str, profile: str
) -> None:
    """Google's own policy takes TLS 1.0; a regional gateway takes a regional one."""
    app, certificates = made(synth, secret_name="tls", **settings)
    policy = app.one(POLICY)

    assert (policy["min_tls_version"], policy["profile"]) == (version, profile)
    assert (policy["name"], policy["region"]) == (certificates.ssl_policy, "europe-west4")


def test_what_the_load_balancer_uses_outlives_what_names_it(synth: Synth) -> None:
    """By five minutes: each certificate and the policy has a wait of its own, which whatever names it comes after."""
    app, certificates = made(synth, hosts=HOSTS)
    waits = app.all("time_sleep")
    outlived = {address for wait in waits for address in wait["depends_on"]}

    used = [f"{kind}.{key.removeprefix('test/')}" for kind in (CERTIFICATE, POLICY) for key in app.named(kind)]
    assert outlived == set(used)
    assert {wait["destroy_duration"] for wait in waits} == {"300s"}
    assert len([one for one in certificates.ready if isinstance(one, ReleaseWait)]) == len(used)


def test_nothing_goes_on_before_google_has_issued_a_certificate(synth: Synth) -> None:
    """Ten minutes after each was asked for, its state is looked at; the TLS policy is there at once."""
    app, certificates = made(synth, hosts=HOSTS)
    looks = app.stacks["test"]["data"][LISTED]
    waited = [wait for wait in app.all("time_sleep") if "create_duration" in wait]

    assert sorted(look["filter"] for look in looks.values()) == sorted(
        f'name:"${{{CERTIFICATE}.{key.removeprefix("test/")}.id}}"' for key in app.named(CERTIFICATE)
    )
    assert {look["region"] for look in looks.values()} == {"europe-west4"}
    assert all(look["depends_on"][0].startswith("time_sleep.tls_host-") for look in looks.values())
    assert [wait["create_duration"] for wait in waited] == ["600s"] * len(HOSTS)
    assert len([one for one in certificates.ready if isinstance(one, TerraformDataSource)]) == len(HOSTS)


def test_who_does_not_wait_for_a_certificate_has_neither_wait_nor_look(synth: Synth) -> None:
    """HTTPS may fail then, until it is there."""
    app, _ = made(synth, hosts=HOSTS, await_active=False)

    assert "data" not in app.stacks["test"]
    assert not any("create_duration" in wait for wait in app.all("time_sleep"))


def test_a_certificate_is_needed(synth: Synth) -> None:
    """A spec that names none is refused where certificates are to be made."""
    message = r"^spec must have hosts, certificates, certificate_pem or secret_name, got none$"
    with pytest.raises(ValueError, match=message):
        made(synth)
