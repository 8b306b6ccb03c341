"""Ready files for pipelines: each module returns them by path, below `samples/` of the export."""

from __future__ import annotations

from gke_inference.export.contents import Contents
from gke_inference.export.samples.atlantis import atlantis
from gke_inference.export.samples.cloud_build import cloud_build
from gke_inference.export.samples.github import github
from gke_inference.export.samples.gitlab import gitlab
from gke_inference.export.samples.terragrunt import terragrunt

SAMPLES = {
    "github": github,
    "gitlab": gitlab,
    "atlantis": atlantis,
    "cloud-build": cloud_build,
    "terragrunt": terragrunt,
}


def sample_files(contents: Contents, names: tuple[str, ...]) -> dict[str, str]:
    """Return the files of the samples *names*, by their path in the export."""
    return {f"samples/{name}/{path}": text for name in names for path, text in SAMPLES[name](contents).items()}
