"""Atlantis: a project for each stack, in groups that are applied in order."""

from __future__ import annotations

from gke_inference.export.contents import Contents

HEAD = """# Copy to the root of the repository, and repos.yaml into the server's config. Of several platforms, one
# file has the projects of all.
# A project waits for those in depends_on, also when it is applied alone. On the first pull request the plan of a
# project ends with the names of those that are to be applied before it: apply them, and comment `atlantis plan` again.
# What an older config had is destroyed, and the rest applied, by the project {platform}-remove: until then applies are
# refused. `atlantis plan -p {platform}-remove` lists what is there, `atlantis apply -p {platform}-remove` does it.
# To destroy: `atlantis plan -p PROJECT -- -destroy`, then `atlantis apply -p PROJECT`, one by one in this order:
# {destroy}
version: 3
automerge: false
parallel_plan: false
parallel_apply: false
abort_on_execution_order_fail: true
projects:
"""
PROJECT = """  - name: {platform}-{stack}
    dir: {place}stacks/{stack}
    workspace: default
    workflow: platform
    execution_order_group: {group}
    depends_on: [{needs}]
    autoplan:
      enabled: true
      when_modified: [{files}]
"""
REMOVE = """  - name: {platform}-remove
    dir: {place}
    workspace: default
    workflow: platform-remove
    autoplan:
      enabled: false
      # No file is that: it is planned by its name alone.
      when_modified: ["remove"]
"""
SERVER = """# A part of the server's --repo-config. A pull request chooses the workflow, and cannot change what it does.
# The server signs in as the service account that it runs as (on GKE by workload identity): no key is stored.
# `undiverged` needs the server's --checkout-strategy=merge: without it Atlantis plans a branch as it is.
# Leave --allow-fork-prs off: a fork's code would run with the server's permissions.
# An approval approves the plans in the pull request: these are applied, as they are. Where the package is installed on
# the server, `gke-inference plan-check` sees each of them first.
repos:
  - id: github.com/ORGANIZATION/REPOSITORY
    allowed_overrides: [workflow]
    allowed_workflows: [platform, platform-remove]
    allow_custom_workflows: false
    plan_requirements: [undiverged]
    apply_requirements: [approved, mergeable, undiverged]
workflows:
  platform:
    plan:
      steps:
        - run: TERRAFORM="terraform$ATLANTIS_TERRAFORM_VERSION" sh ../../platform.sh ready "${PWD##*/}"
        - run: TERRAFORM="terraform$ATLANTIS_TERRAFORM_VERSION" sh ../../platform.sh init "${PWD##*/}"
        - plan:
            extra_args: ["-lock-timeout=10m"]
        - run: >-
            umask 077 && mkdir -p ../../plans &&
            "terraform$ATLANTIS_TERRAFORM_VERSION" show -json "$PLANFILE" > "../../plans/${PWD##*/}.json" &&
            sh ../../platform.sh check
    apply:
      steps:
        - run: TERRAFORM="terraform$ATLANTIS_TERRAFORM_VERSION" sh ../../platform.sh check-removed
        - apply:
            extra_args: ["-lock-timeout=10m"]
  platform-remove:
    plan:
      steps:
        # The file says to Atlantis that there is something to apply.
        - run: TERRAFORM="terraform$ATLANTIS_TERRAFORM_VERSION" sh platform.sh removed && touch "$PLANFILE"
    apply:
      steps:
        - run: >-
            TERRAFORM="terraform$ATLANTIS_TERRAFORM_VERSION"
            sh platform.sh remove --yes "${PROJECT_NAME%-remove}" && rm -f "$PLANFILE"
"""


def atlantis(contents: Contents) -> dict[str, str]:
    """Return the repository's file and the part of the server's."""
    group = {stack: number for number, wave in enumerate(contents.waves) for stack in wave}
    platform = contents.config.name
    projects = [
        PROJECT.format(
            stack=stack,
            platform=platform,
            place=contents.place,
            group=group[stack],
            needs=", ".join(f"{platform}-{needed}" for needed in contents.needs[stack]),
            files=", ".join(f'"{name}"' for name in _files(contents, stack)),
        )
        for stack in contents.order
    ]
    projects.append(REMOVE.format(platform=platform, place=contents.place.rstrip("/") or "."))
    destroy = " ".join(f"{platform}-{stack}" for stack in reversed(contents.order))
    return {
        "atlantis.yaml": HEAD.format(platform=platform, destroy=destroy) + "".join(projects),
        "repos.yaml": SERVER,
    }


def _files(contents: Contents, stack: str) -> list[str]:
    settings = contents.backend.file_name(stack)
    return ["*.tf.json", ".terraform.lock.hcl", *([f"../../{settings}"] if settings else [])]
