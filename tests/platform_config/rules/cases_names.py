"""Cases of the rules about names and texts."""

from __future__ import annotations

from tests.platform_config.rules.case import Case, Changes, More
from tests.platform_config.rules.cases_models import beside

LABELS = {f"key-{n}": "" for n in range(64)}
KEY = (
    "must have a key of 1 to 63 lower case letters, digits, _ and -, in 128 bytes, beginning with a letter but not goog"
)


def model(key: str) -> Changes:
    """Return changes that give the example another model, with this key."""
    return {f"models__{key}": {"server": {"image": "docker.io/vllm/vllm-tpu:v0.27.0"}}}


CASES: dict[str, Case] = {
    "TEXT-TOKEN": Case(
        {"models__gemma__weights__hugging_face_token": {"secret_manager": "hf_token"}},
        {"models__gemma__served_name": "hf_abcdefghijklmnop"},
        "models.gemma.served_name: must hold no Hugging Face token, got one"
        " -> revoke it, put the new one into Secret Manager, and write the secret's name",
    ),
    "TEXT-TEMPLATE": Case(
        {"models__gemma__server__extra_args": ["--generation-config={}", "$HOME"]},
        {"models__gemma__server__extra_args": ["--seed=${var.seed}"]},
        "models.gemma.server.extra_args[0]: must be plain text without ${ or %{, got '--seed=${var.seed}'"
        " -> write the value itself",
    ),
    "NAME-WORD": Case(
        {"name": "g4"},
        {"name": "Gemma_3"},
        "name: must hold only lower case letters, digits and hyphens, begin with a letter and not end with a hyphen, "
        "got 'Gemma_3' -> write 'gemma-3'",
    ),
    "NAME-PROJECT": Case(
        {"project": "abc-12"},
        {"project": "123456789012"},
        "project: must be a project ID of 6 to 30 characters, got '123456789012'"
        " -> write the project ID, not its number or name: `gcloud projects list` shows it",
    ),
    "NAME-PLACEHOLDER": Case(
        {"project": "somebody-s-own"},
        {"project": "my-project-id"},
        "project: should be one of your projects, got the example's placeholder 'my-project-id'"
        " -> `gcloud projects list` shows their IDs",
    ),
    "NAME-COMPUTE-63": Case(
        {"name": "n" * 39},
        {"name": "n" * 40},
        f"name: must give a firewall rule of at most 63 characters, got 64: '{'n' * 40}-vpc-allow-health-checks'"
        " -> shorten name by 1",
    ),
    "NAME-LOAD-BALANCER": Case(
        {"name": "n" * 24, **model("m" * 21)},
        {"namespace": "namespace-quite-long", **model("m" * 20)},
        [
            f"models.{'m' * 20}: should give a backend service of at most 63 characters, got 73 with namespace "
            f"'namespace-quite-long' and '{'m' * 20}-pool': GKE shortens it, and alerts go by its first letters"
            " -> shorten the key or namespace by 10",
        ],
    ),
    "NAME-CLUSTER-40": Case(
        {"name": "n" * 37},
        {"name": "n" * 38, "regions__eu": None},
        f"regions.us: must give a cluster of at most 40 characters, got 41: '{'n' * 38}-us'"
        " -> shorten name or the key by 1",
    ),
    "NAME-ACCOUNT-30": Case(
        {"name": "n" * 24},
        {"name": "n" * 25},
        f"name: must give a service account ID of at most 30 characters, got 31: '{'n' * 25}-nodes'"
        " -> shorten name by 1",
    ),
    "NAME-MODEL-35": Case(
        model("m" * 35),
        model("m" * 36),
        f"models.{'m' * 36}: must give an InferencePool of at most 40 characters, got 41: '{'m' * 36}-pool'"
        " -> shorten the key by 1",
    ),
    "NAME-POOL-40": Case(
        {"node_pools": {"p" * 40: {"machine_type": "ct6e-standard-4t"}}},
        {"node_pools": {"p" * 41: {"machine_type": "ct6e-standard-4t"}, "system": {"machine_type": "g2-standard-4"}}},
        [
            f"node_pools.{'p' * 41}: must give a node pool of at most 40 characters, got 41: '{'p' * 41}'"
            " -> shorten name or the key by 1",
            "node_pools.system: must not be called system or default-pool, got 'system' -> write 'tpu' or 'gpu'",
        ],
    ),
    "NAME-OBJECTIVE": Case(
        {"models__gemma__priorities": {"food-review-1": 1}},
        {"models__gemma__priorities": {"Food Review": 1}},
        "models.gemma.priorities.Food Review: must be 1 to 63 lower case letters, digits and hyphens, got 'Food Review'"
        " -> write 'food-review'",
    ),
    "NAME-NAMESPACE": Case(
        {"namespace": "1-ns"},
        {"namespace": "kube-system"},
        "namespace: must not be a namespace that Kubernetes or GKE owns, got 'kube-system' -> write 'inference'",
    ),
    "NAME-LABEL": Case(
        {"labels": {**{f"key-{n}": "" for n in range(60)}, "größe_1": "", "k" * 63: "v" * 63, "部门": "研发"}},
        {"labels": {**LABELS, "Team": "ML Ops"}},
        [
            "labels: must be at most 63, got 65 -> remove some",
            "labels.Team: must have a key of 1 to 63 lower case letters, digits, _ and -, in 128 bytes, beginning with "
            "a letter but not goog, got 'Team' -> write 'team'",
            "labels.Team: must be at most 63 lower case letters, digits, _ and -, in 128 bytes, got 'ML Ops'"
            " -> write 'ml-ops'",
        ],
    ),
}

