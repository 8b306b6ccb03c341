"""What can be asked for: the defaults, the bounds, and each refusal with its words."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from constructs_lib import specs
from constructs_lib.specs import (
    DEFAULT_SPILL_OVER_PERCENT,
    AddressSpec,
    AlertSpec,
    ApigeeOrganizationSpec,
    ApigeeSpec,
    ArgoCdSpec,
    AutoscalingSpec,
    BodyRoutingSpec,
    BucketSpec,
    CanarySpec,
    CapacitySpec,
    ChannelSpec,
    CidrSpec,
    ClientLimitsSpec,
    ClusterSpec,
    DnsHealthCheckSpec,
    DnsSpec,
    EndpointsSpec,
    ExecSpec,
    ExistingRegionSpec,
    ExistingSpec,
    ExternalDnsSpec,
    ExternalEndpointSpec,
    FailoverBudgetSpec,
    GatewaySpec,
    GitOpsSpec,
    GpuOperatorSpec,
    GpuSharingSpec,
    HamiSpec,
    HealthCheckSpec,
    HuggingFaceTokenSpec,
    IapSpec,
    InferencePoolSpec,
    KubernetesSecretSpec,
    LoadBalancerControllerSpec,
    LoraAdapterSpec,
    MaintenanceWindowSpec,
    ModelArmorFiltersSpec,
    ModelArmorSpec,
    ModelSpec,
    NetworkSpec,
    NodeAutoscalingSpec,
    NodePoolSpec,
    ObjectivesSpec,
    ObservabilitySpec,
    OutsideAutoscalingSpec,
    OutsideExternalDnsSpec,
    OutsideModelSpec,
    OutsideSpec,
    ProvidersSpec,
    RecordSpec,
    RegionSpec,
    RemoteSpec,
    RepositorySpec,
    ServerSpec,
    Snapshot,
    SystemPoolSpec,
    TlsSpec,
    TrafficSpec,
    TunnelSpec,
    UniverseSpec,
    WeightsSpec,
    ZoneSpec,
)

REVISION = "005ad3404e59d6023443cb575daa05336842228a"
SERVER = ServerSpec(image="vllm/vllm-tpu:v0.27.0")
MINIMUM: dict[type[Any], dict[str, Any]] = {
    AddressSpec: {"path": "/gemma"},
    AlertSpec: {},
    ApigeeOrganizationSpec: {"analytics_region": "us-east1"},
    ApigeeSpec: {"environment": "test"},
    AutoscalingSpec: {"max_replicas": 10_000},
    BodyRoutingSpec: {},
    BucketSpec: {"location": "US"},
    CanarySpec: {"model": "next", "percent": 10},
    CapacitySpec: {},
    ChannelSpec: {"kind": "email"},
    CidrSpec: {"nodes": "10.0.0.0/20", "pods": "10.1.0.0/16", "services": "10.0.16.0/20", "proxy": "10.0.32.0/23"},
    ClientLimitsSpec: {},
    ExistingRegionSpec: {},
    ExistingSpec: {},
    ClusterSpec: {},
    GatewaySpec: {},
    GpuSharingSpec: {"strategy": "mps", "max_clients": 2},
    HealthCheckSpec: {},
    HuggingFaceTokenSpec: {"secret_manager": "token"},
    IapSpec: {"client_id": "123-abc.apps.googleusercontent.com", "secret_name": "iap"},
    InferencePoolSpec: {},
    KubernetesSecretSpec: {"name": "hf", "key": "token"},
    LoraAdapterSpec: {"repository": "owner/adapter", "revision": REVISION},
    MaintenanceWindowSpec: {},
    ModelArmorFiltersSpec: {},
    ModelArmorSpec: {},
    ModelSpec: {"server": SERVER},
    NetworkSpec: {},
    NodeAutoscalingSpec: {"max_nodes": 2},
    NodePoolSpec: {"machine_type": "ct6e-standard-4t"},
    ObjectivesSpec: {},
    ObservabilitySpec: {},
    ProvidersSpec: {},
    RegionSpec: {"number": 0, "region": "us-east5", "zones": ("us-east5-b",)},
    RepositorySpec: {"repository": "owner/draft", "revision": REVISION},
    ServerSpec: {"image": "vllm/vllm-tpu:v0.27.0"},
    Snapshot: {"repository": "owner/draft", "revision": REVISION},
    SystemPoolSpec: {},
    TlsSpec: {},
    TrafficSpec: {},
    UniverseSpec: {
        "api_domain": "s3nsapis.fr",
        "agent_domain": "s3ns-system.iam.gserviceaccount.com",
        "registry_host": "s3nsregistry.fr",
        "health_check_ranges": ("177.222.80.0/23",),
    },
    WeightsSpec: {"repository": "google/gemma", "revision": REVISION},
    ArgoCdSpec: {"cluster": "us"},
    DnsHealthCheckSpec: {},
    DnsSpec: {"zone": ZoneSpec(domain="ai.example.com")},
    EndpointsSpec: {"addresses": ("10.0.0.5",), "port": 8000},
    ExecSpec: {"command": "sign-in"},
    ExternalDnsSpec: {"subdomain": "apps"},
    ExternalEndpointSpec: {"address": "203.0.113.7"},
    FailoverBudgetSpec: {"downtime_sec": 60},
    GitOpsSpec: {"repository": "https://git.example.com/platform.git"},
    GpuOperatorSpec: {},
    HamiSpec: {"kubernetes_version": "v1.34.1"},
    LoadBalancerControllerSpec: {
        "chart_version": "1.0.0",
        "cluster_id": "k8s-1",
        "region": "hcm-3",
        "client_id": "vng-client-id",
        "client_secret": "vng-client-secret",
    },
    OutsideAutoscalingSpec: {"max_replicas": 10_000},
    OutsideExternalDnsSpec: {"provider": "cloudflare", "secret": "dns", "domain": "hk.example.com"},
    OutsideModelSpec: {},
    OutsideSpec: {"preset": "plain"},
    RecordSpec: {"host": "llm.ai.example.com"},
    RemoteSpec: {"endpoints": ("farm.example.com",), "address": AddressSpec(path="/farm")},
    TunnelSpec: {"secret": "tunnel"},
    ZoneSpec: {"domain": "ai.example.com"},
}
BETWEEN = [
    (AutoscalingSpec, "min_replicas", (0, 10_000), (-1, 10_001), "must be between 0 and 10000"),
    (AutoscalingSpec, "scale_down_pods_per_minute", (1, 1000), (0, 1001), "must be between 1 and 1000"),
    (AutoscalingSpec, "scale_down_window_sec", (0, 3600), (-1, 3601), "must be between 0 and 3600"),
    (AutoscalingSpec, "scale_up_window_sec", (0, 3600), (-1, 3601), "must be between 0 and 3600"),
    (AutoscalingSpec, "target_percent", (1, 99), (0, 100), "must be between 1 and 99"),
    (BucketSpec, "soft_delete_days", (0, 7, 90), (-1, 6, 91), "must be 0 or between 7 and 90"),
    (ClientLimitsSpec, "max_body_mib", (1, 1024), (0, 1025), "must be between 1 and 1024"),
    (ClientLimitsSpec, "requests_per_minute", (1, 1_000_000), (0, 1_000_001), "must be between 1 and 1000000"),
    (GatewaySpec, "draining_sec", (0, 3600), (-1, 3601), "must be between 0 and 3600"),
    (
        GatewaySpec,
        "log_sample_percent",
        (0, 0.0001, 0.5, 100),
        (-0.1, 0.00009, 100.1),
        "must be 0 or between 0.0001 and 100",
    ),
    (GatewaySpec, "max_in_flight_requests", (1, 2147483647), (0, 2147483648), "must be between 1 and 2147483647"),
    (GatewaySpec, "max_utilization_percent", (1, 100), (0, 101), "must be between 1 and 100"),
    (GatewaySpec, "port", (1, 65535), (0, 65536), "must be between 1 and 65535"),
    (GatewaySpec, "timeout_sec", (1, 2147483647), (0, 2147483648), "must be between 1 and 2147483647"),
    (GpuSharingSpec, "max_clients", (2, 48), (1, 49), "must be between 2 and 48"),
    (HealthCheckSpec, "healthy_threshold", (1, 10), (0, 11), "must be between 1 and 10"),
    (HealthCheckSpec, "interval_sec", (1, 300), (0, 301), "must be between 1 and 300"),
    (HealthCheckSpec, "timeout_sec", (1, 300), (0, 301), "must be between 1 and 300"),
    (HealthCheckSpec, "unhealthy_threshold", (1, 10), (0, 11), "must be between 1 and 10"),
    (InferencePoolSpec, "endpoint_picker_replicas", (1, 5), (0, 6), "must be between 1 and 5"),
    (MaintenanceWindowSpec, "duration_hours", (12, 23), (3, 24), "must be between 4 and 23"),
    (MaintenanceWindowSpec, "start_hour_utc", (0, 23), (-1, 24), "must be between 0 and 23"),
    (ServerSpec, "port", (1, 65535), (0, 65536), "must be between 1 and 65535"),
    (ModelArmorSpec, "timeout_ms", (10, 10_000), (9, 10_001), "must be between 10 and 10000"),
    (ModelSpec, "replicas", (0, 10_000), (-1, 10_001), "must be between 0 and 10000"),
    (ServerSpec, "cpus", (1, 512), (0, 513), "must be between 1 and 512"),
    (ServerSpec, "memory_gib", (1, 8192), (0, 8193), "must be between 1 and 8192"),
    (WeightsSpec, "download_timeout_minutes", (5, 360), (4, 361), "must be between 5 and 360"),
    (WeightsSpec, "size_gib", (1, 65536), (0, 65537), "must be between 1 and 65536"),
    (TlsSpec, "port", (1, 65535), (0, 65536), "must be between 1 and 65535"),
    (NetworkSpec, "mtu", (1300, 8896), (1299, 8897), "must be between 1300 and 8896"),
    (NetworkSpec, "region_prefix_length", (13, 18), (12, 19), "must be between 13 and 18"),
    (NodeAutoscalingSpec, "max_nodes", (1, 15_000), (0, 15_001), "must be between 1 and 15000"),
    (NodeAutoscalingSpec, "min_nodes", (0, 2), (3,), "must be between 0 and max_nodes (2)"),
    (NodePoolSpec, "disk_gib", (10, 65536), (9, 65537), "must be between 10 and 65536"),
    (NodePoolSpec, "local_ssds", (1, 32), (0, 33), "must be between 1 and 32"),
    (NodePoolSpec, "nodes_per_zone", (1, 1000), (0, 1001), "must be between 1 and 1000"),
    (ProvidersSpec, "google", (7, 8), (6, 9), "must be between 7 and 8"),
    (ProvidersSpec, "kubernetes", (2, 3), (1, 4), "must be between 2 and 3"),
    (RegionSpec, "capacity_percent", (0, 10, 100), (-1, 1, 9, 101), "must be 0 or between 10 and 100"),
    (RegionSpec, "number", (0, 262_143), (-1, 262_144), "must be between 0 and 262143"),
]


def make(spec: type[Any], **settings: Any) -> Any:
    """Make a spec with its required settings and *settings*."""
    return spec(**{**MINIMUM[spec], **settings})


def test_every_spec_can_be_made_from_the_least() -> None:
    """Each one that the package offers has its minimum here."""
    offered = {name for name in specs.__all__ if isinstance(getattr(specs, name), type)}

    assert {spec.__name__ for spec in MINIMUM} == offered
    for spec in MINIMUM:
        make(spec)


@pytest.mark.parametrize("spec", MINIMUM)
def test_a_spec_cannot_be_changed_and_takes_names_only(spec: type[Any]) -> None:
    """What was checked stays checked."""
    first = dataclasses.fields(spec)[0].name

    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(make(spec), first, None)
    with pytest.raises(TypeError):
        spec("positional")


@pytest.mark.parametrize(("spec", "name", "good", "bad", "must"), BETWEEN)
def test_numbers_have_bounds(
    spec: type[Any], name: str, good: tuple[float, ...], bad: tuple[float, ...], must: str
) -> None:
    """The bounds themselves are allowed; what is beyond is refused with the bounds and what was given."""
    for value in good:
        assert getattr(make(spec, **{name: value}), name) == value
    for value in bad:
        given = f"{value:f}".rstrip("0").rstrip(".")
        with pytest.raises(ValueError, match=f"^{name} {re.escape(must)}, got {re.escape(given)}$"):
            make(spec, **{name: value})


def test_the_protective_settings_are_the_defaults() -> None:
    """Nothing is lost, public or zonal unless somebody says so."""
    cluster, bucket = ClusterSpec(), BucketSpec(location="US")

    assert (cluster.control_plane, cluster.private_nodes, cluster.dataplane_v2) == ("regional", True, True)
    assert (cluster.deletion_protection, bucket.force_destroy, bucket.soft_delete_days) == (True, False, 7)
    assert (cluster.release_channel, cluster.gke_version) == ("REGULAR", None)


def test_the_defaults_of_the_codelab_hold() -> None:
    """MTU 8896, spill-over at 60 %, a dead region found in ten seconds, the last chart."""
    assert NetworkSpec().mtu == 8896
    assert (DEFAULT_SPILL_OVER_PERCENT, GatewaySpec().addresses) == (60, "named")
    assert HealthCheckSpec().detection_sec == 10
    assert HealthCheckSpec(interval_sec=2, timeout_sec=1, unhealthy_threshold=3).detection_sec == 6
    assert InferencePoolSpec().chart_version == "v1.5.0"


@pytest.mark.parametrize(
    ("settings", "hours"),
    [({"duration_hours": 11}, 44), ({"duration_hours": 4, "days": ("MO", "TU")}, 32), ({"duration_hours": 4}, 16)],
)
def test_a_maintenance_window_gives_gke_its_48_hours(settings: dict[str, Any], hours: int) -> None:
    """In any four weeks; fewer are refused with their number."""
    message = f"^duration_hours times days must give 48 hours in four weeks, got {hours}$"

    with pytest.raises(ValueError, match=message):
        MaintenanceWindowSpec(**settings)


def test_the_same_day_twice_gives_no_more_hours() -> None:
    """Only different days count."""
    assert MaintenanceWindowSpec(duration_hours=4, days=("MO", "WE", "FR"))
    with pytest.raises(ValueError, match=r"got 16"):
        MaintenanceWindowSpec(duration_hours=4, days=("MO", "MO", "MO"))


@pytest.mark.parametrize(("low", "high", "most"), [(0, 3, "1000"), (4, 3, r"max_nodes_per_zone \(3\)")])
def test_the_system_pool_has_bounds_in_order(low: int, high: int, most: str) -> None:
    """It never shrinks to nothing, and the lower bound is not above the upper one."""
    message = rf"^min_nodes_per_zone must be between 1 and {most}, got {low}$"

    with pytest.raises(ValueError, match=message):
        SystemPoolSpec(min_nodes_per_zone=low, max_nodes_per_zone=high)


@pytest.mark.parametrize("path", ["health", "http://localhost:8000/health"])
def test_a_server_is_asked_for_its_health_at_a_path(path: str) -> None:
    """One that begins with a slash."""
    with pytest.raises(ValueError, match=rf"^health_path must start with '/', got '{path}': write '/health'$"):
        make(ServerSpec, health_path=path)


@pytest.mark.parametrize("version", ["0.11.0", "0.11", "1.0.12"])
def test_the_version_of_the_server_may_be_given(version: str) -> None:
    """Where the image's tag does not name it."""
    assert make(ServerSpec, version=version).version == version


