"""Rules about names: the length of each cloud resource's name, the characters of each part of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import category, normalize

from constructs_lib.google_names import (
    ACCOUNT_LENGTHS,
    CLUSTER_LENGTH,
    COMPUTE_LENGTH,
    WORD,
    WORD_ALPHABET,
    health_check_firewall,
    likely_word,
    node_firewall,
    proxy_firewall,
    wrong_label,
    wrong_project,
)
from constructs_lib.manifests.network_policies import PROXIES
from constructs_lib.monitoring.load_balancer_names import backend_room, url_map_room
from constructs_lib.specs.limits import SECRET
from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.names import Names
from platform_config.rules.rule import Rule, pool_specs

PLACEHOLDER = "my-project-id"
PICKER_LENGTH = 40
"""What the chart keeps of the InferencePool's name in the names of its endpoint picker."""
RESERVED_POOLS = ("system", "default-pool")
RESERVED_NAMESPACES = ("default", "gmp-system", "gmp-public", "gke-mcs", "custom-metrics")
MAX_LABELS = 63
"""A resource has 64, and the provider adds goog-terraform-provisioned."""
LABEL_LIMIT = "63 lower case letters, digits, _ and -, in 128 bytes"
LOWER_CASE = ("Ll", "Lo")
"""Unicode categories of lower case letters, and of letters of scripts without case."""


def _words(config: Config) -> Iterator[Problem]:
    words = [("name", config.name)]
    words += [(f"regions.{key}", key) for key in config.regions]
    words += [(path, key) for path, key, _ in pool_specs(config)]
    words += [(f"models.{key}", key) for key in config.models]
    words += [(f"observability.channels.{key}", key) for key in config.observability.channels]
    words += [(f"outside.{key}", key) for key in config.outside] + [(f"remotes.{key}", key) for key in config.remotes]
    if config.dns is not None:
        words += [(f"dns.records.{key}", key) for key in config.dns.records]
        words += [(f"dns.external_endpoints.{key}", key) for key in config.dns.external_endpoints]
    for path, word in words:
        if not re.fullmatch(WORD, word):
            setting = path.removesuffix(f".{word}").rpartition(".")[2]
            likely = likely_word(SECRET.sub("", word), first=setting[0])
            fix = f"write '{likely}'" if likely else ""
            yield Problem(path, f"must hold only {WORD_ALPHABET}, got {shown(word)}", fix)


def _project(config: Config) -> Iterator[Problem]:
    if wrong := wrong_project(config.project):
        fix = "write the project ID, not its number or name: `gcloud projects list` shows it"
        yield Problem("project", f"must {wrong}, got {shown(config.project)}", fix)


def _placeholder(config: Config) -> Iterator[Problem]:
    if config.project == PLACEHOLDER:
        fix = "`gcloud projects list` shows their IDs"
        yield Problem("project", f"should be one of your projects, got the example's placeholder '{PLACEHOLDER}'", fix)


def network_names(config: Config) -> dict[str, list[str]]:
    """Return the names of network, subnets, addresses, routers, firewall rules and placement policies, by setting."""
    names = Names(config)
    made = {"name": [names.network, health_check_firewall(names.firewall_prefix)]}
    for key in config.regions:
        made[f"regions.{key}"] = [
            *(names.node_subnet(key), names.proxy_subnet(key), names.gateway_address(key), names.router(key)),
            *(proxy_firewall(names.firewall_prefix, key), node_firewall(names.firewall_prefix, key)),
            *(f"{names.cluster(key)}-{pool}" for _, pool, _ in pool_specs(config)),
        ]
    if config.dns is not None:
        made["name"] += [names.dns_zone, names.external_dns_zone]
        for key in config.dns.records:
            made[f"dns.records.{key}"] = [names.endpoint_check(key)]
    return made


def _compute(config: Config) -> Iterator[Problem]:
    for path, names in network_names(config).items():
        yield from _too_long(path, "a firewall rule" if path == "name" else "a network resource", names, COMPUTE_LENGTH)


