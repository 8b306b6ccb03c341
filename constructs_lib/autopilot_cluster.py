"""A GKE Autopilot cluster that can serve models behind a gateway: Google makes its nodes as pods ask for them."""

from __future__ import annotations

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_google.container_cluster import ContainerCluster
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

from constructs_lib import cluster_settings
from constructs_lib.cluster_plan import ClusterPlan
from constructs_lib.cluster_version import asked_version, check_version, wrong_version
from constructs_lib.specs import ClusterSpec
from constructs_lib.specs.limits import refuse


class AutopilotCluster(Construct):
    """
    What `GkeCluster` is, without node pools: ComputeClasses in the cluster say which machines its pods get.

    Always on in Autopilot, and so not in the spec's hands: Dataplane V2, Workload Identity, shielded nodes, image
    streaming, a regional control plane.

    Args:
        google: Provider of the project.
        plan: Names and places. The location is the region.
        spec: What all clusters have in common; of `control_plane`, `dataplane_v2` and `system_pool` nothing is read.

    Raises:
        ValueError: The location is a zone; the GKE version that the spec asks for cannot be read, or is below the
            plan's floor.

    Attributes:
        name: The cluster's name (known at synth).
        project: Project ID (known at synth).
        location: Region of the cluster (known at synth).
        id: Path in the GKE API (known after apply).
        dns_endpoint: Host name of the control plane (known after apply).
        control_plane: The cluster, for what comes after it (known at synth).
        version_checked: The cluster once its version has reached the floor, for what needs it (known at synth).
    """

    def __init__(
        self, scope: Construct, id_: str, *, google: GoogleProvider, plan: ClusterPlan, spec: ClusterSpec
    ) -> None:
        place = "" if plan.location == plan.region else f"location must be {plan.region}, got '{plan.location}'"
        refuse(filter(None, [place, *wrong_version(spec.gke_version, plan.version_floor)]))
        super().__init__(scope, id_)
        cluster = ContainerCluster(
            self,
            "Default",
            provider=google,
            project=plan.project,
            name=plan.name,
            location=plan.location,
            node_locations=list(plan.zones),
            release_channel={"channel": spec.release_channel},
            min_master_version=asked_version(self, google=google, plan=plan, spec=spec),
            maintenance_policy={"recurring_window": cluster_settings.maintenance_window(plan, spec)},
            **cluster_settings.network(plan),
            **cluster_settings.access(plan, spec),
            **cluster_settings.features(plan),
            **cluster_settings.google_nodes(plan),
            deletion_protection=spec.deletion_protection,
            timeouts={"create": "60m", "update": "90m", "delete": "60m"},
            lifecycle={"ignore_changes": cluster_settings.ignored_changes(spec)},
        )
        self.name = plan.name
        self.project = plan.project
        self.location = plan.location
        self.id: str = cluster.id
        self.dns_endpoint: str = cluster.control_plane_endpoints_config.dns_endpoint_config.endpoint
        self.control_plane: ITerraformDependable = cluster
        self.version_checked: ITerraformDependable = check_version(self, google=google, plan=plan, after=[cluster])
        cluster_settings.warn_of_missing_components(cluster, plan)
