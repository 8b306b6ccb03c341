"""A GKE Standard cluster that can serve models behind a multi-cluster gateway."""

from typing import Any

from cdktf import Fn, ITerraformDependable, Op, TerraformStack
from cdktf_cdktf_provider_google.container_cluster import ContainerCluster
from cdktf_cdktf_provider_google.data_google_container_cluster import DataGoogleContainerCluster
from cdktf_cdktf_provider_google.data_google_container_engine_versions import DataGoogleContainerEngineVersions
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

from constructs_lib.accelerators import PoolPlan
from constructs_lib.cluster_plan import ClusterPlan
from constructs_lib.gke_version import GkeVersion
from constructs_lib.global_network import POD_RANGE_NAME, SERVICE_RANGE_NAME
from constructs_lib.google_names import CLUSTER_LENGTH, told, wrong_word
from constructs_lib.node_pool import NodePool
from constructs_lib.specs import ClusterSpec
from constructs_lib.specs.cluster import Weekday
from constructs_lib.specs.limits import refuse
from constructs_lib.version_check import reaches_floor, wrong_version

WEEKDAYS: tuple[Weekday, ...] = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MONITORED = {"DCGM": "DCGM", "HPA": "HPA", "POD": "POD", "SYSTEM_COMPONENTS": "SYSTEM"}
LOGGED = {"SYSTEM_COMPONENTS": "SYSTEM", "WORKLOADS": "WORKLOAD"}
"""What GKE sends to Cloud Monitoring and Cloud Logging: the API's words, and gcloud's."""