def _clusters(config: Config) -> Iterator[Problem]:
    for key in config.regions:
        yield from _too_long(f"regions.{key}", "a cluster", [Names(config).cluster(key)], CLUSTER_LENGTH)


def _service_account(config: Config) -> Iterator[Problem]:
    names = Names(config)
    made = [names.node_service_account, *([names.apigee_service_account] if config.gateway.apigee else [])]
    made += [names.argo_cd_service_account] if config.gitops and config.gitops.argo_cd else []
    yield from _too_long("name", "a service account ID", made, ACCOUNT_LENGTHS[1])
    for key, model in config.models.items():
        if model.weights is not None and model.weights.in_cloud_run:
            yield from _too_long(f"models.{key}", "a service account ID", [names.loader(key)], ACCOUNT_LENGTHS[1])


def _models(config: Config) -> Iterator[Problem]:
    for key in config.models:
        pool = Names(config).inference_pool(key)
        if len(pool) > PICKER_LENGTH:
            message = (
                f"must give an InferencePool of at most {PICKER_LENGTH} characters, got {len(pool)}: {shown(pool)}"
            )
            yield Problem(f"models.{key}", message, f"shorten the key by {len(pool) - PICKER_LENGTH}")
        if f"{key}-".startswith(f"{PROXIES}-"):
            message = f"must not be called {PROXIES} or begin with {PROXIES}-, got {shown(key)}"
            yield Problem(f"models.{key}", message, "rename it")


def _pools(config: Config) -> Iterator[Problem]:
    for path, key, _ in pool_specs(config):
        yield from _too_long(path, "a node pool", [key], CLUSTER_LENGTH)
        if key in RESERVED_POOLS:
            yield Problem(
                path, f"must not be called {' or '.join(RESERVED_POOLS)}, got '{key}'", "write 'tpu' or 'gpu'"
            )


def _load_balancer(config: Config) -> Iterator[Problem]:
    names = Names(config)
    gateway = config.gateway.gateway_class
    made = [("name", "a URL map", names.gateway, url_map_room(gateway))]
    made += [(f"models.{key}", "a backend service", names.backend(key), backend_room(gateway)) for key in config.models]
    for path, kind, name, room in made:
        excess = len(config.namespace) + len(name) - room
        if excess > 0:
            message = (
                f"should give {kind} of at most {COMPUTE_LENGTH} characters, got {COMPUTE_LENGTH + excess} with "
                f"namespace {shown(config.namespace)} and {shown(name)}: GKE shortens it, and alerts go by its first "
                "letters"
            )
            what = "name" if path == "name" else "the key"
            yield Problem(path, message, f"shorten {what} or namespace by {excess}")


def _too_long(path: str, kind: str, names: list[str], limit: int) -> Iterator[Problem]:
    longest = max(names, key=len)
    if len(longest) > limit:
        message = f"must give {kind} of at most {limit} characters, got {len(longest)}: {shown(longest)}"
        what = "name" if path == "name" else "name or the key"
        yield Problem(path, message, f"shorten {what} by {len(longest) - limit}")


def _namespace(config: Config) -> Iterator[Problem]:
    name = config.namespace
    if wrong := wrong_label(name):
        message = f"must {wrong}, got {shown(name)}"
        yield Problem("namespace", message, "write 'inference'")
    elif name in RESERVED_NAMESPACES or name.startswith(("kube-", "gke-")):
        yield Problem(
            "namespace", f"must not be a namespace that Kubernetes or GKE owns, got '{name}'", "write 'inference'"
        )


def _labels(config: Config) -> Iterator[Problem]:
    if len(config.labels) > MAX_LABELS:
        yield Problem("labels", f"must be at most {MAX_LABELS}, got {len(config.labels)}", "remove some")
    for key, value in config.labels.items():
        path = f"labels.{key}"
        if not _is_label(key) or category(key[0]) not in LOWER_CASE or key.startswith("goog"):
            must = f"must have a key of 1 to {LABEL_LIMIT}, beginning with a letter but not goog"
            yield Problem(path, f"{must}, got {shown(key)}", f"write '{_plain_key(key)}'")
        if value and not _is_label(value):
            yield Problem(path, f"must be at most {LABEL_LIMIT}, got {shown(value)}", f"write '{_plain_label(value)}'")


