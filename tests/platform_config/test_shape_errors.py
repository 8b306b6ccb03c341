"""Text that is YAML but no config: each refusal with its exact message."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from platform_config.load import load
from tests.certificates import OWN
from tests.config_files import TEXT, problems, refusal, written
from tests.configs import changed

SHAPES: dict[str, tuple[dict[str, Any], str]] = {
    "a number for text": (
        {"cluster__gke_version": 1.35},
        "cluster.gke_version: must be text, got 1.35\n    fix: put it in quotes",
    ),
    "a boolean for text": ({"project": True}, "project: must be text, got true\n    fix: put it in quotes"),
    "text for a number": (
        {"network__mtu": "8896"},
        "network.mtu: must be a whole number, got '8896'\n    fix: write 8896 without quotes",
    ),
    "a boolean for a number": ({"gateway__port": True}, "gateway.port: must be a whole number, got true"),
    "a fraction for a whole number": (
        {"models__gemma__weights__size_gib": 55.5},
        "models.gemma.weights.size_gib: must be a whole number, got 55.5\n    fix: write 55 or 56",
    ),
    "a float that is whole": (
        {"models__gemma__weights__size_gib": 1e3},
        "models.gemma.weights.size_gib: must be a whole number, got 1000.0\n    fix: write 1000",
    ),
    "text for a fraction": (
        {"gateway__log_sample_percent": "1%"},
        "gateway.log_sample_percent: must be a number, got '1%'\n    fix: write 1: it counts percent",
    ),
    "yes for a boolean": (
        {"network__nat": "yes"},
        "network.nat: must be true or false, got 'yes'\n    fix: write true",
    ),
    "1 for a boolean": ({"network__nat": 1}, "network.nat: must be true or false, got 1\n    fix: write true"),
    "a word for a list": (
        {"regions__eu__zones": "europe-west4-a"},
        "regions.eu.zones: must be a list, got 'europe-west4-a'\n    fix: write ['europe-west4-a']",
    ),
    "a number in a list": (
        {"models__gemma__server__extra_args": ["--seed", 7]},
        "models.gemma.server.extra_args[1]: must be text, got 7\n    fix: put it in quotes",
    ),
    "a list for a map": (
        {"node_pools": [{"machine_type": "x"}]},
        "node_pools: must be a map of keys, got a list\n"
        "    fix: write a key of your own in place of each hyphen, such as first:",
    ),
    "a word for a section": (
        {"bucket": "US"},
        "bucket: must be a map of settings, got 'US'\n    fix: write {location: US}",
    ),
    "a number for a label": ({"labels": {"cost": 42}}, "labels.cost: must be text, got 42\n    fix: put it in quotes"),
    "a choice that is not one": (
        {"cluster__control_plane": "Regional"},
        "cluster.control_plane: must be one of regional, zonal, got 'Regional'\n    fix: did you mean 'regional'?",
    ),
    "a choice in a list": (
        {"cluster__maintenance_window": {"days": ["SUN"]}},
        "cluster.maintenance_window.days[0]: must be one of MO, TU, WE, TH, FR, SA, SU, got 'SUN'\n"
        "    fix: did you mean 'SU'?",
    ),
    "a path without the slash before it": (
        {"models__gemma__address": {"path": "a"}},
        "models.gemma.address.path: must read like /gemma, without a slash at the end, got 'a'\n    fix: write /a",
    ),
    "a path with a slash behind it": (
        {"models__gemma__address": {"path": "/a/"}},
        "models.gemma.address.path: must read like /gemma, without a slash at the end, got '/a/'\n    fix: write /a",
    ),
    "a path with two slashes": (
        {"models__gemma__address": {"path": "/a//b"}},
        "models.gemma.address.path: must read like /gemma, without a slash at the end, "
        "got '/a//b'\n"
        "    fix: write /a/b",
    ),
    "a path that leads out": (
        {"models__gemma__address": {"path": "/a/.."}},
        "models.gemma.address.path: must read like /gemma, without a slash at the end, got '/a/..'",
    ),
    "a path with a blank in it": (
        {"models__gemma__address": {"path": "/a b"}},
        "models.gemma.address.path: must read like /gemma, without a slash at the end, got '/a b'",
    ),
    "a host in capitals": (
        {"models__gemma__address": {"host": "A.example.com"}},
        "models.gemma.address.host: must be one host name such as gemma.example.com, without scheme, port or *, "
        "got 'A.example.com'\n"
        "    fix: write a.example.com",
    ),
    "a URL for a host": (
        {"models__gemma__address": {"host": "http://a.example.com"}},
        "models.gemma.address.host: must be one host name such as gemma.example.com, without scheme, port or *, "
        "got 'http://a.example.com'\n"
        "    fix: write a.example.com",
    ),
    "a host with its port": (
        {"models__gemma__address": {"host": "a.example.com:80"}},
        "models.gemma.address.host: must be one host name such as gemma.example.com, without scheme, port or *, "
        "got 'a.example.com:80'\n"
        "    fix: write a.example.com",
    ),
    "a wildcard host": (
        {"models__gemma__address": {"host": "*.example.com"}},
        "models.gemma.address.host: must be one host name such as gemma.example.com, without scheme, port or *, "
        "got '*.example.com'\n"
        "    fix: write gemma.example.com",
    ),
    "a host with a _": (
        {"models__gemma__address": {"host": "a_b"}},
        "models.gemma.address.host: must be one host name such as gemma.example.com, without scheme, port or *, "
        "got 'a_b'",
    ),
    "a host for an address": (
        {"models__gemma__address": "qwen.example.com"},
        "models.gemma.address: must be a map of settings, got 'qwen.example.com'\n"
        "    fix: write {host: qwen.example.com}",
    ),
    "a path for an address": (
        {"models__gemma__address": "/qwen"},
        "models.gemma.address: must be a map of settings, got '/qwen'\n    fix: write {path: /qwen}",
    ),
    "an unknown setting at the top": (
        {"regoins": {}},
        "regoins: unknown setting 'regoins'\n    fix: did you mean 'regions'?",
    ),
    "an unknown setting deep down": (
        {"regions__us__zone": "us-east5-b"},
        "regions.us.zone: unknown setting 'zone'\n    fix: did you mean 'zones'?",
    ),
    "a setting in the wrong place": (
        {"topology": "2x2"},
        "topology: unknown setting 'topology'\n    fix: it belongs at node_pools.<key>.topology: check the indentation",
    ),
    "a setting that is nowhere": (
        {"bucket__encryption": "x"},
        "bucket.encryption: unknown setting 'encryption'\n"
        "    fix: write one of location, download_region, name, soft_delete_days, versioning, force_destroy",
    ),
    "something missing": ({"bucket__location": None}, "bucket.location: must be given, got nothing"),
    "a list of regions without regions": (
        {"models__gemma__regions": []},
        "models.gemma.regions: must not be empty, got a list without items\n"
        "    fix: remove the line: its default is used",
    ),
    "a list of pools without pools": (
        {"models__gemma__node_pools": []},
        "models.gemma.node_pools: must not be empty, got a list without items\n"
        "    fix: remove the line: its default is used",
    ),
    "a list of files without files": (
        {"models__gemma__weights__files": []},
        "models.gemma.weights.files: must not be empty, got a list without items\n"
        "    fix: remove the line: its default is used",
    ),
    "a channel that hears of no severity": (
        {"observability__channels": {"team": {"kind": "email", "address": "a@example.com", "severities": []}}},
        "observability.channels.team.severities: must not be empty, got a list without items\n"
        "    fix: remove the line: its default is used",
    ),
    "the gateway of no region": (
        {"gateway__regions": []},
        "gateway.regions: must not be empty, got a list without items\n    fix: remove the line: its default is used",
    ),
    "a name without a letter": (
        {"models__gemma__served_name": ""},
        "models.gemma.served_name: must not be empty, got ''\n    fix: remove the line: its default is used",
    ),
    "an empty text that another check refuses": (
        {"models__gemma__address": {"path": ""}},
        "models.gemma.address.path: must read like /gemma, without a slash at the end, got ''",
    ),
    "an invariant of a section": (
        {"models__gemma__weights__revision": "main"},
        "models.gemma.weights.revision: must be a commit of 40 hexadecimal digits, got 'main': "
        "take it from the history on the model's page",
    ),
    "an invariant of two settings": (
        {"models__gemma__weights__hugging_face_token": {}},
        "models.gemma.weights.hugging_face_token: give exactly one of secret_manager and kubernetes_secret, got none",
    ),
    "a setting of a section that is not there": (
        {"models__gemma__autoscaling": {"min_replicas": 2}},
        "models.gemma.autoscaling.max_replicas: must be given, got nothing",
    ),
    "a section that holds nothing": (
        {"models__gemma__autoscaling": {}},
        "models.gemma.autoscaling.max_replicas: must be given, got nothing",
    ),
    "bounds of pods in disorder": (
        {"models__gemma__autoscaling": {"min_replicas": 3, "max_replicas": 2}},
        "models.gemma.autoscaling.max_replicas: must be at least min_replicas (3), got 2",
    ),
    "bounds of nodes in disorder": (
        {"node_pools__tpu__autoscaling": {"min_nodes": 3, "max_nodes": 2}},
        "node_pools.tpu.autoscaling.min_nodes: must be between 0 and max_nodes (2), got 3",
    ),
    "a metric source that is not one": (
        {"models__gemma__autoscaling": {"max_replicas": 1, "metric_source": "custom"}},
        "models.gemma.autoscaling.metric_source: must be one of native, pods, external, got 'custom'",
    ),
    "one fallback pool": (
        {"models__gemma__node_pools": "tpu"},
        "models.gemma.node_pools: must be a list, got 'tpu'\n    fix: write ['tpu']",
    ),
    "adapters in a list": (
        {"models__gemma__weights__lora_adapters": [{"repository": "owner/adapter"}]},
        "models.gemma.weights.lora_adapters: must be a map of keys, got a list\n"
        "    fix: write a key of your own in place of each hyphen, such as first:",
    ),
    "an adapter's branch": (
        {"models__gemma__weights__lora_adapters": {"food": {"repository": "owner/adapter", "revision": "dev"}}},
        "models.gemma.weights.lora_adapters.food.revision: must be a commit of 40 hexadecimal digits, got 'dev': "
        "take it from the history on the model's page",
    ),
    "a version of vLLM with its letter": (
        {"models__gemma__server__version": "v0.11.0"},
        "models.gemma.server.version: must read like 0.11.0, got 'v0.11.0'",
    ),
    "a range": ({"gateway__port": 70000}, "gateway.port: must be between 1 and 65535, got 70000"),
    "a long text": (
        {"network__nat": "x" * 500},
        f"network.nat: must be true or false, got '{'x' * 60}...' (500 characters)",
    ),
    "a terminal escape": ({"network__nat": "\x1b[31m"}, r"network.nat: must be true or false, got '\x1b[31m'"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_wrong_shape_is_refused_in_terms_of_yaml(tmp_path: Path, name: str) -> None:
    """Types are strict, and messages name them as YAML does."""
    changes, expected = SHAPES[name]

    assert problems(written(tmp_path, changed(**changes))) == [expected]


@pytest.mark.parametrize("given", ["S3NS", "s3nsapis.fr", "s3", "u-france-east1", "https://compute.s3nsapis.fr"])
def test_a_universe_by_another_name_gets_its_own(tmp_path: Path, given: str) -> None:
    """In capitals, by a domain of its APIs, by its region."""
    assert (
        f"universe: must be one of public, s3ns, berlin, or a map of its parts, got '{given}'\n    fix: write s3ns"
        in problems(written(tmp_path, changed(universe=given)))
    )


GUARD_RAILS: dict[str, tuple[dict[str, Any], str]] = {
    "a version that YAML takes for a number": (
        {"gateway__tls": {"secret_name": "tls", "min_version": 1.3}},
        "gateway.tls.min_version: must be one of '1.2', '1.3', got the number 1.3\n"
        '    fix: put it in quotes: min_version: "1.3"',
    ),
    "a threshold by its short name": (
        {"gateway__model_armor": {"filters": {"prompt_injection": "MEDIUM"}}},
        "gateway.model_armor.filters.prompt_injection: must be one of LOW_AND_ABOVE, MEDIUM_AND_ABOVE, HIGH, OFF, got "
        "'MEDIUM'\n    fix: did you mean 'MEDIUM_AND_ABOVE'?",
    ),
    "a threshold as gcloud writes it": (
        {"gateway__model_armor": {"filters": {"prompt_injection": "medium-and-above"}}},
        "gateway.model_armor.filters.prompt_injection: must be one of LOW_AND_ABOVE, MEDIUM_AND_ABOVE, HIGH, OFF, got "
        "'medium-and-above'\n    fix: did you mean 'MEDIUM_AND_ABOVE'?",
    ),
    "seconds where milliseconds are counted": (
        {"gateway__model_armor": {"timeout_sec": 1.5}},
        "gateway.model_armor.timeout_sec: unknown setting 'timeout_sec'\n    fix: write timeout_ms: 1500",
    ),
    "the path of an Apigee organization": (
        {"gateway__apigee": {"environment": "prod", "organization": "organizations/mine"}},
        "gateway.apigee.organization: must be a name alone, got 'organizations/mine'\n    fix: write mine",
    ),
    "a certificate that cannot be read, beside an unknown setting": (
        {"gateway__tls": {"certificate_pem": OWN[:200] + "\n-----END CERTIFICATE-----", "private_key": "x"}},
        "gateway.tls.certificate_pem: must hold whole certificates, got one that cannot be read: number 1 "
        "[TLS-OWN-HOST]\n    fix: copy the whole file again",
    ),
    "a setting for a private key": (
        {"gateway__tls": {"certificate_pem": OWN, "private_key": "x"}},
        "gateway.tls.private_key: unknown setting 'private_key'\n    fix: write private_key_secret, and behind it the "
        "name of a secret in Secret Manager; replace what stood in the file, for it is known by now",
    ),
}
"""Settings of a gateway's guard rails: changes of the example, and one of the problems."""


