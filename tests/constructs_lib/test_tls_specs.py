"""HTTPS, limits of clients and Identity-Aware Proxy: what their specs refuse, and what is read from a certificate."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.certificate_pem import certificate_hosts, covers, wrong_certificate
from constructs_lib.specs import ClientLimitsSpec, GatewaySpec, IapSpec, TlsSpec
from platform_config.errors import shown
from tests.certificates import NAMELESS, OWN, PRIVATE_KEY, SECRET_PART

CLIENT = "123-abc.apps.googleusercontent.com"


def refusal(spec: type[Any], **settings: Any) -> list[str]:
    """Return the lines with which *spec* refuses *settings*."""
    with pytest.raises(ValueError, match=r"^\w+ ") as refused:
        spec(**settings)
    return str(refused.value).splitlines()


@pytest.mark.parametrize("host", ["llm.example.com", "*.example.com", "xn--bcher-kva.example", "1.a-b.example.co"])
def test_a_certificate_is_for_hosts_with_a_dot(host: str) -> None:
    """A `*` stands for one label, in front."""
    assert TlsSpec(hosts=(host,)).known_hosts == (host,)


@pytest.mark.parametrize(
    "host",
    [
        *("https://llm.example.com", "llm.example.com:443", "llm.example.com/v1", "LLM.example.com", "llm", "*", ""),
        *("*.com.", "a.*.example.com", "*a.example.com", "192.0.2.4", "-a.example.com", f"{'a' * 64}.example.com"),
    ],
)
def test_other_hosts_are_refused(host: str) -> None:
    """URLs, capitals, addresses, a `*` elsewhere, a name of one label."""
    must = "hosts must hold host names such as llm.example.com or *.example.com, without scheme, port or path"

    assert refusal(TlsSpec, hosts=(host,))[0].startswith(f"{must}, got '{host}'")


@pytest.mark.parametrize(
    ("settings", "fix"),
    [
        *(
            ({"hosts": (host,)}, "llm.example.com")
            for host in ("https://llm.example.com/v1", "llm.example.com:443", "LLM.Example.com", "llm.example.com.")
        ),
        ({"hosts": ("llm",)}, ""),
        ({"hosts": ("192.0.2.4",)}, ""),
        ({"certificates": ("projects/p/locations/us-east4/certificates/c",)}, "c"),
        ({"certificates": ("C",)}, ""),
        ({"certificate_pem": OWN, "private_key_secret": "projects/p/secrets/k/versions/latest"}, "k"),
        ({"hosts": ("a.example.com",), "dns_zone": "projects/p/managedZones/zone"}, "zone"),
    ],
)
def test_a_name_in_an_address_or_a_path_is_the_fix(settings: dict[str, Any], fix: str) -> None:
    """Where one is in it; else the message shows the form alone."""
    [line] = refusal(TlsSpec, **settings)

    assert line.partition(": write ")[2] == fix


WAYS: dict[str, dict[str, Any]] = {
    "hosts": {"hosts": ("llm.example.com",)},
    "certificates": {"certificates": ("llm",)},
    "certificate_pem": {"certificate_pem": OWN, "private_key_secret": "key"},
    "secret_name": {"secret_name": "tls"},
}


@pytest.mark.parametrize("way", WAYS)
def test_a_certificate_comes_in_one_way(way: str) -> None:
    """Each alone is right; a second one is refused by its name."""
    assert TlsSpec(**WAYS[way]).ways == (way,)
    for other in WAYS.keys() - {way}:
        first, second = sorted((way, other), key=list(WAYS).index)
        words = f"{second} must not stand beside {first}: a gateway gets its certificates in one way"
        assert words in refusal(TlsSpec, **{**WAYS[way], **WAYS[other]})


def test_what_belongs_together_stands_together() -> None:
    """A certificate and its key, a zone and its hosts, TLS 1.3 and the profile that has it."""
    assert refusal(TlsSpec, certificate_pem=OWN) == [
        "private_key_secret must name the secret with the private key of certificate_pem, got nothing"
    ]
    assert refusal(TlsSpec, private_key_secret="key", secret_name="tls") == [
        "certificate_pem must hold the certificate of private_key_secret, got nothing"
    ]
    assert refusal(TlsSpec, dns_zone="zone", secret_name="tls") == [
        "dns_zone must stand beside hosts, whose records are written in it"
    ]
    assert refusal(TlsSpec, secret_name="tls", min_version="1.3") == [
        "profile must be RESTRICTED where min_version is 1.3, got 'MODERN'"
    ]
    assert TlsSpec(secret_name="tls", min_version="1.3", profile="RESTRICTED").min_version == "1.3"


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"certificates": ("projects/p/locations/l/certificates/c",)}, "certificates"),
        ({"certificates": ("c", "c")}, "certificates"),
        ({"hosts": ("a.example.com", "a.example.com")}, "hosts"),
        ({"hosts": ("a.example.com",), "dns_zone": "example.com"}, "dns_zone"),
        ({"certificate_pem": OWN, "private_key_secret": "projects/p/secrets/s"}, "private_key_secret"),
        ({"secret_name": "Tls"}, "secret_name"),
    ],
)
def test_names_are_names_alone(settings: dict[str, Any], name: str) -> None:
    """No paths, no domains, each once."""
    [line] = refusal(TlsSpec, **settings)

    assert line.startswith(f"{name} must ")


@pytest.mark.parametrize(
    ("pem", "words"),
    [
        ("", "got no certificate in PEM form"),
        ("/etc/tls/tls.crt", "got no certificate in PEM form"),
        (OWN.replace("CERTIFICATE", "CERTIFICATE REQUEST"), "got no certificate in PEM form"),
        (OWN[:200] + "\n-----END CERTIFICATE-----\n", "got one that cannot be read: number 1"),
        (OWN + OWN.replace("MII", "AII"), "got one that cannot be read: number 2"),
        (OWN + PRIVATE_KEY, "got a private key"),
        (PRIVATE_KEY.replace("BEGIN", "BEGIN RSA"), "got a private key"),
    ],
)
def test_a_text_that_is_no_certificate_is_refused(pem: str, words: str) -> None:
    """With what it is in its place; a chain is right."""
    assert words in wrong_certificate(pem)
    assert wrong_certificate(OWN + NAMELESS) == ""


@pytest.mark.parametrize("setting", ["certificate_pem", "private_key_secret", "secret_name", "dns_zone"])
def test_a_private_key_is_refused_and_never_quoted(setting: str) -> None:
    """Wherever somebody put it, in the form of a text or of something else."""
    for value in (PRIVATE_KEY, [PRIVATE_KEY], {"key": PRIVATE_KEY}):
        lines = refusal(TlsSpec, **{"hosts": ("a.example.com",), setting: value})
        assert any(line.startswith(f"{setting} must ") for line in lines)
        assert SECRET_PART not in "".join(lines)
    assert SECRET_PART not in shown(PRIVATE_KEY)


def test_the_hosts_of_a_certificate_are_its_alternative_names() -> None:
    """Those that are host names, of the first certificate; the common name counts for nothing."""
    assert certificate_hosts(OWN + NAMELESS) == ("llm.example.com", "*.example.org")
    assert certificate_hosts(NAMELESS) == ()
    assert certificate_hosts("") == ()
    assert TlsSpec(certificate_pem=OWN, private_key_secret="key").known_hosts == ("llm.example.com", "*.example.org")
    assert TlsSpec(certificates=("llm",)).known_hosts is None


@pytest.mark.parametrize(
    ("name", "host", "right"),
    [
        ("llm.example.com", "llm.example.com", True),
        ("*.example.com", "llm.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "a.llm.example.com", False),
        ("*.example.com", ".example.com", False),
        ("llm.example.com", "other.example.com", False),
        ("*.example.com", "gemma", False),
    ],
)
def test_a_star_stands_for_one_label(name: str, host: str, right: bool) -> None:
    """As clients read it."""
    assert covers(name, host) is right


@pytest.mark.parametrize(
    ("text", "fix"),
    [("203.0.113.7/24", ": write 203.0.113.0/24"), ("office", ""), ("10.0.0.0/33", ""), ("", ""), ("*", "")],
)
def test_allowed_ranges_are_networks(text: str, fix: str) -> None:
    """Of IPv4 and IPv6; with the network that an address in it is likely to mean."""
    must = "allowed_ranges must hold networks such as 203.0.113.0/24"

    assert refusal(ClientLimitsSpec, allowed_ranges=(text,)) == [f"{must}, got '{text}'{fix}"]
    assert ClientLimitsSpec(allowed_ranges=("203.0.113.0/24", "192.0.2.4", "2001:db8::/32"))
    assert refusal(ClientLimitsSpec, allowed_ranges=("10.0.0.0/8", "10.0.0.0/8")) == [
        "allowed_ranges must name each range once, got '10.0.0.0/8' again"
    ]


def test_a_public_gateway_has_limits_unless_they_are_turned_off() -> None:
    """An internal one has those that are asked for."""
    given = ClientLimitsSpec(requests_per_minute=5)

    assert GatewaySpec().limits is None
    assert GatewaySpec(scope="regional", public=True).limits == ClientLimitsSpec()
    assert GatewaySpec(scope="regional", public=True, client_limits=ClientLimitsSpec(enabled=False)).limits is None
    assert GatewaySpec(scope="regional", client_limits=given).limits == given


def test_identity_aware_proxy_has_a_client() -> None:
    """And a Secret by its name."""
    assert IapSpec(client_id=CLIENT, secret_name="iap")
    assert refusal(IapSpec, client_id="abc", secret_name="iap") == [
        "client_id must read like 123456-abc.apps.googleusercontent.com, got 'abc'"
    ]
    [line] = refusal(IapSpec, client_id=CLIENT, secret_name="Iap")
    assert line.startswith("secret_name must be the name of a Kubernetes Secret")
