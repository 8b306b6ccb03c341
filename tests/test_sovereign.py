"""A platform in a sovereign universe: nothing in its stacks, and no call of its operations, is of the public cloud."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from rich.console import Console

from constructs_lib.universe import UNIVERSES
from gke_inference.google_api import GoogleApi
from gke_inference.synth.summary import print_summary
from platform_config.config import Config
from platform_config.load import load
from platform_config.names import Names
from platform_config.rules import check
from tests.checks import sent
from tests.checks.schemas import blocks
from tests.configs import SOVEREIGN
from tests.secure import broken
from tests.synthesized import Block, Synthesized, synthesize

OF_THE_PUBLIC_CLOUD = re.compile(
    r"[\w.:/@*-]*(?:googleapis\.com|svc\.id\.goog|gserviceaccount\.com|pkg\.dev|cloud\.google\.com)[\w./:|-]*"
    r"|(?:130\.211|35\.191)\.[\d./]+|goog/[\w.-]+\.gke\.goog"
)
"""What names a place of the public cloud, or is a name that is the same everywhere."""
ROOT = Path(__file__).parent.parent
SAME_EVERYWHERE = tuple(
    map(
        re.compile,
        (
            r"[a-z]+\.googleapis\.com",  # An API by its name, to turn it on; an endpoint has a scheme or a path.
            r"(monitoring\.googleapis|cloud\.google)\.com/v1",  # A group of the Kubernetes API.
            r"(customresourcedefinitions\.apiextensions\.k8s\.io/)?"
            r"(podmonitorings\.monitoring\.googleapis|computeclasses\.cloud\.google)\.com",
            r"cloud\.google\.com/[a-z-]+",  # A label of Kubernetes.
            r"(loadbalancing|prometheus|kubernetes)\.googleapis\.com[/|][\w/|]*",  # The type of a metric.
            r"https://www\.googleapis\.com/auth/cloud-platform",  # A scope.
            r"principal://iam\.googleapis\.com/projects",  # A principal of IAM.
            r"modelarmor\.[a-z0-9-]+\.rep\.googleapis\.com",  # `googleAPIServiceName`, of which the CRD takes no other.
            r"[\w./:-]*[a-z0-9-]+\.s3ns\.svc\.id\.goog[\w./:-]*",
            r"[a-z0-9-]+@[a-z0-9-]+\.s3ns\.iam\.gserviceaccount\.com",
            r"[\w:-]*@[a-z-]+\.s3ns-system\.iam\.gserviceaccount\.com",
        ),
    )
)
"""Whole names that are not the public cloud's alone, and those of S3NS that end alike."""


@pytest.fixture(scope="module")
def config() -> Config:
    """Load the config of the platform."""
    return load(SOVEREIGN)


