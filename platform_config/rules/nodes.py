"""Rules about the nodes of a pool: boot disk, local SSDs, drivers, and how container images reach them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.rules.rule import Rule, pool_plans, pool_specs

DISK_TYPES = ("hyperdisk-balanced", "hyperdisk-extreme", "pd-balanced", "pd-extreme", "pd-ssd", "pd-standard")
SMALLEST_DISKS = {"hyperdisk-extreme": 64, "pd-extreme": 500}
"""In GiB; the smallest disks of the other types are smaller than any boot disk."""
IMAGE_PATH = r"projects/[a-z][a-z0-9.:-]*/global/images/[a-z]([a-z0-9-]{0,61}[a-z0-9])?"


def _disk_type(config: Config) -> Iterator[Problem]:
    for path, _, spec in pool_specs(config):
        if spec.disk_type is not None and spec.disk_type not in DISK_TYPES:
            message = f"must be one of {', '.join(DISK_TYPES)}, got {shown(spec.disk_type)}"
            yield Problem(f"{path}.disk_type", message, "remove the line: the machine's default is used")


def _disk_size(config: Config) -> Iterator[Problem]:
    for path, plan in pool_plans(config):
        least = SMALLEST_DISKS.get(plan.disk_type, 0)
        if plan.spec.disk_gib < least:
            message = f"must be at least {least} for {plan.disk_type}, got {plan.spec.disk_gib}"
            yield Problem(f"{path}.disk_gib", message, f"write {least}, or remove the line with disk_type")


def _odd_disk(config: Config) -> Iterator[Problem]:
    for path, plan in pool_plans(config):
        kind = plan.machine.boot_disk_type.split("-")[0]
        if plan.disk_type in DISK_TYPES and not plan.disk_type.startswith(kind):
            message = f"should be {plan.machine.boot_disk_type} for {plan.spec.machine_type}, got '{plan.disk_type}'"
            yield Problem(f"{path}.disk_type", message, "remove the line")


def _local_ssds(config: Config) -> Iterator[Problem]:
    for path, plan in pool_plans(config):
        count, machine = plan.spec.local_ssds, plan.machine
        if count is None or machine.takes_local_ssds(count):
            continue
        name, numbers = machine.machine_type, " or ".join(str(number) for number in machine.local_ssd_choices or ())
        why = f"which always has {machine.local_ssds}" if machine.local_ssds else "which takes none"
        message = f"must be {numbers} for {name}" if numbers else f"must be left out for {name}, {why}"
        yield Problem(
            f"{path}.local_ssds", f"{message}, got {count}", f"write {numbers}" if numbers else "remove the line"
        )


def _driver(config: Config) -> Iterator[Problem]:
    for path, plan in pool_plans(config):
        if plan.machine.kind == "tpu" and plan.spec.gpu_driver_version is not None:
            message = f"must be left out for {plan.machine.machine_type}, got '{plan.spec.gpu_driver_version}'"
            yield Problem(f"{path}.gpu_driver_version", message, "remove the line")


def _image_disk(config: Config) -> Iterator[Problem]:
    for path, _, spec in pool_specs(config):
        disk = spec.preloaded_image_disk
        if disk is not None and not re.fullmatch(IMAGE_PATH, disk):
            message = f"must be projects/<project>/global/images/<name>, got {shown(disk)}"
            yield Problem(f"{path}.preloaded_image_disk", message, "`gcloud compute images list` shows them")


def _image_disk_streaming(config: Config) -> Iterator[Problem]:
    for path, _, spec in pool_specs(config):
        if spec.preloaded_image_disk is not None and not spec.image_streaming:
            given = "nothing" if spec.image_streaming is None else "false"
            message = f"must be true with preloaded_image_disk, got {given}"
            yield Problem(f"{path}.image_streaming", message, "write image_streaming: true")


RULES = (
    Rule(
        "POOL-DISK-TYPE",
        "`disk_type` is one that Compute Engine has",
        "GKE refuses others when the pool is made.",
        "GKE API, NodeConfig.diskType",
        _disk_type,
    ),
    Rule(
        "POOL-DISK-SIZE",
        "`disk_gib` is at least the smallest size of the disk type",
        "Compute Engine refuses smaller disks.",
        "Google, About Hyperdisk Extreme, size and performance limits; Extreme Persistent Disk",
        _disk_size,
    ),
    Rule(
        "POOL-DISK-ODD",
        "`disk_type` is of the kind that the machine boots from",
        "New machines boot from Hyperdisk, older ones from Persistent Disk; others are refused for most of them.",
        "GoogleCloudPlatform/cluster-toolkit and AI-Hypercomputer/xpk blueprints",
        _odd_disk,
        severity="warning",
    ),
    Rule(
        "POOL-LOCAL-SSD",
        "`local_ssds` is a number that the machine takes",
        "Compute Engine refuses others, and machines that come with local SSDs have all of them.",
        "Google, About Local SSD disks, choose a valid number; GKE API, EphemeralStorageLocalSsdConfig",
        _local_ssds,
    ),
    Rule(
        "POOL-DRIVER",
        "Only GPU pools have a driver version",
        "TPU nodes have their driver in the image.",
        "GKE API, GPUDriverInstallationConfig",
        _driver,
    ),
    Rule(
        "POOL-IMAGE-DISK",
        "`preloaded_image_disk` is the path of a disk image",
        "GKE makes a disk of it for each node, and no node starts without.",
        "GKE API, SecondaryBootDisk.diskImage",
        _image_disk,
    ),
    Rule(
        "POOL-IMAGE-STREAMING",
        "A disk with container images goes with image streaming",
        "The container runtime reads the disk with the plugin that image streaming turns on.",
        "Google, Use secondary boot disks to preload data or container images",
        _image_disk_streaming,
    ),
)
