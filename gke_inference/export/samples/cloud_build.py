"""Cloud Build: one file for each of plan, apply and destroy."""

from __future__ import annotations

from gke_inference.export.contents import Contents
from gke_inference.export.samples.versions import TERRAFORM_IMAGE

BUILD = """{head}
steps:
  - id: {id}
    name: {image}
    entrypoint: sh
    args: [{arguments}]{variables}
{more}timeout: {timeout_sec}s
options:
  logging: CLOUD_LOGGING_ONLY
"""
PLAN = """# For a trigger on pull requests, with --included-files={place}**, and for one on the main branch:
# its log is what somebody reads who approves the apply. The build signs in as the service account of the trigger: no
# key is stored. The plan file stays in the build. Give the trigger of pull requests --comment-control=COMMENTS_ENABLED,
# so that a fork's code is built only once somebody who may write here has read it. A stack that needs one that is not
# applied yet is named and left out. With an image of yours that has the package too, `gke-inference plan-check` sees
# each plan."""
APPLY = """# For a trigger on the main branch with --require-approval, --included-files={place}**, and a
# service account of its own. The build starts with the approval: read the log of plan.yaml for the same commit before
# you approve it. Each stack is planned again right before it is applied. Cloud Build limits no concurrency: two builds
# at once wait for each other's locks, so let approvals follow each other."""
DESTROY = """# For a trigger that is run by hand, with --require-approval: --substitutions=_CONFIRM={platform}
# Clusters go only once the config has `cluster.deletion_protection: false` and that is applied."""
REMOVE = """# Destroys what an older config had, and applies the rest, in the order of order.json, removal: until
# then the apply is refused. For a trigger run by hand, with --require-approval: --substitutions=_CONFIRM={platform}"""
CONFIRM = """substitutions:
  _CONFIRM: ""
"""


def cloud_build(contents: Contents) -> dict[str, str]:
    """Return the build files."""
    name = contents.config.name
    return {
        "plan.yaml": _build(contents, PLAN.format(place=contents.place), "plan", "plan", 3600),
        "apply.yaml": _build(contents, APPLY.format(place=contents.place), "apply", "apply", 14400),
        "remove.yaml": _build(
            contents, REMOVE.format(platform=name), "remove", "remove, --yes, $_CONFIRM", 14400, more=CONFIRM
        ),
        "destroy.yaml": _build(
            contents, DESTROY.format(platform=name), "destroy", "destroy, --yes, $_CONFIRM", 14400, more=CONFIRM
        ),
    }


def _build(contents: Contents, head: str, id_: str, arguments: str, timeout_sec: int, more: str = "") -> str:
    names = [f'"TF_VAR_{name}=$_{name.upper()}"' for name in contents.named_variables]
    substitutions = [f'  _{name.upper()}: ""\n' for name in contents.named_variables]
    if substitutions:
        more = (more or "substitutions:\n") + "".join(substitutions)
    return BUILD.format(
        head=head,
        id=id_,
        image=TERRAFORM_IMAGE,
        arguments=f"{contents.place}platform.sh, {arguments}",
        variables=f"\n    env: [{', '.join(names)}]" if names else "",
        more=more,
        timeout_sec=timeout_sec,
    )
