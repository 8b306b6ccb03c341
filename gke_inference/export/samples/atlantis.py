"""Atlantis: a project for each stack, in groups that are applied in order."""

from __future__ import annotations

from gke_inference.export.contents import Contents

HEAD = """# Copy to the root of the repository, with this export in `export/`, and repos.yaml into the server's config.
# A project waits for those in depends_on, also when it is applied alone. On the first pull request the plan of a
# project ends with the names of those that are to be applied before it: apply them, and comment `atlantis plan` again.
# To destroy: `atlantis plan -p PROJECT -- -destroy`, then `atlantis apply -p PROJECT`, one by one in this order:
# {destroy}
version: 3
automerge: false
parallel_plan: false
parallel_apply: false
abort_on_execution_order_fail: true
projects:
"""
PROJECT = """  - name: {stack}
    dir: export/stacks/{stack}
    workspace: default
    workflow: platform
    execution_order_group: {group}
    depends_on: [{needs}]
    autoplan:
      enabled: true
      when_modified: [{files}]
"""
SERVER = """# A part of the server's --repo-config. A pull request chooses the workflow, and cannot change what it does.
# The server signs in as the service account that it runs as (on GKE by workload identity): no key is stored.
# Leave --allow-fork-prs off: a fork's code would run with the server's permissions.
repos:
  - id: github.com/ORGANIZATION/REPOSITORY
    allowed_overrides: [workflow]
    allowed_workflows: [platform]
    allow_custom_workflows: false
    plan_requirements: [undiverged]
    apply_requirements: [approved, mergeable, undiverged]
workflows:
  platform:
    plan:
      steps:
        - run: TERRAFORM="terraform$ATLANTIS_TERRAFORM_VERSION" sh ../../platform.sh ready "$PROJECT_NAME"
        - run: TERRAFORM="terraform$ATLANTIS_TERRAFORM_VERSION" sh ../../platform.sh init "$PROJECT_NAME"
        - plan:
            extra_args: ["-lock-timeout=10m"]
    apply:
      steps:
        - run: TERRAFORM="terraform$ATLANTIS_TERRAFORM_VERSION" sh ../../platform.sh check-removed
        - apply:
            extra_args: ["-lock-timeout=10m"]
"""


def atlantis(contents: Contents) -> dict[str, str]:
    """Return the repository's file and the part of the server's."""
    group = {stack: number for number, wave in enumerate(contents.waves) for stack in wave}
    projects = [
        PROJECT.format(
            stack=stack,
            group=group[stack],
            needs=", ".join(contents.needs[stack]),
            files=", ".join(f'"{name}"' for name in _files(contents, stack)),
        )
        for stack in contents.order
    ]
    head = HEAD.format(destroy=" ".join(reversed(contents.order)))
    return {"atlantis.yaml": head + "".join(projects), "repos.yaml": SERVER}


def _files(contents: Contents, stack: str) -> list[str]:
    settings = contents.backend.file_name(stack)
    return ["*.tf.json", ".terraform.lock.hcl", *([f"../../{settings}"] if settings else [])]