@pytest.mark.parametrize("version", ["v0.11.0", "0", "latest", "0.11.0rc1", "0.11.0\n", ""])
def test_a_version_of_the_server_is_two_or_three_numbers(version: str) -> None:
    """Nothing before or after."""
    with pytest.raises(ValueError, match=rf"^version must read like 0.11.0, got '{version.strip()}(\\n)?'$"):
        make(ServerSpec, version=version)


def test_model_armor_begins_with_googles_own_example() -> None:
    """Everything from a medium confidence on is blocked, prompts are in no log, and no request passes unscreened."""
    spec = ModelArmorSpec()

    assert set(spec.filters.harms.values()) == {spec.filters.prompt_injection} == {"MEDIUM_AND_ABOVE"}
    assert (spec.filters.malicious_urls, spec.filters.sensitive_data, spec.log_prompts) == (False, False, False)
    assert (spec.enforcement, spec.screen_responses, spec.fail_open, spec.timeout_ms) == (
        "INSPECT_AND_BLOCK", True, False, 1000,
    )  # fmt: skip


def test_model_armor_has_a_filter() -> None:
    """One is enough; without any it would cost time and find nothing."""
    off: dict[str, Any] = dict.fromkeys(
        ("prompt_injection", "hate_speech", "dangerous", "harassment", "sexually_explicit"), "OFF"
    )

    assert ModelArmorFiltersSpec(**off, sensitive_data=True)
    assert ModelArmorFiltersSpec(**(off | {"dangerous": "HIGH"}))
    with pytest.raises(ValueError, match=r"^keep at least one filter on, got none$"):
        ModelArmorFiltersSpec(**off)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("filters", ModelArmorFiltersSpec(dangerous="HIGH")),
        ("models", {"gemma": ModelArmorFiltersSpec()}),
        ("enforcement", "INSPECT_ONLY"),
        ("log_prompts", True),
    ],
)
def test_an_existing_template_has_its_own(name: str, given: object) -> None:
    """What describes our own templates would change nothing: nobody tries what blocks, or logs what is not logged."""
    settings: dict[str, Any] = {name: given}

    with pytest.raises(ValueError, match=f"^template must not be given with {name}: an existing template has its own"):
        ModelArmorSpec(template="llm", **settings)