@pytest.mark.parametrize("name", GUARD_RAILS)
def test_a_likely_mistake_in_a_guard_rail_gets_its_fix(tmp_path: Path, name: str) -> None:
    """Whatever else the example lacks for it."""
    changes, expected = GUARD_RAILS[name]

    assert expected in problems(written(tmp_path, changed(**changes)))


def test_a_section_without_settings_is_reported(tmp_path: Path) -> None:
    """A key whose settings are not indented below it holds nothing."""
    assert problems(written(tmp_path, TEXT + "\nnetwork:\nmtu: 1500\n")) == [
        "network: must be a map of settings, got nothing\n    fix: remove the key, or indent its settings below it",
        "mtu: unknown setting 'mtu'\n    fix: it belongs at network.mtu: check the indentation",
    ]


def test_a_token_is_never_printed(tmp_path: Path) -> None:
    """A token in the wrong place is refused without being shown, in plain sight as little as in a section's place."""
    token = "hf_" + "a1B2c3D4e5" * 3
    as_name = written(tmp_path, changed(models__gemma__weights__hugging_face_token={"secret_manager": token}))
    assert token not in refusal(as_name)
    assert "secret_manager: must hold no Hugging Face token, got one\n    fix: write the name of" in refusal(as_name)
    assert "TEXT-TOKEN" in refusal(written(tmp_path, changed(models__gemma__served_name=token)))

    for changes in (
        {"models__gemma__weights__hugging_face_token": token},
        {"regions__us__zones": token},
        {"models__gemma__weights__revision": token},
    ):
        assert token not in refusal(written(tmp_path, changed(**changes)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: gemma", "name {token}"),
        ("name: gemma", "name: a: {token}"),
        ("name: gemma", "name: *{token}"),
        ("name: gemma", "name: [{token}]"),
        ("name: gemma", "name: {{{token}"),
        ("name: gemma", "name: \u201c{token}\u201d"),
        ("name: gemma", "{token}: gemma"),
        ("secret_manager: hugging-face-token", "secret_manager: [{token}]"),
        ("{secret_manager: hugging-face-token}", "{token}"),
        ("location: US", "location: US\n  name: gs://{token}/weights"),
        ("[us-east5-b]", "{token}, {token}"),
        ("google/gemma-3-27b-it", "https://huggingface.co/google/{token}"),
    ],
)
def test_a_token_is_in_no_fix(tmp_path: Path, old: str, new: str) -> None:
    """Wherever it was pasted, no message and no fix holds it."""
    token = "hf_" + "a1b2c3d4e5" * 3

    assert token not in refusal(written(tmp_path, TEXT.replace(old, new.format(token=token), 1))).lower()


