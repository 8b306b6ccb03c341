"""ExternalDNS: what keeps it from names that are not its own, and where its credentials come from."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.external_dns import external_dns_values, outside_values
from constructs_lib.specs import ExternalDnsSpec, OutsideExternalDnsSpec


def inside(**settings: Any) -> dict[str, Any]:
    """Return the values for a cluster of Google Cloud."""
    spec = ExternalDnsSpec(subdomain="apps", **settings)
    domain, zone = "us.apps.ai.example.com", "gemma-apps-zone"
    return external_dns_values(spec, project="p", zone=zone, visibility="public", domain=domain, owner="gemma-us")


def outside(provider: Any) -> dict[str, Any]:
    """Return the values for a cluster of others."""
    spec = OutsideExternalDnsSpec(provider=provider, secret="dns-key", domain="hk.example.com")
    return outside_values(spec, owner="gemma-hk")


def test_it_writes_to_one_zone_and_below_one_domain() -> None:
    """Zone, visibility and end of the names are all given, and names of other owners are left alone."""
    values = inside()

    assert "--zone-id-filter=gemma-apps-zone" in values["extraArgs"]
    assert "--google-zone-visibility=public" in values["extraArgs"]
    assert values["domainFilters"] == ["us.apps.ai.example.com"]
    assert (values["registry"], values["txtOwnerId"]) == ("txt", "gemma-us")


def test_it_deletes_nothing_unless_it_is_asked_to() -> None:
    """The policy is upsert-only; `sync` is a setting, and so is what it reads."""
    assert inside()["policy"] == "upsert-only"
    assert inside(policy="sync")["policy"] == "sync"
    assert inside(sources=("service",))["sources"] == ["service"]


def test_it_has_no_key_in_google_cloud() -> None:
    """Its pods sign in by Workload Identity: no variable, file or Secret."""
    assert not {"env", "extraVolumes", "secretConfiguration"} & inside().keys()


@pytest.mark.parametrize("provider", ["google", "alibabacloud", "cloudflare"])
def test_credentials_outside_are_a_secret_that_is_there(provider: str) -> None:
    """Values name the Secret and hold nothing of it, and write below one domain with an owner of the cluster."""
    values = outside(provider)

    named = [entry["valueFrom"]["secretKeyRef"]["name"] for entry in values.get("env", ()) if "valueFrom" in entry]
    named += [volume["secret"]["secretName"] for volume in values.get("extraVolumes", ())]
    assert named == ["dns-key"]
    assert "secretConfiguration" not in values
    assert (values["domainFilters"], values["txtOwnerId"]) == (["hk.example.com"], "gemma-hk")


@pytest.mark.parametrize("values", [inside(), outside("google"), outside("alibabacloud"), outside("cloudflare")])
def test_the_service_account_is_named_by_the_chart(values: dict[str, Any]) -> None:
    """Schemas of some versions of the chart refuse a name; without one it is that of the release."""
    assert "serviceAccount" not in values