@pytest.mark.parametrize("template", ["1llm", "a" * 64, "llm!", "projects/p/templates/llm", ""])
def test_an_existing_template_is_named_by_its_id(template: str) -> None:
    """Or by its full name, for which a rule says what to write."""
    assert ModelArmorSpec(template="projects/p/locations/us-east1/templates/llm")
    with pytest.raises(ValueError, match=r"^template must be the ID of a template"):
        ModelArmorSpec(template=template)


def test_autoscaling_grows_before_the_spill_over_and_shrinks_slowly() -> None:
    """Its default target is below the gateway's; pods go one a minute, after five minutes of less load."""
    autoscaling = AutoscalingSpec(max_replicas=3)

    assert autoscaling.target_percent < DEFAULT_SPILL_OVER_PERCENT
    assert (autoscaling.min_replicas, autoscaling.metric_source) == (1, None)
    assert (autoscaling.scale_up_window_sec, autoscaling.scale_down_window_sec) == (15, 300)
    assert autoscaling.scale_down_pods_per_minute == 1


def test_autoscaling_has_bounds_in_order() -> None:
    """The same number twice is allowed."""
    assert AutoscalingSpec(min_replicas=2, max_replicas=2)
    with pytest.raises(ValueError, match=r"^max_replicas must be at least min_replicas \(2\), got 1$"):
        AutoscalingSpec(min_replicas=2, max_replicas=1)


