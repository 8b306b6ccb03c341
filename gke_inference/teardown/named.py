"""What is told by name that it may go, refused where it cannot."""

from __future__ import annotations

from gke_inference.teardown.states import BUCKET, States, protected
from gke_inference.teardown.turn import Lost
from platform_config.config import Config
from platform_config.errors import shown
from platform_config.names import Names


def name_problems(config: Config, clusters: tuple[str, ...], bucket: str | None) -> list[str]:
    """Names that are none of ours."""
    names = Names(config)
    ours = [names.cluster(key) for key in config.regions]
    found = [
        f"--delete-cluster: must be one of {', '.join(ours)}, got {shown(name)}"
        for name in clusters
        if name not in ours
    ]
    if bucket is not None and (config.bucket is None or bucket != names.bucket):
        wanted = f"must be {names.bucket}" if config.bucket else "must not be given: this platform has no bucket"
        found.append(f"--delete-bucket: {wanted}, got {shown(bucket)}")
    return found


def protection_problems(states: States, clusters: tuple[str, ...], bucket: str | None, lost: Lost) -> list[str]:
    """What was named and yet cannot go: told before anything is gone, for Terraform would tell it half-way."""
    found = []
    for stack, resources in states.items():
        found += [
            f"--delete-cluster {name}: must be free to go, it has deletion_protection in the state of {stack}\n"
            f"    fix: cluster.deletion_protection: false in the config, `make synth`, apply {stack} (where Terraform "
            f"calls it tainted: `terraform untaint` it first)"
            for name in protected(resources)
            if name in clusters and not lost(stack)
        ]
        found += [
            f"--delete-bucket {bucket}: must be free to go, it has no force_destroy in the state of {stack}\n"
            f"    fix: bucket.force_destroy: true in the config, `make synth`, apply {stack}"
            for one in resources
            if bucket is not None and one.kind == BUCKET and one.values.get("force_destroy") is not True
        ]
    return found
