"""What is right of a broken file is still checked: every mistake is reported at once, and nothing else."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from platform_config.errors import ConfigError, Location, Problem, yaml_path
from platform_config.load import load
from platform_config.rules import RULES
from platform_config.shape import hint_at, is_map
from tests.config_files import TEXT, problems, written
from tests.configs import GUARDED, changed
from tests.platform_config.rules.test_rules import CASES
from tests.sampling import sample

TOPOLOGY = (
    "node_pools.tpu.topology: must be one of 2x2, 2x4, 4x4, 4x8, 8x8, 8x16, 16x16 for ct6e-standard-4t, got '3x3' "
    "[POOL-TOPOLOGY]\n    fix: docs/machines.md lists them all"
)
NAME = (
    "name: must hold only lower case letters, digits and hyphens, begin with a letter and not end with a hyphen, "
    "got 'Gemma 3' [NAME-WORD]\n    fix: write 'gemma-3'"
)


def shared(**gpu_sharing: Any) -> dict[str, Any]:
    """Return changes that give the example shared GPUs, and a model that is split over two."""
    server = {"image": "docker.io/vllm/vllm-openai:v0.27.1", "tensor_parallel_size": 2}
    tpu = {"machine_type": "g2-standard-48", "gpu_sharing": gpu_sharing, "disk_gib": 300}
    return {"node_pools__tpu": tpu, "models__gemma__server": server, "models__gemma__weights__size_gib": 8}


TOGETHER: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a wrong type and two rules": (
        {"regions__eu__number": "two", "node_pools__tpu__topology": "3x3", "name": "Gemma 3"},
        ["regions.eu.number: must be a whole number, got 'two'", NAME, TOPOLOGY],
    ),
    "something missing, a typo and a rule": (
        {"project": None, "cluster__gke_verison": "1.35", "node_pools__tpu__topology": "3x3"},
        [
            "project: must be given, got nothing",
            "cluster.gke_verison: unknown setting 'gke_verison'\n    fix: did you mean 'gke_version'?",
            TOPOLOGY,
        ],
    ),
    "two numbers of one section, and one of another": (
        {"gateway": {"port": 0, "draining_sec": 3601}, "network__mtu": 9000},
        [
            "network.mtu: must be between 1300 and 8896, got 9000",
            "gateway.port: must be between 1 and 65535, got 0",
            "gateway.draining_sec: must be between 0 and 3600, got 3601",
        ],
    ),
    "a number and a wrong type in one section": (
        {"gateway": {"port": 0, "timeout_sec": "10m"}},
        [
            "gateway.timeout_sec: must be a whole number, got '10m'\n    fix: write 600: it counts seconds",
            "gateway.port: must be between 1 and 65535, got 0",
        ],
    ),
    "a repository, a revision and a number of one section": (
        {
            "models__gemma__weights__repository": "gemma",
            "models__gemma__weights__revision": "main",
            "models__gemma__weights__size_gib": 0,
        },
        [
            "models.gemma.weights.repository: must read owner/name, got 'gemma': copy both from the model's page",
            "models.gemma.weights.revision: must be a commit of 40 hexadecimal digits, got 'main': "
            "take it from the history on the model's page",
            "models.gemma.weights.size_gib: must be between 1 and 65536, got 0",
        ],
    ),
    "numbers and what they are together": (
        {"cluster__maintenance_window": {"start_hour_utc": 24, "duration_hours": 4}},
        [
            "cluster.maintenance_window.start_hour_utc: must be between 0 and 23, got 24",
            "cluster.maintenance_window: duration_hours times days must give 48 hours in four weeks, got 16",
        ],
    ),
    "a typo of what a rule would ask for": (
        {"cluster__dataplane_v2": False, "node_pools__tpu__dranett": False},
        ["node_pools.tpu.dranett: unknown setting 'dranett'\n    fix: did you mean 'dranet'?"],
    ),
    "a setting that is needed, under another name": (
        {"node_pools": {"tpu": {"machineType": "ct6e-standard-4t", "topology": "2x2"}}},
        ["node_pools.tpu.machineType: unknown setting 'machineType'\n    fix: did you mean 'machine_type'?"],
    ),
    "a region that is none": (
        {"regions__us": "us-east5", "regions__eu__capacity_percent": 5},
        [
            "regions.us: must be a map of settings, got 'us-east5'\n"
            "    fix: indent its settings below it: number, region, zones at least",
            "regions.eu.capacity_percent: must be 0 or between 10 and 100, got 5",
        ],
    ),
    "the same rule in a broken and in a whole region": (
        {"regions__us__zones": [1], "regions__eu__zones": ["us-east5-b"]},
        [
            "regions.us.zones[0]: must be text, got 1\n    fix: put it in quotes",
            "regions.eu.zones[0]: must be a zone of europe-west4, got 'us-east5-b' [REG-ZONE]\n"
            "    fix: write one such as europe-west4-a",
        ],
    ),
    "an empty list and a rule": (
        {"models__gemma__regions": [], "name": "Gemma 3"},
        [
            NAME,
            "models.gemma.regions: must not be empty, got a list without items\n"
            "    fix: remove the line: its default is used",
        ],
    ),
    "a way to share GPUs that is none": (
        shared(strategy="mig", max_clients=2),
        ["node_pools.tpu.gpu_sharing.strategy: must be one of time_sharing, mps, got 'mig'"],
    ),
    "GPUs that are shared by one pod": (
        shared(strategy="mps", max_clients=1),
        ["node_pools.tpu.gpu_sharing.max_clients: must be between 2 and 48, got 1"],
    ),
    "a setting at the wrong level that a rule needs": (
        {"region_prefix_length": 13, "regions__us__number": 100},
        [
            "region_prefix_length: unknown setting 'region_prefix_length'\n"
            "    fix: it belongs at network.region_prefix_length: check the indentation"
        ],
    ),
}


@pytest.mark.parametrize("name", TOGETHER)
def test_mistakes_of_several_kinds_are_reported_together(tmp_path: Path, name: str) -> None:
    """Shapes, sections and rules in one answer; what depends on a broken part is not guessed."""
    changes, expected = TOGETHER[name]

    assert problems(written(tmp_path, changed(**changes))) == expected


def test_lines_shapes_and_rules_are_reported_together(tmp_path: Path) -> None:
    """A key given twice, a number as text and a slice that is none."""
    text = TEXT.replace("number: 2", "number: '2'").replace("2x2", "3x3") + "name: gemma\n"

    assert problems(written(tmp_path, text)) == [
        f"line {text.count(chr(10))}: key 'name' must be given once, got it on line 3 too\n"
        "    fix: remove one of the two",
        "regions.eu.number: must be a whole number, got '2'\n    fix: write 2 without quotes",
        TOPOLOGY,
    ]


def test_a_second_block_of_regions_is_merged_and_checked(tmp_path: Path) -> None:
    """The region that was pasted below is checked beside the others, and its own mistake is reported too."""
    asia = "regions:\n  asia:\n    number: 2\n    region: asia-northeast1\n    zones: [asia-northeast1-b]\n"
    line = TEXT.count("\n") + 1

    assert problems(written(tmp_path, TEXT + asia)) == [
        f"line {line}: key 'regions' must be given once, got it on line 6 too\n"
        "    fix: merge the two: move what stands below it to the one on line 6",
        "regions.asia.number: must differ from that of eu (one block each), got 2 in both [REG-NUMBER]\n"
        "    fix: give the newer region a free number",
    ]


def test_two_values_of_one_key_are_not_guessed_at(tmp_path: Path) -> None:
    """Neither the first nor the second is judged."""
    text = TEXT.replace("    number: 1\n", "    number: 1\n    number: 2\n")

    assert problems(written(tmp_path, text)) == [
        "line 9: key 'number' must be given once, got it on line 8 too\n    fix: remove one of the two"
    ]


def test_a_number_for_a_key_is_one_mistake(tmp_path: Path) -> None:
    """The region below it is not taken for missing."""
    assert problems(written(tmp_path, TEXT.replace("  us:\n", "  1:\n"))) == [
        "line 7: a key must be text, got '1'\n    fix: write 'r-1'"
    ]


DEPENDS = {
    "NAME": {"name"},
    "BUCKET": {"name", "project"},
    "REG": {"region", "number", "regions", "capacity_percent", "preferred", "beside"},
    "NET": {"number", "nodes", "pods", "services", "zones", "machine_type", "topology", "max_nodes"},
    "GKE": {
        *("machine_type", "topology", "zones", "endpoint_picker_replicas", "chart_version", "max_nodes_per_zone"),
        *("regions", "kind", "metric"),
    },
    "POOL": {"machine_type", "topology", "disk_type", "zones", "flex_start"},
    "AUTOPILOT": {"machine_type", "topology", "mode", "queued", "preloaded_image_disk"},
    "CAP": {"machine_type", "spot", "reservation", "queued"},
    "CACHE": {
        *("machine_type", "topology", "node_pools", "repository", "revision", "size_gib", "max_clients"),
        "tensor_parallel_size",
    },
    "MODEL": {"repository", "revision", "source", "kind", "name", "project", "download_timeout_minutes", "loader"},
    "LOADER": {
        *("source", "loader", "region", "repository", "revision", "universe", "scope", "config_cluster"),
        *("download_region", "name", "key"),
    },
    "HPA": {"machine_type", "max_nodes", "zones", "kind"},
    "GW": {"interval_sec", "max_utilization_percent", "scope"},
    "DNS": {
        *("existing", "domain", "visibility", "dnssec", "host", "policy", "model", "targets", "primary", "geofence"),
        *("trickle_percent", "address", "near", "scope", "public", "regions", "models", "health_check", "timeout_sec"),
        *(
            "interval_sec",
            "path",
            "kind",
            "port",
            "protocol",
            "name",
            "weights",
            "source_regions",
            "external_endpoints",
            *("us", "eu"),
            "region",
        ),
    },
    "OUT": {
        *("kubeconfig", "context", "host", "preset", "path", "headers", "kind", "image", "models", "weights"),
        *("repository", "bucket_path", "gateway", "ingress_class", "gpus", "external_endpoints", "addresses"),
        *(
            "max_replicas",
            "min_replicas",
            "autoscaling",
            "exec",
            "args",
            "llama",
            "gemma",
            "public",
            "protocol",
            "scope",
        ),
    },
    "SHUTDOWN": {"shutdown", "draining_sec", "termination_grace_sec", "pre_stop_sec"},
    "REMOTE": {"path", "host", "headers", "scope", "address", "body_routing"},
    "EXT": {"domain", "host", "policy"},
    "GITOPS": {"workloads", "repository"},
    "BUDGET": {"interval_sec", "unhealthy_threshold", "ttl_sec", "scope", "public", "visibility", "targets", "policy"},
    "EXIST": {
        "existing",
        "cluster",
        "region",
        "beside",
        "network",
        "subnet",
        "project",
        "scope",
        "addresses",
        "regions",
    },
    "REGIONAL": {"scope", "kind", "metric", "regions"},
    "ARMOR": {"scope", "region", "regions", "models", "name", "project", "served_name", "repository", "enabled"},
    "BODY": {"body_routing", "scope", "kind", "repository", "served_name", "path", "host", "chart_version", "drain"},
    "APIGEE": {"scope", "region", "regions", "project"},
    "TLS": {
        *(
            "scope",
            "public",
            "port",
            "addresses",
            "redirect",
            "hosts",
            "certificates",
            "certificate_pem",
            "secret_name",
        ),
        "host",
    },
    "LIMIT": {"scope", "public", "enabled", "preview", "allowed_ranges"},
    "IAP": {"scope", "secret_name"},
    "LOG": {"log_sample_percent"},
    "SRV": {
        *("machine_type", "topology", "zones", "nodes_per_zone", "size_gib", "node_pools", "cpus", "name", "key"),
        *("image", "version", "repository", "revision", "kind", "max_model_len", "gpu_partition", "max_clients"),
        *("gpu_memory_percent", "tensor_parallel_size"),
    },
    "CHOICE": {"machine_type", "nodes_per_zone", "node_pools"},
    "GPU": {
        *("gpu_operator", "hami", "mig", "chart_version", "kubernetes_version", "preset", "gpu_sharing", "gpus"),
        *("gpu_memory_gib", "gpu_cores_percent", "models"),
        *("machine_type", "zones", "node_pools", "gpu_partition", "max_clients", "strategy", "size_gib"),
        *("tensor_parallel_size", "gpu_memory_percent", "extra_args", "topology", "regions", "repository", "revision"),
    },
    "SHARE": {
        *("machine_type", "nodes_per_zone", "max_nodes", "topology", "zones", "node_pools", "replicas"),
        *("max_replicas", "regions", "gpu_partition", "max_clients", "strategy", "size_gib", "tensor_parallel_size"),
    },
    "SVC": {"kind", "metric"},
    "CANARY": {"model", "drain", "regions", "port", "kind", "repository", "image_path", "served_name", "replicas"},
    "ALERT": {
        *("alerting", "kind", "chart_version", "window_sec", "for_sec", "metric", "name", "region", "machine_type"),
        *("topology", "image", "repository", "revision", "regions"),
    },
    "CHANNEL": {"kind", "project", "username", "secret", "id", "address", "channel", "url", "severities"},
    "DASH": {"name", "region", "machine_type", "topology", "image", "repository", "revision"},
    "OBJ": {
        *("kind", "interval_sec", "unhealthy_threshold", "timeout_sec", "first_token_sec", "first_token_percent"),
        *("failover_downtime_sec", "extra_args"),
    },
    "UNIV": {"universe", "project", "scope", "mode", "machine_type", "region", "dashboard", "kind", "topology"},
    "MODELS": {"path", "host", "drain", "model", "regions", "repository", "image_path", "served_name"},
}
"""The settings that the rules of an area compute with: where one is broken the finding may go."""
ERRORS = {rule.id for rule in RULES if rule.severity == "error"}
SWEPT = [rule for rule, case in CASES.items() if rule in ERRORS and len(case.failing.get("regions", ())) < 5]


@pytest.mark.parametrize("setting", ["enabled", "fail_open"])
def test_a_section_that_was_maybe_meant_is_not_judged(tmp_path: Path, setting: str) -> None:
    """The setting is one of Apigee too, which nobody wrote: no rule asks for one region because of it."""
    changes = {"gateway__body_routing": {setting: False}}
    [problem] = problems(written(tmp_path, changed(GUARDED, **changes)))

    assert problem.startswith(f"gateway.body_routing.{setting}: unknown setting '{setting}'")


@pytest.mark.parametrize("rule", SWEPT)
def test_a_finding_stays_whatever_else_is_broken(tmp_path: Path, rule: str) -> None:
    """With the shape of any other setting broken: what was reported is still reported, and nothing else."""
    base = json.loads(json.dumps(changed(**CASES[rule].failing)))  # No two settings hold one and the same map.
    whole = _reported(tmp_path, base)
    for place, broken in sample(_broken(base), 6, case=rule):
        reported, path = _reported(tmp_path, broken), yaml_path(place)
        here = {problem for problem in reported if problem.path.startswith(path)}
        gone = {problem for problem in whole - reported if not problem.path.startswith(path)}

        assert here, path
        assert reported - here <= whole, path
        assert not [problem for problem in gone if place[-1] not in DEPENDS.get(problem.rule.split("-")[0], ())], path


def _reported(folder: Path, data: dict[str, Any]) -> frozenset[Problem]:
    try:
        load(written(folder, data))
    except ConfigError as error:
        return frozenset(error.problems)
    return frozenset()


def _broken(base: dict[str, Any]) -> Iterator[tuple[Location, dict[str, Any]]]:
    """Yield *base* with one setting after the other as a list in a list, which none may be."""
    for place in _leaves(base):
        if place[0] == "labels":  # There are many, and all are alike.
            continue
        data = copy.deepcopy(base)
        target: Any = data
        for part in place[:-1]:
            target = target[part]
        target[place[-1]] = [[target[place[-1]]]]
        yield place, data


def _leaves(value: Any, place: Location = ()) -> Iterator[Location]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*place, key))
    else:
        yield place


def _misspelt(word: str) -> str:
    return f"{word[:2]}x{word[2:]}"


@pytest.mark.parametrize("rule", SWEPT[::4])
def test_a_misspelt_setting_invents_no_finding(tmp_path: Path, rule: str) -> None:
    """The default in place of a setting whose name is wrong is not judged."""
    base = json.loads(json.dumps(changed(**CASES[rule].failing)))  # No two settings hold one and the same map.
    whole = _reported(tmp_path, base)
    for place in sample(_leaves(base), 8, case=rule):
        data = copy.deepcopy(base)
        target: Any = data
        for part in place[:-1]:
            target = target[part]
        if not is_map(hint_at(place[:-1])):
            target[_misspelt(str(place[-1]))] = target.pop(place[-1])
            unknown = [problem for problem in _reported(tmp_path, data) - whole if not problem.rule]

            assert [problem.message for problem in unknown] == [f"unknown setting '{_misspelt(str(place[-1]))}'"]
            assert not [problem for problem in _reported(tmp_path, data) - whole if problem.rule], yaml_path(place)