@pytest.mark.parametrize(
    "image",
    [
        *("vllm/vllm-tpu:v0.27.0", "localhost:5000/vllm:v1", f"vllm@sha256:{'a' * 64}", f"v:1@sha256:{'a' * 64}"),
        *("us-docker.pkg.dev/my-project/a__b/c--d.e_f:V1.2-x", "[::1]:5000/vllm:v1", "GCR.io/vllm:_1"),
        "${TfToken[TOKEN.7]}/vllm:v1",
    ],
)
def test_an_image_with_a_version_or_digest_is_accepted(image: str) -> None:
    """A registry's port is no version, but does no harm; nor does what is known after apply."""
    assert make(ServerSpec, image=image).image == image


@pytest.mark.parametrize("image", ["vllm", "vllm/vllm-tpu", "localhost:5000/vllm", "vllm:", "https://vllm/vllm-tpu"])
def test_an_image_without_a_tag_is_refused(image: str) -> None:
    """Nobody chose its version. A tag that moves was chosen, and is warned of by a rule."""
    name = image.removeprefix("https://").rstrip(":")
    words = f"^image must name a tag or a digest, got '{image}': write '{name}:' and its tag$"
    with pytest.raises(ValueError, match=words):
        make(ServerSpec, image=image)


IMAGES = {
    "https://docker.io/vllm/vllm-openai:v1": "'docker.io/vllm/vllm-openai:v1'",
    "oci://ghcr.io/mine/vllm:v1": "'ghcr.io/mine/vllm:v1'",
    "https://hub.docker.com/r/vllm/vllm-openai:v1": "'docker.io/vllm/vllm-openai:v1'",
    "docker.io/VLLM/vllm-openai:V1": "'docker.io/vllm/vllm-openai:V1'",
    "docker pull --platform=linux/amd64 vllm/vllm-openai:v1": "'vllm/vllm-openai:v1'",
    " vllm:v1 ": "'vllm:v1'",
    "vllm:v1\n": "'vllm:v1'",
    f"vllm@SHA256:{'A' * 64}": f"'vllm@sha256:{'a' * 64}'",
    "vllm@sha512:abc": "registry, path and tag alone",
    "vllm/-vllm:v1": "registry, path and tag alone",
    "vllm:v1:v2": "registry, path and tag alone",
    f"vllm:{'v' * 129}": "registry, path and tag alone",
}


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_that_no_kubelet_can_read_is_refused(image: str) -> None:
    """An address, a command, capitals, blanks: with what was meant."""
    given = image.replace("\n", "\\n")
    words = re.escape(f"image must read like docker.io/vllm/vllm-openai:v0.27.1, got '{given}': write {IMAGES[image]}")
    with pytest.raises(ValueError, match=f"^{words}$"):
        make(ServerSpec, image=image)