@pytest.fixture(scope="module")
def sovereign(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """Synthesize the platform."""
    return synthesize(config, tmp_path_factory.mktemp("sovereign"))


def texts(value: Any) -> Iterator[str]:
    """Yield every text in *value*, keys too."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value


def code_texts(path: Path) -> Iterator[str]:
    """Yield each text in the code of *path* that is no docstring."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    prose = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


def public_names(stacks: dict[str, Block]) -> list[str]:
    """Return what in *stacks* is a place of the public cloud."""
    found = {name for text in texts(stacks) for name in OF_THE_PUBLIC_CLOUD.findall(text)}
    return sorted(name for name in found if not any(known.fullmatch(name.strip("./:|")) for known in SAME_EVERYWHERE))


def test_its_stacks_name_nothing_of_the_public_cloud(sovereign: Synthesized) -> None:
    """No endpoint, pool, account, agent, registry, console or health check, in all the text of the output."""
    assert public_names(sovereign.stacks) == []


def test_the_same_platform_in_the_public_cloud_names_it(config: Config, tmp_path: Path) -> None:
    """So the test above can fail: by the pool, the account, the agent and the health checks at least."""
    public = config.model_copy(update={"universe": UNIVERSES["public"], "project": "my-project-id"})
    found = " ".join(public_names(synthesize(public, tmp_path).stacks))

    for part in ("my-project-id.svc.id.goog", "gcp-sa-dep.iam.gserviceaccount.com", "35.191.0.0/16", "130.211.0.0/22"):
        assert part in found


def test_every_google_provider_calls_its_universe(sovereign: Synthesized) -> None:
    """Also google-beta; and the states are in a bucket of it."""
    for stack in sovereign.stacks.values():
        for name in ("google", "google-beta"):
            for provider in stack["provider"].get(name, []):
                assert provider["universe_domain"] == "s3nsapis.fr"
        [backend] = stack["terraform"]["backend"].values()
        assert backend["storage_custom_endpoint"] == "https://storage.s3nsapis.fr/storage/v1/b"


def test_a_platform_of_the_public_cloud_leaves_that_to_the_provider(platform: Synthesized) -> None:
    """No universe is written down there: it can be set from outside, as ever."""
    assert "universe_domain" not in json.dumps(platform.stacks)
    assert "storage_custom_endpoint" not in json.dumps(platform.stacks)


def test_it_is_refused_nothing_and_warned_of_nothing(config: Config) -> None:
    """The product's own config for it."""
    assert check(config) == ([], [])


def test_it_is_autopilot_with_gpus_behind_a_regional_gateway(sovereign: Synthesized, config: Config) -> None:
    """One cluster, a ComputeClass, a gateway of its region, guard rails, an autoscaler, logs and alerts."""
    cluster = sovereign.one("google_container_cluster")
    assert (cluster["enable_autopilot"], cluster["location"]) == (True, "u-france-east1")
    assert sovereign.objects("ComputeClass")
    assert sovereign.object("Gateway")["spec"]["gatewayClassName"] == "gke-l7-rilb"
    assert sovereign.object("GCPTrafficExtension")
    [https] = [one for one in sovereign.object("Gateway")["spec"]["listeners"] if one["protocol"] == "HTTPS"]
    assert [one["name"] for one in https["tls"]["certificateRefs"]] == ["gemma-tls"]
    assert sovereign.object("HorizontalPodAutoscaler")
    assert sovereign.all("google_logging_metric")
    assert sovereign.all("google_monitoring_dashboard") == []
    [ranges] = [rule["source_ranges"] for rule in sovereign.all("google_compute_firewall") if "health" in rule["name"]]
    assert ranges == list(config.universe.health_check_ranges)


def test_its_alerts_need_no_promql(sovereign: Synthesized) -> None:
    """Each is a threshold of one of Google's own metrics, for whole minutes."""
    policies = sovereign.all("google_monitoring_alert_policy")
    conditions = [condition for policy in policies for condition in policy["conditions"]]

    assert sorted(policy["user_labels"]["alert"] for policy in policies) == [
        "gateway-errors", "pool-below-size", "request-latency",
    ]  # fmt: skip
    assert [key for condition in conditions for key in condition if key.startswith("condition_")] == [
        "condition_threshold"
    ] * len(conditions)
    for condition in conditions:
        assert int(condition["condition_threshold"]["duration"].removesuffix("s")) % 60 == 0


def test_nothing_is_sent_that_nobody_meant(sovereign: Synthesized) -> None:
    """As of the other platforms: what a provider adds to a block is written here too, or left to it for a reason."""
    assert [problem for stack in sovereign.stacks.values() for problem in sent.problems(stack)] == []


def test_it_is_as_secure_as_promised(sovereign: Synthesized, config: Config) -> None:
    """With the accounts and the health checks of its universe."""
    assert [
        problem
        for stack in sovereign.stacks.values()
        for _, kind, body in blocks(stack)
        for problem in broken(config, kind, sent.as_sent(stack, kind, body))
    ] == []


def test_the_summary_names_the_universe(config: Config, sovereign: Synthesized) -> None:
    """Before anything else is read of it."""
    console = Console(record=True, width=200)
    print_summary(config, SOVEREIGN, sovereign.outdir, console)

    assert "in project s3ns:my-project-id of the universe s3ns (s3nsapis.fr)." in console.export_text()


def test_names_follow_the_project_without_its_prefix(config: Config) -> None:
    """A bucket's name may hold no colon."""
    assert Names(config).bucket == "my-project-id-gemma-weights"


def test_no_other_module_spells_what_a_universe_decides() -> None:
    """Pools, accounts, consoles and health checks are asked of the universe; a docstring may give an example."""
    owners = {"constructs_lib/universe.py", "constructs_lib/specs/universe.py"}
    found = {
        f"{path.relative_to(ROOT)}: {text}"
        for folder in ("constructs_lib", "gke_inference", "platform_config", "stacks")
        for path in (ROOT / folder).rglob("*.py")
        if str(path.relative_to(ROOT)) not in owners
        for text in code_texts(path)
        if re.search(r"svc\.id\.goog|gserviceaccount\.com|console\.cloud|35\.191\.|130\.211\.", text)
    }

    assert found == set()


@pytest.mark.parametrize(
    ("call", "url"),
    [
        (
            ("container", "v1", "projects.locations.clusters.get", {"name": "projects/p/locations/l/clusters/c"}),
            "https://container.s3nsapis.fr/v1/projects/p/locations/l/clusters/c?alt=json",
        ),
        (
            ("compute", "v1", "regions.get", {"project": "p", "region": "r"}),
            "https://compute.s3nsapis.fr/compute/v1/projects/p/regions/r?alt=json",
        ),
        (
            ("storage", "v1", "buckets.get", {"bucket": "b"}),
            "https://storage.s3nsapis.fr/storage/v1/b/b?alt=json",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_operations_call_the_apis_of_its_universe(
    call: tuple[str, str, str, dict[str, str]], url: str, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the environment says: the config decides."""
    monkeypatch.setenv("GOOGLE_CLOUD_UNIVERSE_DOMAIN", "other.example")
    google = GoogleApi(
        project=config.project,
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
        universe_domain=config.universe.api_domain,
    )

    service, version, method, arguments = call
    assert google._request(service, version, method, arguments).uri == url