SECRETS = {
    "GOCSPX-": "GOCSPX-" + "abcdef-secret",
    "AIza": "AIza" + "Sy0a1B2c3D4e5" * 3,
    "ya29.": "ya29." + "a0AfH6SMBx-yz_0",
    "sk-": "sk-" + "proj-a1B2c3D4e5f6G7h8I9",
}
"""Secrets of the forms that Google and OpenAI give, by what stays of each in a message."""


@pytest.mark.parametrize("begins", SECRETS)
@pytest.mark.parametrize(
    "changes",
    [
        {"gateway": {"iap": {"client_id": "{}", "secret_name": "iap"}}},
        {"gateway": {"iap": {"client_id": "1-a.apps.googleusercontent.com", "secret_name": "{}"}}},
        {"gateway": {"tls": {"hosts": ["{}"]}}},
        {"gateway": {"scope": "{}"}},
        {"gateway": {"client_limits": {"allowed_ranges": ["{}"]}}},
        {"network": "{}"},
        {"name": "{}"},
        {"state_bucket": "{}"},
        {"project": "{}"},
        {"labels": {"{}": "x"}},
    ],
)
def test_no_message_holds_a_secret(tmp_path: Path, begins: str, changes: dict[str, Any]) -> None:
    """Whatever setting it was pasted into: a log of CI keeps what is printed."""
    data = json.loads(json.dumps(changed(**changes)).replace("{}", SECRETS[begins]))
    message = refusal(written(tmp_path, data))

    assert f"{begins}..." in message
    assert SECRETS[begins].removeprefix(begins) not in message


