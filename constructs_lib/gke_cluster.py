"""A GKE Standard cluster that can serve models behind a multi-cluster gateway."""

from __future__ import annotations

from dataclasses import replace

from cdktf import Fn, ITerraformDependable, Op, TerraformStack
from cdktf_cdktf_provider_google.container_cluster import ContainerCluster
from cdktf_cdktf_provider_google.data_google_container_cluster import DataGoogleContainerCluster
from cdktf_cdktf_provider_google.data_google_container_engine_versions import DataGoogleContainerEngineVersions
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

from constructs_lib import cluster_settings
from constructs_lib.cluster_plan import ClusterPlan
from constructs_lib.cluster_settings import LOGGED, MONITORED
from constructs_lib.gke_version import GkeVersion
from constructs_lib.node_pool import NodePool
from constructs_lib.specs import ClusterSpec, NodePoolSpec
from constructs_lib.specs.limits import refuse
from constructs_lib.system_pool import SystemPool
from constructs_lib.version_check import reaches_floor, wrong_version


class GkeCluster(Construct):
    """
    A VPC-native cluster with Gateway API, Workload Identity, GCS FUSE, managed Prometheus and a DNS endpoint.

    It has no default pool, no public endpoint and no basic authentication, and is protected from deletion unless the
    spec turns that off.

    Args:
        google: Provider of the project.
        plan: Names and places.
        spec: What all clusters have in common.

    Raises:
        ValueError: The GKE version that the spec asks for cannot be read, or is below the plan's floor.

    Attributes:
        name: The cluster's name (known at synth).
        project: Project ID (known at synth).
        location: Region or zone of the control plane (known at synth).
        id: Path in the GKE API (known after apply; known at synth for an existing cluster).
        dns_endpoint: Host name of the control plane (known after apply).
        control_plane: The cluster without its pools, for what comes after it (known at synth).
        version_checked: The cluster once its version has reached the floor, for what needs it (known at synth).
        google: The provider, which the pools use too (known at synth).
        plan: The plan (known at synth).
        spec: The spec (known at synth).
    """

    id: str
    dns_endpoint: str
    control_plane: ITerraformDependable
    version_checked: ITerraformDependable

    def __init__(
        self, scope: Construct, id_: str, *, google: GoogleProvider, plan: ClusterPlan, spec: ClusterSpec
    ) -> None:
        refuse(wrong_version(spec.gke_version, plan.version_floor))
        super().__init__(scope, id_)
        self._describe(google, plan, spec)
        cluster = ContainerCluster(
            self,
            "Default",
            provider=google,
            project=plan.project,
            name=plan.name,
            location=plan.location,
            # A zonal cluster counts its own zone already and refuses to have it named again.
            node_locations=[zone for zone in plan.zones if zone != plan.location],
            release_channel={"channel": spec.release_channel},
            min_master_version=spec.gke_version or self._default_version(),
            maintenance_policy={"recurring_window": cluster_settings.maintenance_window(plan, spec)},
            **cluster_settings.network(plan, spec),
            **cluster_settings.access(plan, spec),
            **cluster_settings.features(plan),
            **cluster_settings.default_pool(plan),
            deletion_protection=spec.deletion_protection,
            timeouts={"create": "60m", "update": "90m", "delete": "60m"},
            lifecycle={"ignore_changes": cluster_settings.ignored_changes(spec)},
        )
        self.id = cluster.id
        self.dns_endpoint = cluster.control_plane_endpoints_config.dns_endpoint_config.endpoint
        self.control_plane = cluster
        minor = GkeVersion.parse(plan.version_floor).minor
        fix = (
            f"set cluster.gke_version to '{minor}' or a newer minor version. Where the cluster is on {minor} already, "
            f"only a complete version moves it, one that its release channel offers"
        )
        self.version_checked = self._look_up(fix, after=[cluster])
        self._warn_of_missing(cluster, "logging", cluster.logging_config.enable_components, LOGGED)
        self._warn_of_missing(cluster, "monitoring", cluster.monitoring_config.enable_components, MONITORED)

    @classmethod
    def from_existing(
        cls, scope: Construct, id_: str, *, google: GoogleProvider, plan: ClusterPlan, spec: ClusterSpec
    ) -> GkeCluster:
        """
        Return a cluster that is managed elsewhere, so that pools can be added to it here.

        It is looked up by name and location, and nothing of it is managed. A plan fails while its version is below the
        plan's floor. Of the spec only `private_nodes`, `dataplane_v2` and `system_pool` count: give what it has.
        """
        return _ExistingCluster(scope, id_, google=google, plan=plan, spec=spec)

    def add_system_pool(self, key: str, *, machine_type: str) -> SystemPool:
        """
        Add the pool for everything that needs no accelerator; it grows between the spec's bounds.

        Args:
            key: Name of the pool.
            machine_type: Compute Engine machine type, such as `e2-standard-8`.

        Raises:
            ValueError: GKE takes no pool called *key*.
        """
        spec = replace(self.spec.system_pool, machine_type=machine_type)
        return SystemPool(self, f"pool-{key}", cluster=self, name=key, spec=spec)

    def add_accelerator_pool(self, key: str, spec: NodePoolSpec, *, compute_class: str | None = None) -> NodePool:
        """
        Add a TPU or GPU pool.

        Args:
            key: Name of the pool.
            spec: What is asked for.
            compute_class: Name of the ComputeClass whose pods alone may run on it. Default: any pods may.

        Raises:
            ValueError: As in `NodePool`.
        """
        return NodePool(self, f"pool-{key}", cluster=self, name=key, spec=spec, compute_class=compute_class)

    def _describe(self, google: GoogleProvider, plan: ClusterPlan, spec: ClusterSpec) -> None:
        """Set the attributes that are known at synth."""
        self.google = google
        self.plan = plan
        self.spec = spec
        self.name = plan.name
        self.project = plan.project
        self.location = plan.location

    def _default_version(self) -> str:
        """
        Return the channel's own default where it has every feature in use, else the newest of the floor's minor.

        Exact versions are offered for weeks and minor versions for a year: neither can stand in a file for long.
        """
        offered = DataGoogleContainerEngineVersions(
            self, "versions", provider=self.google, project=self.project, location=self.location
        )
        default = offered.release_channel_default_version.lookup(self.spec.release_channel)
        floor = GkeVersion.parse(self.plan.version_floor)
        return f'${{{floor.reached_by(default)} ? null : "{floor.minor}"}}'

    def _look_up(self, fix: str, after: list[ITerraformDependable]) -> DataGoogleContainerCluster:
        """
        Read the cluster as it is, and stop what depends on it while the version is below the floor.

        Terraform reads it while it plans, where it plans to leave *after* alone; else once it has changed that.
        """
        return DataGoogleContainerCluster(
            self,
            "version",
            provider=self.google,
            project=self.project,
            name=self.name,
            location=self.location,
            depends_on=after or None,
            lifecycle=reaches_floor(self.name, self.plan.version_floor, fix=fix),
        )

    def _warn_of_missing(
        self, cluster: ContainerCluster, part: str, enabled: list[str], wanted: dict[str, str]
    ) -> None:
        """Warn in each plan of what an older cluster lacks of *wanted*, which no plan changes."""
        missing = Fn.setsubtract(list(wanted), enabled)
        command = f"gcloud container clusters update {self.name} --project={self.project}"
        command += f" --location={self.location} --{part}={','.join(wanted.values())}"
        rule = {
            "condition": Op.lt(Fn.length_of(missing), 1),
            "error_message": f"{self.name} lacks a {part} component, which Terraform leaves alone: run `{command}`",
        }
        TerraformStack.of(self).add_override(f"check.{cluster.friendly_unique_id}-{part}", {"assert": [rule]})


class _ExistingCluster(GkeCluster):
    """A cluster that is managed elsewhere: a data source in place of the resource."""

    def __init__(
        self, scope: Construct, id_: str, *, google: GoogleProvider, plan: ClusterPlan, spec: ClusterSpec
    ) -> None:
        Construct.__init__(self, scope, id_)
        self._describe(google, plan, spec)
        found = self._look_up("upgrade it where it is managed, or leave those features out", after=[])
        self.id = f"projects/{plan.project}/locations/{plan.location}/clusters/{plan.name}"
        self.dns_endpoint = found.control_plane_endpoints_config.get(0).dns_endpoint_config.get(0).endpoint
        self.control_plane = found
        self.version_checked = found