@pytest.mark.parametrize("digits", [0, 63, 65])
def test_a_digest_of_another_length_is_told_as_such(digits: int) -> None:
    """The most likely slip of a copied digest."""
    words = rf"^image must have 64 digits behind sha256, not {digits}, got 'vllm@sha256:a*': write the whole digest$"
    with pytest.raises(ValueError, match=words):
        make(ServerSpec, image=f"vllm@sha256:{'a' * digits}")


@pytest.mark.parametrize(
    ("settings", "modes"),
    [
        ({}, []),
        ({"on_demand": True}, ["on_demand"]),
        ({"spot": True}, ["spot"]),
        ({"flex_start": True}, ["flex_start"]),
        ({"reservation": "tpus"}, ["reservation"]),
        ({"queued": True}, ["queued"]),
        ({"queued": True, "spot": True, "reservation": "tpus"}, ["spot", "reservation", "queued"]),
    ],
)
def test_capacity_tells_which_ways_are_chosen(settings: dict[str, Any], modes: list[str]) -> None:
    """All of them, so that two can be refused by name; nodes come late only with two of the five."""
    capacity = CapacitySpec(**settings)

    assert capacity.modes == modes
    assert capacity.grows_from_zero == bool({"flex_start", "queued"} & set(modes))
    if len(modes) == 1:
        assert capacity.mode == modes[0]