def _is_label(text: str) -> bool:
    plain = all(letter in "_-" or category(letter) in (*LOWER_CASE, "Nd") for letter in text)
    return plain and 0 < len(text) <= 63 and len(text.encode()) <= 128


def _plain_key(text: str) -> str:
    return re.sub(r"^(goog|[\W\d_])+", "", _plain_label(text)) or "team"


def _plain_label(text: str) -> str:
    """Return *text* in lower case if that is a label, else in ASCII letters, without accents."""
    lower = SECRET.sub("", text).lower()
    if _is_label(lower):
        return lower
    return re.sub(r"[^a-z0-9_-]", "-", re.sub(r"[\u0300-\u036f]", "", normalize("NFKD", lower)))[:63]


RULES = (
    Rule(
        "NAME-WORD",
        "`name` and the keys of regions, pools and models hold lower case letters, digits and hyphens",
        "They are parts of every cloud name and of every stack id.",
        "RFC 1035; Google, Compute Engine naming conventions",
        _words,
    ),
    Rule(
        "NAME-PROJECT",
        "`project` is a project ID",
        "A project's number or display name is refused by most APIs.",
        "Google, Creating and managing projects",
        _project,
    ),
    Rule(
        "NAME-PLACEHOLDER",
        "`project` is not the placeholder of the example",
        "The first apply would be refused, or change another person's project.",
        "config/example.yaml",
        _placeholder,
        severity="warning",
    ),
    Rule(
        "NAME-COMPUTE-63",
        "Networks, subnets, addresses, routers, firewall rules and placement policies have at most 63 characters",
        "Compute Engine refuses longer names.",
        "Google, Compute Engine naming conventions",
        _compute,
    ),
    Rule(
        "NAME-LOAD-BALANCER",
        "What GKE makes of namespace and Gateway, and of namespace and pool or Service, has at most 63 characters",
        "GKE shortens both parts of a longer name. Alerts and panels go by what is surely left of them, so models "
        "whose keys begin alike may mix; where GKE shortens otherwise, those on the load balancer stay silent. "
        "`gke-inference verify` does not know whose the servers behind it are.",
        "kubernetes/ingress-gce, pkg/utils/namer; Google, Deploy a multi-cluster Gateway",
        _load_balancer,
        severity="warning",
    ),
    Rule(
        "NAME-CLUSTER-40",
        "Clusters have at most 40 characters",
        "GKE refuses longer names.",
        "GKE API, Cluster.name",
        _clusters,
    ),
    Rule(
        "NAME-ACCOUNT-30",
        "The IDs of service accounts have at most 30 characters",
        "IAM takes 6 to 30.",
        "provider google 7.45, google_service_account.account_id",
        _service_account,
    ),
    Rule(
        "NAME-MODEL-35",
        "A model's key has at most 35 characters and does not begin with `proxies-`",
        "The picker's names begin with the first 40 characters of the pool's, so two models could share them; the "
        "network policies of the regions' proxies begin with the word.",
        "kubernetes-sigs/gateway-api-inference-extension, chart inferencepool, gateway-api-inference-extension.name",
        _models,
    ),
    Rule(
        "NAME-POOL-40",
        "A pool's key has at most 40 characters and is not `system` or `default-pool`",
        "It names the node pool; GKE takes 40 characters; the platform and GKE use the two names themselves.",
        "GKE API, NodePool.name",
        _pools,
    ),
    Rule(
        "NAME-NAMESPACE",
        "`namespace` is a DNS label, and not one that Kubernetes or GKE owns",
        "The platform creates it, and fails if it exists already.",
        "RFC 1123; Kubernetes, Namespaces",
        _namespace,
    ),
    Rule(
        "NAME-LABEL",
        "At most 63 labels, with keys and values of at most 63 lower case characters",
        "Google refuses others and a 65th label, and reserves keys that begin with goog; the provider adds one label.",
        "Google, Requirements for labels; provider google 7.45, goog-terraform-provisioned",
        _labels,
    ),
)
