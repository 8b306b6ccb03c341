"""A GKE Standard cluster that can serve models behind a multi-cluster gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_google.container_cluster import ContainerCluster
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

from constructs_lib import cluster_settings
from constructs_lib.accelerators import PoolPlan
from constructs_lib.cluster_plan import ClusterPlan
from constructs_lib.cluster_version import asked_version, check_version, wrong_version
from constructs_lib.existing_cluster import find_cluster
from constructs_lib.node_pool import NodePool
from constructs_lib.specs import ClusterSpec, NodePoolSpec
from constructs_lib.specs.limits import refuse
from constructs_lib.system_pool import SystemPool


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
        name_when_made: The name, for what must come after the cluster (known after apply; known at synth for an
            existing cluster).
        replaced_with: What a new cluster in place of this one takes with it: pools name its id (known at synth).
        dns_endpoint: Host name of the control plane (known after apply).
        control_plane: The cluster without its pools, for what comes after it (known at synth).
        version_checked: The cluster once its version has reached the floor, for what needs it (known at synth).
        google: The provider, which the pools use too (known at synth).
        plan: The plan (known at synth).
        spec: The spec (known at synth).
    """

    id: str
    name_when_made: str
    replaced_with: list[str]
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
            min_master_version=asked_version(self, google=google, plan=plan, spec=spec),
            maintenance_policy={"recurring_window": cluster_settings.maintenance_window(plan, spec)},
            **cluster_settings.network(plan),
            **cluster_settings.access(plan, spec),
            **cluster_settings.features(plan),
            **cluster_settings.own_nodes(plan, spec),
            deletion_protection=spec.deletion_protection,
            timeouts={"create": "60m", "update": "90m", "delete": "60m"},
            lifecycle={"ignore_changes": cluster_settings.ignored_changes(spec)},
        )
        self.id = cluster.id
        self.name_when_made = cluster.name
        self.replaced_with = [f"{cluster.terraform_resource_type}.{cluster.friendly_unique_id}.id"]
        self.dns_endpoint = cluster.control_plane_endpoints_config.dns_endpoint_config.endpoint
        self.control_plane = cluster
        self.version_checked = check_version(self, google=google, plan=plan, after=[cluster])
        cluster_settings.warn_of_missing_components(cluster, plan)

    @classmethod
    def from_existing(
        cls,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        plan: ClusterPlan,
        spec: ClusterSpec,
        node_pools: Mapping[str, PoolPlan] | None = None,
        membership: str | None = None,
    ) -> GkeCluster:
        """
        Return a cluster that is managed elsewhere, so that pools can be added to it here.

        It is looked up by name and location, and nothing of it is managed. A plan fails where it does not fit, and says
        why: another network or pod range, a version below the plan's floor, an add-on that is off. Of the spec only
        `mode`, `private_nodes`, `dataplane_v2` and `system_pool` count: give what it has.

        Args:
            google: Provider of the project.
            plan: Names and places.
            spec: What it has in common with the other clusters.
            node_pools: What each pool must be that it must have, by name. Default: none.
            membership: Full name of the only membership of a fleet that it may have. Default: any.
        """
        cluster = _ExistingCluster(scope, id_, google=google, plan=plan, spec=spec)
        cluster.look_up(node_pools, membership)
        return cluster

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


class _ExistingCluster(GkeCluster):
    """A cluster that is managed elsewhere: a data source in place of the resource."""

    def __init__(
        self, scope: Construct, id_: str, *, google: GoogleProvider, plan: ClusterPlan, spec: ClusterSpec
    ) -> None:
        Construct.__init__(self, scope, id_)
        self._describe(google, plan, spec)

    def look_up(self, node_pools: Mapping[str, PoolPlan] | None, membership: str | None) -> None:
        """Read it, with what it must have."""
        plan = self.plan
        found = find_cluster(
            self,
            "version",
            google=self.google,
            plan=plan,
            spec=self.spec,
            node_pools=node_pools,
            membership=membership,
        )
        self.id = f"projects/{plan.project}/locations/{plan.location}/clusters/{plan.name}"
        self.name_when_made = plan.name
        self.replaced_with = []
        self.dns_endpoint = found.control_plane_endpoints_config.get(0).dns_endpoint_config.get(0).endpoint
        self.control_plane = found
        self.version_checked = found
