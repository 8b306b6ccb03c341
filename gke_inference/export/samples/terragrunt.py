"""Terragrunt: a unit for each stack, with its dependencies."""

from __future__ import annotations

import json

from gke_inference.export.contents import Contents

UNIT = """# Stack {stack}: a unit of `terragrunt run --all COMMAND --working-dir samples/terragrunt`.
# apply goes from unit to unit in order, and destroy in reverse. On the first run only apply works: what is not applied
# cannot be planned by the units that need it. Terragrunt takes the credentials of its environment: no key is stored.
# `run --all apply` shows no plan before it asks: run `sh platform.sh plan` first, which plan-check sees where the
# package is installed. What an older config had goes by `sh platform.sh remove --yes {platform}`.
terraform {{
  source = "${{get_terragrunt_dir()}}/../../../stacks/{stack}"
{arguments}
  extra_arguments "wait_for_the_state" {{
    commands  = get_terraform_commands_that_need_locking()
    arguments = ["-lock-timeout=10m"]
  }}
{hook}}}
"""
DEPENDENCIES = """
dependencies {{
  paths = {paths}
}}
"""
BACKEND = """
  extra_arguments "backend" {{
    commands  = ["init"]
    arguments = ["-backend-config=${{get_terragrunt_dir()}}/../../../{file}"]
  }}
"""
HOOK = """
  # An older config had stacks that go first: see removal in order.json.
  before_hook "removed" {
    commands = ["apply", "destroy"]
    execute  = ["sh", "${get_terragrunt_dir()}/../../../platform.sh", "check-removed"]
  }
"""


def terragrunt(contents: Contents) -> dict[str, str]:
    """Return the units."""
    return {f"{stack}/terragrunt.hcl": _unit(contents, stack) for stack in contents.order}


def _unit(contents: Contents, stack: str) -> str:
    file, needs = contents.backend.file_name(stack), contents.needs[stack]
    unit = UNIT.format(
        stack=stack,
        platform=contents.config.name,
        arguments=BACKEND.format(file=file) if file else "",
        hook=HOOK if contents.removed else "",
    )
    return unit + (DEPENDENCIES.format(paths=json.dumps([f"../{needed}" for needed in needs])) if needs else "")