class GkeCluster(Construct):
    """
    A VPC-native cluster with Gateway API, Workload Identity, GCS FUSE, managed Prometheus and a DNS endpoint.

    No default pool, no public endpoint, no basic authentication. Protected from deletion unless the spec says else.

    Args:
        google: Provider of the project.
        plan: Where it is.
        spec: What all clusters have in common.

    Raises:
        ValueError: The version that the spec asks for is none, or is below the plan's floor.

    Attributes:
        name: The cluster's name (known at synth).
        dns_endpoint: Host name of the control plane (known after apply).
        control_plane: The cluster without its pools, for what comes after it.
    """

    def __init__(
        self, scope: Construct, id_: str, *, google: GoogleProvider, plan: ClusterPlan, spec: ClusterSpec
    ) -> None:
        refuse(wrong_version(spec.gke_version, plan.version_floor))
        super().__init__(scope, id_)
        self.name = plan.name
        self._google = google
        self._plan = plan
        self._spec = spec
        self._cluster = ContainerCluster(
            self,
            "Default",
            provider=google,
            project=plan.project,
            name=plan.name,
            location=plan.location,
            # A zonal cluster counts its own zone already and refuses to have it named again.
            node_locations=[zone for zone in plan.zones if zone != plan.location],
            **self._versions(),
            **self._network(),
            **self._access(),
            **self._features(),
            **self._default_pool(),
            deletion_protection=spec.deletion_protection,
            timeouts={"create": "60m", "update": "90m", "delete": "60m"},
            lifecycle={"ignore_changes": self._not_ours()},
        )
        self.control_plane: ITerraformDependable = self._cluster
        self._version = self._checked_version()
        self.dns_endpoint = self._cluster.control_plane_endpoints_config.dns_endpoint_config.endpoint
        self._warn_of_missing("logging", self._cluster.logging_config.enable_components, LOGGED)
        self._warn_of_missing("monitoring", self._cluster.monitoring_config.enable_components, MONITORED)

    def add_system_pool(self, key: str, *, machine_type: str) -> NodePool:
        """
        Add the pool for everything that needs no accelerator; it grows between the spec's bounds.

        Raises:
            ValueError: GKE takes no pool called *key*.
        """
        refuse(told("key", key, wrong_word(key, CLUSTER_LENGTH)))
        return NodePool.for_system(
            self,
            f"pool-{key}",
            google=self._google,
            name=key,
            cluster=self._cluster,
            plan=self._plan,
            spec=self._spec,
            machine_type=machine_type,
        )

    def add_accelerator_pool(self, key: str, pool: PoolPlan, *, compute_class: str | None = None) -> NodePool:
        """
        Add a TPU or GPU pool; with *compute_class* for pods of that ComputeClass only.

        It is made or changed once the cluster's version has every feature in use. Managed DRANET needs a newer google
        provider than the bindings pin: see `provider_versions.pin_google`.

        Raises:
            ValueError: GKE takes no pool called *key*, its machines come from nowhere or from two places, or it has
                managed DRANET and the cluster no Dataplane V2.
        """
        problems = [*told("key", key, wrong_word(key, CLUSTER_LENGTH))]
        problems += [f"capacity {pool.spec.capacity.wrong_mode}"] if pool.spec.capacity.wrong_mode else []
        if pool.dranet and not self._spec.dataplane_v2:
            problems.append("dataplane_v2 must be true for managed DRANET, got false")
        refuse(problems)
        return NodePool.for_accelerators(
            self,
            f"pool-{key}",
            google=self._google,
            name=key,
            cluster=self._cluster,
            plan=self._plan,
            spec=self._spec,
            pool=pool,
            compute_class=compute_class,
            after=self._version,
        )

    def _versions(self) -> dict[str, Any]:
        spec = self._spec
        return {
            "release_channel": {"channel": spec.release_channel},
            "min_master_version": spec.gke_version or self._default_version(),
            "maintenance_policy": {"recurring_window": self._maintenance_window()},
        }

    def _default_version(self) -> str:
        """
        The channel's own default where it has every feature in use, else the newest of the floor's minor version.

        Exact versions are offered for weeks and minor versions for a year: neither can stand in a file for long.
        """
        offered = DataGoogleContainerEngineVersions(
            self, "versions", provider=self._google, project=self._plan.project, location=self._plan.location
        )
        default = offered.release_channel_default_version.lookup(self._spec.release_channel)
        floor = GkeVersion.parse(self._plan.version_floor)
        return f'${{{floor.reached_by(default)} ? null : "{floor.minor}"}}'

    def _checked_version(self) -> DataGoogleContainerCluster:
        """
        The cluster as it is, once it is as planned: what needs the floor depends on this.

        Terraform reads it while it plans, where it plans to leave the cluster alone; else after it has changed it.
        """
        plan, minor = self._plan, GkeVersion.parse(self._plan.version_floor).minor
        fix = (
            f"set cluster.gke_version to '{minor}' or a newer minor version. Where the cluster is on {minor} already, "
            f"only a complete version moves it, one that its release channel offers"
        )
        return DataGoogleContainerCluster(
            self,
            "version",
            provider=self._google,
            project=plan.project,
            name=plan.name,
            location=plan.location,
            depends_on=[self._cluster],
            lifecycle=reaches_floor(plan.name, plan.version_floor, fix=fix),
        )

    def _not_ours(self) -> list[str]:
        """
        What Terraform leaves alone after the first apply.

        The default pool's settings are gone with it, and planning them again fails. The release channel moves the
        version on, unless the config names one. GKE returns components in an order of its own, and the provider before
        8.0 holds lists: each plan would change them back (hashicorp/terraform-provider-google#28688).
        """
        version = [] if self._spec.gke_version else ["min_master_version"]
        components = [f"{part}_config[0].enable_components" for part in ("logging", "monitoring")]
        return ["node_config", "initial_node_count", *version, *components]

    def _warn_of_missing(self, part: str, held: list[str], wanted: dict[str, str]) -> None:
        """Say in each plan what an older cluster lacks of *wanted*, which no plan changes; a warning, not an error."""
        missing = Fn.setsubtract(list(wanted), held)
        command = f"gcloud container clusters update {self.name} --project={self._plan.project}"
        command += f" --location={self._plan.location} --{part}={','.join(wanted.values())}"
        rule = {
            "condition": Op.lt(Fn.length_of(missing), 1),
            "error_message": f"{self.name} lacks a {part} component, which Terraform leaves alone: run `{command}`",
        }
        TerraformStack.of(self).add_override(f"check.{self._cluster.friendly_unique_id}-{part}", {"assert": [rule]})

    def _maintenance_window(self) -> dict[str, str]:
        window = self._spec.maintenance_window
        days = sorted(set(window.days), key=WEEKDAYS.index) or [self._plan.maintenance_day]
        end = window.start_hour_utc + window.duration_hours
        # 2026-01-05 was a Monday; only the hours count, the days are in the recurrence.
        return {
            "start_time": f"2026-01-05T{window.start_hour_utc:02d}:00:00Z",
            "end_time": f"2026-01-{5 + end // 24:02d}T{end % 24:02d}:00:00Z",
            "recurrence": f"FREQ=WEEKLY;BYDAY={','.join(days)}",
        }

    def _network(self) -> dict[str, Any]:
        plan, spec = self._plan, self._spec
        prefix = f"projects/{plan.project}"
        return {
            "network": f"{prefix}/global/networks/{plan.network}",
            "subnetwork": f"{prefix}/regions/{plan.region}/subnetworks/{plan.subnetwork}",
            "networking_mode": "VPC_NATIVE",
            "datapath_provider": "ADVANCED_DATAPATH" if spec.dataplane_v2 else "LEGACY_DATAPATH",
            "ip_allocation_policy": {
                "cluster_secondary_range_name": POD_RANGE_NAME,
                "services_secondary_range_name": SERVICE_RANGE_NAME,
            },
            "gateway_api_config": {"channel": "CHANNEL_STANDARD"},
        }

    def _access(self) -> dict[str, Any]:
        """People and Terraform come in by the DNS endpoint and IAM; the IP endpoint is for the VPC and GKE itself."""
        return {
            "control_plane_endpoints_config": {"dns_endpoint_config": {"allow_external_traffic": True}},
            "private_cluster_config": {
                "enable_private_nodes": self._spec.private_nodes,
                "enable_private_endpoint": True,
                "master_global_access_config": {"enabled": True},
            },
            "master_authorized_networks_config": {"gcp_public_cidrs_access_enabled": False},
            "master_auth": {"client_certificate_config": {"issue_client_certificate": False}},
            "enable_legacy_abac": False,
            "enable_shielded_nodes": True,
            "workload_identity_config": {"workload_pool": f"{self._plan.project}.svc.id.goog"},
        }

    def _features(self) -> dict[str, Any]:
        return {
            "addons_config": {"gcs_fuse_csi_driver_config": {"enabled": True}},
            # Always said: an add-on that is left out of the request stays on (provider google 7.45, container_cluster).
            "secret_manager_config": {"enabled": self._plan.secret_manager},
            "monitoring_config": {"enable_components": list(MONITORED), "managed_prometheus": {"enabled": True}},
            "logging_config": {"enable_components": list(LOGGED)},
            "pod_autoscaling": {"hpa_profile": "PERFORMANCE"},
            "cost_management_config": {"enabled": True},
            "security_posture_config": {"mode": "BASIC", "vulnerability_mode": "VULNERABILITY_DISABLED"},
        }

    def _default_pool(self) -> dict[str, Any]:
        """GKE must make a pool with the cluster; it is removed at once, and is not allowed the default identity."""
        return {
            "remove_default_node_pool": True,
            "initial_node_count": 1,
            "node_config": {
                "machine_type": "e2-medium",
                "disk_size_gb": 30,
                "service_account": self._plan.node_service_account,
                "oauth_scopes": ["https://www.googleapis.com/auth/cloud-platform"],
                "shielded_instance_config": {"enable_secure_boot": True, "enable_integrity_monitoring": True},
                "workload_metadata_config": {"mode": "GKE_METADATA"},
            },
        }
