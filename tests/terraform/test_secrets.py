"""No secret in states, their backups, saved plans, what Terraform prints and what it logs, for every config."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from platform_config.stack_graph import BASE_STACKS, OUTSIDE_STACKS, base_stack
from tests.checks.schemas import providers
from tests.checks.terraform_schema import BUILT_IN
from tests.configs import config
from tests.rig.cloud import TOKEN
from tests.rig.schemas import walk
from tests.terraform.configs import EACH_CONFIG, Worlds
from tests.terraform.world import TRACE, World

STACK = base_stack("us")
KEPT = {f"{STACK}.tfstate", f"{STACK}.tfstate.backup", "plan!tfstate", "plan!tfstate-prev", "printed.txt"}
"""Where a token is that comes from a data source."""


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file below *folder*, and of each in a plan, which is a zip file."""
    for path in folder.rglob("*"):
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as plan:
                yield from ((f"{path.name}!{name}", plan.read(name)) for name in plan.namelist())
        elif path.is_file():
            yield path.name, path.read_bytes()


def holders(folder: Path) -> set[str]:
    """List the files below *folder* that hold an access token."""
    return {name for name, content in contents(folder) if TOKEN.encode() in content}


@EACH_CONFIG
def test_no_token_is_kept_printed_or_logged(path: Path, deployed_of: Worlds, destroyed_of: Worlds) -> None:
    """A platform came and went with many tokens, and none is in any file that Terraform wrote or could have."""
    for world in (deployed_of(path), destroyed_of(path)):
        assert holders(world.base) == set()

        state = next(f"{stack}.tfstate" for stack in world.app.stacks if stack.startswith(BASE_STACKS))
        seen = {name for name, _ in contents(world.base)}
        signed_in = [
            stack
            for stack, document in world.app.stacks.items()
            if any(kind.startswith(("kubernetes_", "helm_")) for kind in document.get("resource", {}))
            and not stack.startswith(OUTSIDE_STACKS)
        ]
        assert len(world.rig.cloud.tokens) >= 2 * len(signed_in)
        assert {"plan!tfplan", "plan!tfstate", state, "printed.txt", TRACE} <= seen
    assert f"{state}.backup" in seen


def test_the_same_search_finds_a_token_that_is_kept(world: World) -> None:
    """With `token`, for an older Terraform, it is in state, backup and plan; the first apply without takes it out."""
    world.use(config(kubernetes_auth="token"))

    for _ in range(2):
        world.deploy_by_plans([STACK])
    assert holders(world.base) == KEPT

    world.use(config())
    world.deploy([STACK])
    assert holders(world.base / "terraform-state") == {f"{STACK}.tfstate.backup"}


@pytest.mark.parametrize(("auth", "code"), [("ephemeral", 0), ("token", 1)])
def test_a_saved_plan_outlives_its_token(auth: str, code: int, world: World) -> None:
    """The apply of a plan takes another token; where the token is in the plan, it fails when that has ended."""
    world.use(config(kubernetes_auth=auth))
    account = ("kubernetes_service_account_v1", "inference/wait-for-gke-crds")
    [lost] = [key for key in world.rig.cloud.objects if "us-east5" in key[1] and (key[0], key[2]) == account]
    del world.rig.cloud.objects[lost]
    assert list(world.folder(STACK).plan().values()) == [("create",)]
    world.rig.cloud.tokens.clear()

    applied = world.folder(STACK).apply()

    assert (applied.code, "Unauthorized" in applied.text) == (code, bool(code)), applied.text
    assert (lost in world.rig.cloud.objects) is not bool(code)


@EACH_CONFIG
def test_nothing_that_a_schema_calls_sensitive_is_in_a_state(path: Path, deployed_of: Worlds) -> None:
    """
    Passwords of a chart's repository, tokens, keys: what the providers mark, and we never fill.

    The rig makes up a cluster's client key. GKE has one only where it issues a client certificate. The data of Secrets
    are marked too; the only ones are clusters of Argo CD, whose content is promised to hold no secret.
    """
    world = deployed_of(path)
    types = {kind: told["block"] for provider in providers().values() for kind, told in provider.types.items()}
    issued = "master_auth.client_certificate_config.issue_client_certificate"
    found = set()

    def visit(at: str, told: dict[str, Any], given: Any, old: object) -> Any:
        if given and (told.get("sensitive") or at == issued):
            found.add(f"{kind}.{at}")
        return given

    for stack in world.app.stacks:
        for held in world.state(stack):
            if held["type"] in BUILT_IN:  # Names and addresses that the config tells anyway.
                continue
            kind = ("data." if held["mode"] == "data" else "") + held["type"]
            for instance in held["instances"]:
                walk(types[kind], instance["attributes"], None, visit)

    assert found <= {"google_container_cluster.master_auth.client_key", "kubernetes_secret_v1.data"}
