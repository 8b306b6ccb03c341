"""From a config to the files of its objects."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from gke_inference.export.gitops.files import Tool, gitops_files
from gke_inference.export.gitops.folder import write_folder
from gke_inference.export.gitops.objects import ClusterObjects, read_objects
from gke_inference.synth.synthesize import synthesize
from platform_config.config import Config
from platform_config.errors import ConfigError, Problem


@dataclass(frozen=True, kw_only=True)
class GitOpsExport:
    """
    What was written.

    Attributes:
        clusters: The clusters, with their objects.
        files: How many files.
        removed: Files of an older export that went.
    """

    clusters: tuple[ClusterObjects, ...]
    files: int
    removed: tuple[str, ...]


def export_objects(config: Config, source: str, folder: Path, tool: Tool) -> GitOpsExport:
    """
    Write every object that Terraform would apply to the clusters of *config*.

    Raises:
        ConfigError: The config has no `workloads: gitops`, or the folder holds files of others.
    """
    if config.workloads != "gitops":
        message = "must be gitops for an export of objects: Terraform would apply them too, got terraform"
        fix = "write workloads: gitops, and gitops: {repository: ...}"
        raise ConfigError(source, [Problem("workloads", message, fix)])
    applied = config.model_copy(update={"workloads": "terraform", "gitops": None})
    with tempfile.TemporaryDirectory() as made:
        synthesize(applied, Path(made))
        clusters = read_objects(applied, Path(made))
    files = gitops_files(config, source, clusters, tool)
    removed = write_folder(folder, config.name, files)
    return GitOpsExport(clusters=tuple(clusters), files=len(files), removed=tuple(removed))