def test_a_client_secret_in_the_file_gets_the_way_it_should_go(tmp_path: Path) -> None:
    """The proxy reads it from a Kubernetes Secret, and what was in a file is known."""
    iap = {"client_id": SECRETS["GOCSPX-"], "secret_name": "a", "client_secret": "x"}
    gateway = {"scope": "regional", "tls": {"hosts": ["llm.example.com"]}, "iap": iap}
    given = problems(written(tmp_path, changed(gateway=gateway)))

    assert [problem for problem in given if problem.startswith("gateway.")] == [
        "gateway.iap.client_secret: unknown setting 'client_secret'\n    fix: write secret_name, and behind it the "
        "name of a Kubernetes Secret with the key client_secret; replace what stood in the file, for it is known by "
        "now",
        "gateway.iap.client_id: must read like 123456-abc.apps.googleusercontent.com, got 'GOCSPX-...'\n"
        "    fix: write the client ID, once the client was given a new secret: this one is known by now",
    ]


def test_an_alert_may_have_no_channels(tmp_path: Path) -> None:
    """That is another value than the default, which is all that hear of its severity."""
    changes: dict[str, Any] = {"observability__alerts": {"kv-cache": {"channels": []}}}

    assert load(written(tmp_path, changed(**changes))).observability.alerts["kv-cache"].channels == ()