MORE: dict[str, More] = {
    "label keys that Google refuses": (
        "NAME-LABEL",
        {
            "labels": {
                "": "",
                "1st": "",
                "example.com/team": "",
                "Größe": "",
                "Équipe A": "",
                "goog-x": "",
                "部" * 50: "",
                "²": "",
            }
        },
        [
            f"labels.: {KEY}, got '' -> write 'team'",
            f"labels.1st: {KEY}, got '1st' -> write 'st'",
            f"labels.example.com/team: {KEY}, got 'example.com/team' -> write 'example-com-team'",
            f"labels.Größe: {KEY}, got 'Größe' -> write 'größe'",
            f"labels.Équipe A: {KEY}, got 'Équipe A' -> write 'equipe-a'",
            f"labels.goog-x: {KEY}, got 'goog-x' -> write 'x'",
            f"labels.{'部' * 50}: {KEY}, got '{'部' * 50}' -> write 'team'",
            f"labels.²: {KEY}, got '²' -> write 'team'",
        ],
    ),
    "a namespace that leaves no room for any name": (
        "NAME-LOAD-BALANCER",
        {"namespace": "namespace-quite-long-for-infer"},
        [
            "name: should give a URL map of at most 63 characters, got 65 with namespace "
            "'namespace-quite-long-for-infer' and 'gemma-gateway': GKE shortens it, and alerts go by its first letters"
            " -> shorten name or namespace by 2",
            "models.gemma: should give a backend service of at most 63 characters, got 68 with namespace "
            "'namespace-quite-long-for-infer' and 'gemma-pool': GKE shortens it, and alerts go by its first letters"
            " -> shorten the key or namespace by 5",
        ],
    ),
    "a region key": (
        "NAME-WORD",
        {"regions": {"US East": {"number": 1, "region": "us-east5", "zones": ["us-east5-b"], "config_cluster": True}}},
        [
            "regions.US East: must hold only lower case letters, digits and hyphens, begin with a letter and not end "
            "with a hyphen, got 'US East' -> write 'us-east'"
        ],
    ),
    "a long region key": (
        "NAME-COMPUTE-63",
        {"regions": {"k" * 40: {"number": 1, "region": "us-east5", "zones": ["us-east5-b"], "config_cluster": True}}},
        [
            f"regions.{'k' * 40}: must give a network resource of at most 63 characters, got 64: "
            f"'gemma-vpc-allow-proxies-{'k' * 40}' -> shorten name or the key by 1"
        ],
    ),
    "a namespace that is no label": (
        "NAME-NAMESPACE",
        {"namespace": "Inference"},
        ["namespace: must be 1 to 63 lower case letters, digits and hyphens, got 'Inference' -> write 'inference'"],
    ),
    "the adapter's namespace": (
        "NAME-NAMESPACE",
        {"namespace": "custom-metrics"},
        ["namespace: must not be a namespace that Kubernetes or GKE owns, got 'custom-metrics' -> write 'inference'"],
    ),
    "a model key": (
        "NAME-WORD",
        model("Gemma_3"),
        [
            "models.Gemma_3: must hold only lower case letters, digits and hyphens, begin with a letter and not end "
            "with a hyphen, got 'Gemma_3' -> write 'gemma-3'"
        ],
    ),
    "a model key that begins with a digit": (
        "NAME-WORD",
        model("7b"),
        [
            "models.7b: must hold only lower case letters, digits and hyphens, begin with a letter and not end "
            "with a hyphen, got '7b' -> write 'm-7b'"
        ],
    ),
    "a model with the word of the proxies' policies": (
        "NAME-MODEL-35",
        model("proxies"),
        ["models.proxies: must not be called proxies or begin with proxies-, got 'proxies' -> rename it"],
    ),
    "a model with the name of a region's proxies": (
        "NAME-MODEL-35",
        {**model("proxies-us"), **model("proxiesus")},
        ["models.proxies-us: must not be called proxies or begin with proxies-, got 'proxies-us' -> rename it"],
    ),
    "an objective of two models": (
        "NAME-OBJECTIVE",
        {**beside({"path": "/next"}, priorities={"chat": 1}), "models__gemma__priorities": {"chat": 5, "bulk": 1}},
        [
            "models.next.priorities.chat: must be an objective of one model, got 'chat' of gemma too"
            " -> write 'next-chat'"
        ],
    ),
    "the objective that another model has without a line": (
        "NAME-OBJECTIVE",
        beside({"path": "/next"}, priorities={"gemma-server-objective": 5, "next-server-objective": 1}),
        [
            "models.next.priorities.gemma-server-objective: must be an objective of one model, got "
            "'gemma-server-objective' of gemma too -> write 'next-gemma-server-objective'"
        ],
    ),
    "the objective that a later model has without a line": (
        "NAME-OBJECTIVE",
        {**beside({"path": "/next"}), "models__gemma__priorities": {"next-server-objective": 5}},
        [
            "models.gemma.priorities.next-server-objective: must be an objective of one model, got "
            "'next-server-objective' of next too -> write 'gemma-next-server-objective'"
        ],
    ),
    "the objective that another model would have without its own": (
        "NAME-OBJECTIVE",
        {
            **beside({"path": "/next"}, priorities={"gemma-server-objective": 5}),
            "models__gemma__priorities": {"chat": 1},
        },
        [],
    ),
    "an objective without a letter": (
        "NAME-OBJECTIVE",
        {"models__gemma__priorities": {"": 1}},
        ["models.gemma.priorities.: must be 1 to 63 lower case letters, digits and hyphens, got '' -> write 'chat'"],
    ),
}