def test_a_pool_is_on_demand_unless_told() -> None:
    """Kept until released, of a fixed size that the plan counts as one node in each zone."""
    pool = make(NodePoolSpec)

    assert (pool.capacity.mode, pool.nodes_per_zone, pool.autoscaling, pool.disk_gib) == ("on_demand", None, None, 200)


def test_a_region_has_a_zone() -> None:
    """None is refused."""
    with pytest.raises(ValueError, match=r"^zones must name at least one zone, got none$"):
        make(RegionSpec, zones=())


@pytest.mark.parametrize("host", ["gemma", "gemma.example.com", "g-1.internal"])
def test_an_address_has_any_host_name(host: str) -> None:
    """One label is usual in a private zone, and an HTTPRoute takes it."""
    assert AddressSpec(host=host).host == host


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ((), "paths must have 1 to 16 prefixes, got 0"),
        (("v1",), "paths must hold paths such as /v1, without a slash at the end, got 'v1'"),
        (("/v1/",), "paths must hold paths such as /v1, without a slash at the end, got '/v1/'"),
        (("/",), "paths must hold paths such as /v1, without a slash at the end, got '/'"),
        (("/v1/../metrics",), "paths must hold paths such as /v1, without a slash at the end, got '/v1/../metrics'"),
        (("/v1", "/v1"), "paths must name each path once, got '/v1' again"),
    ],
)
def test_paths_of_a_gateway_are_prefixes(paths: tuple[str, ...], message: str) -> None:
    """Each is a rule of a route, which takes no empty one."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        GatewaySpec(paths=paths)
