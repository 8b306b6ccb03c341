"""The checkers of `tests/checks` accept good stacks, and can fail: each deliberate mistake yields its one problem."""

from copy import deepcopy
from typing import Any

import pytest

from tests.checks import kubernetes_objects, references, terraform_schema
from tests.checks.examples import CLUSTER_STACK, HEALTH_CHECK, MODEL_SERVER, WORKLOAD_STACK
from tests.checks.quantities import canonical

GONE = object()
CLUSTER = "resource.google_container_cluster.us"
POOL = "resource.google_container_node_pool.tpu"
BUCKET = "resource.google_storage_bucket.weights"
CHECK = "spec.default.config.httpHealthCheck"
VLLM = "spec.template.spec.containers.0"


def changed(good: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """Copy *good* with *value* at the dotted *path*, or without it when *value* is GONE."""
    copy = deepcopy(good)
    *parents, last = path.split(".")
    inner: Any = copy
    for step in parents:
        inner = inner[int(step)] if isinstance(inner, list) else inner[step]
    if value is GONE:
        del inner[last]
    else:
        inner[last] = value
    return copy


@pytest.mark.parametrize("stack", [CLUSTER_STACK, WORKLOAD_STACK], ids=["cluster", "workload"])
def test_good_stacks_have_no_problems(stack: dict[str, Any]) -> None:
    """What cdktf renders for real resources is accepted: the checkers are not too strict."""
    found = [terraform_schema.problems(stack), references.problems(stack), kubernetes_objects.stack_problems(stack)]

    assert found == [[], [], []]


MISTAKES_AGAINST_SCHEMAS = {
    "an attribute is misspelt": (
        f"{CLUSTER}.locatoin",
        "us",
        "google_container_cluster.us: locatoin: unknown attribute or block; did you mean 'location'?",
    ),
    "a block is misspelt": (
        f"{CLUSTER}.addons_config.gcs_fuse_csi_driver",
        {"enabled": True},
        "google_container_cluster.us: addons_config.gcs_fuse_csi_driver: unknown attribute or block; "
        "did you mean 'gcs_fuse_csi_driver_config'?",
    ),
    "a required attribute is missing": (
        f"{BUCKET}.location",
        GONE,
        "google_storage_bucket.weights: location: missing; this attribute is required",
    ),
    "a required block is missing": (
        f"{BUCKET}.lifecycle_rule.0.action",
        GONE,
        "google_storage_bucket.weights: lifecycle_rule[0].action: missing; at least 1 block is required",
    ),
    "a read-only attribute is set": (
        f"{CLUSTER}.endpoint",
        "10.0.0.2",
        "google_container_cluster.us: endpoint: read-only; the provider computes it, so it cannot be set",
    ),
    "text stands where a number belongs": (
        f"{POOL}.node_count",
        "two",
        "google_container_node_pool.tpu: node_count: 'two' is not a number",
    ),
    "text stands where a list belongs": (
        f"{POOL}.node_locations",
        "us-east5-a",
        "google_container_node_pool.tpu: node_locations: 'us-east5-a' is not a set; write a JSON array",
    ),
    "a block that may occur once occurs twice": (
        f"{POOL}.network_config",
        [{}, {}],
        "google_container_node_pool.tpu: network_config: 2 blocks; at most 1 allowed",
    ),
    "a type is unknown": (
        "resource.time_slep",
        {"x": {"provider": "time"}},
        "time_slep.x: type not in tests/data/providers/time-0.13.1.json; did you mean 'time_sleep'? "
        "Or tests/data/README.md says how to add it",
    ),
    "a resource names no provider": (
        f"{POOL}.provider",
        GONE,
        "google_container_node_pool.tpu: provider: missing; "
        "name one explicitly, or Terraform takes an unconfigured default",
    ),
    "the bindings' own version pin is left in place": (
        "terraform.required_providers.google.version",
        "6.50.0",
        "terraform: required_providers.google.version: '6.50.0' leaves out 7.45.0, "
        "the version that this stack is checked against",
    ),
    "a provider has no source": (
        "terraform.required_providers.time.source",
        GONE,
        "terraform: required_providers.time.source: missing; this attribute is required",
    ),
    "the provider block has an unknown argument": (
        "provider.google.0.projct",
        "acme",
        "provider.google: projct: unknown attribute or block; did you mean 'project'?",
    ),
    "a check asserts nothing": (
        "check",
        {"size": {"assert": []}},
        "check.size: assert: 0 blocks; at least 1 required",
    ),
    "a lifecycle argument is misspelt": (
        f"{CLUSTER}.lifecycle.prevent_destory",
        True,
        "google_container_cluster.us: lifecycle.prevent_destory: unknown attribute or block; "
        "did you mean 'prevent_destroy'?",
    ),
    "an empty block stands at the top": ("variable", {}, "variable: empty; Terraform refuses an empty object here"),
}


@pytest.mark.parametrize(("path", "value", "problem"), MISTAKES_AGAINST_SCHEMAS.values(), ids=MISTAKES_AGAINST_SCHEMAS)
def test_schema_mistake_is_told(path: str, value: object, problem: str) -> None:
    """A stack that the real provider would refuse yields one problem that names place, fault and remedy."""
    [found] = terraform_schema.problems(changed(CLUSTER_STACK, path, value))

    assert found.startswith(problem)


def test_nested_attribute_is_one_object_and_not_a_list() -> None:
    """Provider helm 3 holds `kubernetes` as an attribute: the list form of older versions is refused."""
    helm = changed(WORKLOAD_STACK, "provider.helm.0.kubernetes", [{"host": "h"}])

    assert terraform_schema.problems(helm) == ["provider.helm: kubernetes: an array is not a single object"]


CALLER = "ephemeral.google_client_config.caller"
MISTAKES_IN_EPHEMERAL_RESOURCES = {
    "an attribute that the provider decides": (
        f"{CALLER}.project",
        "acme",
        f"{CALLER}: project: read-only; the provider computes it, so it cannot be set",
    ),
    "no provider": (f"{CALLER}.provider", GONE, f"{CALLER}: provider: missing; name one explicitly"),
    "a type is unknown": (
        "ephemeral.google_client_confg",
        {"caller": {"provider": "google"}},
        "ephemeral.google_client_confg.caller: type not in tests/data/providers/google-7.45.0.json; "
        "did you mean 'ephemeral.google_client_config'?",
    ),
    "a provisioner": (f"{CALLER}.provisioner", {}, f"{CALLER}: provisioner: unknown attribute or block"),
    "a reference to another": (
        "provider.kubernetes.1.token",
        "${ephemeral.google_client_config.me.access_token}",
        "provider: kubernetes[1].token: no ephemeral.google_client_config.me in this stack; "
        "did you mean 'ephemeral.google_client_config.caller'?",
    ),
    "a reference to what it lacks": (
        "provider.kubernetes.1.token",
        f"${{{CALLER}.acess_token}}",
        f"provider: kubernetes[1].token: {CALLER} has no attribute 'acess_token'; did you mean 'access_token'?",
    ),
}


@pytest.mark.parametrize(
    ("path", "value", "problem"), MISTAKES_IN_EPHEMERAL_RESOURCES.values(), ids=MISTAKES_IN_EPHEMERAL_RESOURCES
)
def test_mistake_about_an_ephemeral_resource_is_told(path: str, value: object, problem: str) -> None:
    """Its block is held to its schema, and references are followed into it."""
    stack = changed(WORKLOAD_STACK, path, value)
    [found] = terraform_schema.problems(stack) + references.problems(stack)

    assert found.startswith(problem)


MISTAKES_IN_REFERENCES = {
    "a resource does not exist": (
        f"{POOL}.cluster",
        "${google_container_cluster.eu.id}",
        "google_container_node_pool.tpu: cluster: no google_container_cluster.eu in this stack; "
        "did you mean 'google_container_cluster.us'?, in 'google_container_cluster.eu.id'",
    ),
    "an attribute does not exist": (
        f"{POOL}.cluster",
        "x-${google_container_cluster.us.nmae}",
        "google_container_node_pool.tpu: cluster: google_container_cluster.us has no attribute 'nmae'; "
        "did you mean 'name'?, in 'google_container_cluster.us.nmae'",
    ),
    "a list is read without an index": (
        "output.ca.value",
        "${google_container_cluster.us.master_auth.client_key}",
        "output: ca.value: google_container_cluster.us.master_auth is a list, so 'client_key' cannot follow; "
        "an index such as [0] can",
    ),
    "a function is unknown": (
        "output.ca.value",
        '${uper("a ${data.google_project.project.number}")}',
        "output: ca.value: unknown function 'uper'",
    ),
    "a variable is not declared": ("output.ca.value", "${var.token}", "output: ca.value: no var.token; known: none"),
    "a dependency does not exist": (
        f"{BUCKET}.depends_on",
        ["time_sleep.settled"],
        "google_storage_bucket.weights: depends_on[0]: no time_sleep.settled in this stack; "
        "did you mean 'time_sleep.settle'?",
    ),
    "a bare reference is written as a template": (
        f"{BUCKET}.lifecycle",
        {"replace_triggered_by": ["${time_sleep.settle}"]},
        "google_storage_bucket.weights: lifecycle.replace_triggered_by[0]: "
        "'${time_sleep.settle}' is not a plain reference; write it without ${}",
    ),
    "an ignored attribute does not exist": (
        f"{POOL}.lifecycle.ignore_changes",
        ["node_config[0].lables"],
        "google_container_node_pool.tpu: lifecycle.ignore_changes[0]: google_container_node_pool.node_config[0] "
        "has no attribute 'lables'; did you mean 'labels'?",
    ),
    "an alias is not configured": (
        f"{POOL}.provider",
        "google.us",
        "google_container_node_pool.tpu: provider: no provider 'google.us' in this stack; did you mean 'google'?",
    ),
    "a template is never closed": ("output.ca.value", "${upper(", "output: ca.value: ${ is never closed, in"),
}


@pytest.mark.parametrize(("path", "value", "problem"), MISTAKES_IN_REFERENCES.values(), ids=MISTAKES_IN_REFERENCES)
def test_reference_that_leads_nowhere_is_told(path: str, value: object, problem: str) -> None:
    """A reference that Terraform could not resolve yields one problem with what it may have meant."""
    [found] = references.problems(changed(CLUSTER_STACK, path, value))

    assert found.startswith(problem)


MISTAKES_IN_OBJECTS = {
    "a field of a custom resource is unknown": (
        HEALTH_CHECK,
        "spec.default.interval",
        5,
        "HealthCheckPolicy inference/gemma: spec.default.interval: unknown field; known: checkIntervalSec, config, ",
    ),
    "a field of a built-in is unknown": (
        MODEL_SERVER,
        f"{VLLM}.comand",
        ["sh"],
        "Deployment inference/gemma: spec.template.spec.containers[0].comand: unknown field; did you mean 'command'?",
    ),
    "a value is not one of the enum": (
        HEALTH_CHECK,
        f"{CHECK}.proxyHeader",
        "V2",
        f"HealthCheckPolicy inference/gemma: {CHECK}.proxyHeader: 'V2' is not one of ['NONE', 'PROXY_V1']",
    ),
    "the time-out is longer than the interval": (
        HEALTH_CHECK,
        "spec.default.timeoutSec",
        6,
        "HealthCheckPolicy inference/gemma: spec.default: timeOutSec cannot exceed checkIntervalSec",
    ),
    "a quantity is not canonical": (
        MODEL_SERVER,
        f"{VLLM}.resources.limits.cpu",
        "1000m",
        "Deployment inference/gemma: spec.template.spec.containers[0].resources.limits.cpu: "
        "'1000m' is not canonical; write '1'",
    ),
    "a field is null": (
        MODEL_SERVER,
        f"{VLLM}.workingDir",
        None,
        "Deployment inference/gemma: spec.template.spec.containers[0].workingDir: null; leave the field out",
    ),
    "the namespace is missing": (
        HEALTH_CHECK,
        "metadata.namespace",
        GONE,
        "HealthCheckPolicy gemma: metadata.namespace: missing; HealthCheckPolicy lives in a namespace",
    ),
    "the name is not a DNS name": (
        MODEL_SERVER,
        "metadata.name",
        "Gemma_3",
        "Deployment inference/Gemma_3: metadata.name: 'Gemma_3' is not a DNS-1123 name",
    ),
    "the kind is unknown": (
        HEALTH_CHECK,
        "kind",
        "HealthPolicy",
        "HealthPolicy inference/gemma: kind: no schema of networking.gke.io/v1 HealthPolicy is stored in "
        "tests/data/crds; tests/data/README.md says how to add it",
    ),
}


@pytest.mark.parametrize(("good", "path", "value", "problem"), MISTAKES_IN_OBJECTS.values(), ids=MISTAKES_IN_OBJECTS)
def test_bad_kubernetes_object_is_told(good: dict[str, Any], path: str, value: object, problem: str) -> None:
    """An object that the API server would refuse, prune or rewrite yields one problem."""
    [found] = kubernetes_objects.problems(changed(good, path, value))

    assert found.startswith(problem)


def test_problems_of_a_stack_start_with_the_address() -> None:
    """Manifests and typed resources are both looked at, and a problem says in which resource it is."""
    manifest = "resource.kubernetes_manifest.health.manifest.spec.default.config.type"
    container = "resource.kubernetes_job_v1.load.spec.template.spec.container.0"
    stack = changed(WORKLOAD_STACK, manifest, "UDP")
    stack = changed(stack, f"{container}.resources", {"limits": {"memory": "0.5Gi"}})

    assert [problem.split(": ")[0] for problem in kubernetes_objects.stack_problems(stack)] == [
        "kubernetes_manifest.health",
        "kubernetes_job_v1.load",
    ]


def test_text_that_terraform_fills_in_may_be_anything() -> None:
    """A reference inside a manifest is no problem, and an escaped one reaches Kubernetes as plain text."""
    health = "resource.kubernetes_manifest.health.manifest"
    stack = changed(WORKLOAD_STACK, f"{health}.spec.default.checkIntervalSec", "${kubernetes_job_v1.load.spec[0].x}")
    stack = changed(stack, f"{health}.metadata.annotations", {"note": "$${literal}"})
    manifest = dict(kubernetes_objects.objects(stack))["kubernetes_manifest.health"]

    assert kubernetes_objects.problems(manifest) == []
    assert manifest["metadata"]["annotations"] == {"note": "${literal}"}


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("1000m", "1"),
        ("0.5", "500m"),
        ("4096Mi", "4Gi"),
        ("1.5Gi", "1536Mi"),
        ("4", "4"),
        ("70Gi", "70Gi"),
        ("x", None),
    ],
)
def test_quantities_are_written_as_the_api_server_writes_them(written: str, right: str | None) -> None:
    """The canonical form is the one that the API server gives back, so that no plan shows a difference."""
    assert canonical(written) == right
