"""What is sent to Google and to the clusters although nobody wrote it, and what a platform is with all of that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from platform_config.load import load
from platform_config.stack_graph import cluster_stack
from tests.checks import sent
from tests.checks.schemas import blocks, providers
from tests.checks.terraform_values import value_problems
from tests.configs import EXAMPLE
from tests.conftest import Platforms
from tests.rig.answers import TABLES
from tests.secure import broken, promises
from tests.synthesized import Synthesized


def unkept(config: Any, app: Synthesized) -> list[str]:
    """List the promises that a resource does not keep as its provider sends it."""
    found = []
    for document in app.stacks.values():
        for _, kind, body in blocks(document):
            found += broken(config, kind, sent.as_sent(document, kind, body))
    return found


def test_nothing_is_sent_that_nobody_meant(every_platform: Platforms) -> None:
    """What a provider adds to a block that is opened in part is written by us too, or left to it for a reason."""
    found = {
        f"{name}: {stack}: {problem}"
        for name, (_, app) in every_platform.items()
        for stack, document in app.stacks.items()
        for problem in sent.problems(document)
    }

    assert found == set()


def test_every_reason_is_needed(every_platform: Platforms) -> None:
    """A line for something that is written, or not sent, would hide the day it is."""
    documents = [document for _, app in every_platform.values() for document in app.stacks.values()]
    needed = {(kind, path) for document in documents for _, kind, path, _ in sent.unwritten(document)}

    assert {(kind, path) for kind, paths in sent.reasons().items() for path in paths} == needed


def test_a_platform_is_as_secure_as_promised_with_all_that_is_sent(every_platform: Platforms) -> None:
    """Each pool, cluster, bucket, address, rule, grant and Job of every config and variant, not their parents alone."""
    found = {name: unkept(config, app) for name, (config, app) in every_platform.items()}

    assert {name: problems for name, problems in found.items() if problems} == {}


def test_a_promise_is_about_something(every_platform: Platforms) -> None:
    """Each type that something is promised of is in some platform."""
    documents = [document for _, app in every_platform.values() for document in app.stacks.values()]

    assert set(promises(load(EXAMPLE))) <= {kind for document in documents for _, kind, _ in blocks(document)}


def test_a_pool_whose_network_is_opened_in_part_is_found(platform: Synthesized) -> None:
    """It would be public, with no error and an empty second plan."""
    broken_one = Synthesized(platform.outdir)
    pools = broken_one.stacks[cluster_stack("us")]["resource"]["google_container_node_pool"]
    [pool] = [pool for pool in pools.values() if pool["name"] == "tpu"]
    del pool["network_config"]["enable_private_nodes"]

    [problem] = sent.problems(broken_one.stacks[cluster_stack("us")])
    assert "network_config.enable_private_nodes: sent as False" in problem
    assert unkept(load(EXAMPLE), broken_one) == [
        "google_container_node_pool tpu: network_config.enable_private_nodes is False, promised True"
    ]


def test_a_block_that_was_never_looked_at_is_found(platform: Synthesized) -> None:
    """Its provider's source is to be read first."""
    broken_one = Synthesized(platform.outdir)
    [cluster] = broken_one.stacks[cluster_stack("us")]["resource"]["google_container_cluster"].values()
    cluster["dns_config"] = {"cluster_dns": "CLOUD_DNS"}

    [problem] = sent.problems(broken_one.stacks[cluster_stack("us")])
    assert "dns_config: nothing is known" in problem


def test_each_fact_is_about_an_argument_that_is_there() -> None:
    """Blocks, arguments and their types are those of the schemas."""
    for source, provider in providers().items():
        for kind, known in sent.sends(source).items():
            for path, sends in known.items():
                for name, value in sends.items():
                    *steps, last = f"{path}.{name}".lstrip(".").split(".")
                    block = provider.block if kind == "provider" else provider.types[kind]["block"]
                    for step in steps:
                        block = block["block_types"][step]["block"]
                    told = block.get("attributes", {}) | block.get("block_types", {})
                    assert last in told, (kind, path, name)
                    assert not list(value_problems(value, told[last].get("type", "dynamic"), f"{kind}.{path}.{name}"))


def lists(block: dict[str, Any], body: Any, path: str = "") -> Iterator[str]:
    """Find the lists with more than one element in *body*, by path."""
    for name, told in block.get("attributes", {}).items():
        if told.get("type", "")[0] == "list" and len(body.get(name) or []) > 1:
            yield f"{path}{name}"
    for name, told in block.get("block_types", {}).items():
        held = body.get(name) or []
        held = held if isinstance(held, list) else [held]
        if told["nesting_mode"] == "list" and len(held) > 1:
            yield f"{path}{name}"
        for one in held:
            yield from lists(told["block"], one, f"{path}{name}.")


def test_each_list_is_one_whose_order_changes_no_plan(every_platform: Platforms) -> None:
    """Google need not keep the order of a list: the provider must not mind, or the plan leave the list alone."""
    google = providers()["hashicorp/google"]
    minds = TABLES["unordered"]
    for _, app in every_platform.values():
        for document in app.stacks.values():
            for address, kind, body in blocks(document):
                for path in lists(google.types[kind]["block"], body) if kind in google.types else []:
                    ignored = body.get("lifecycle", {}).get("ignore_changes", [])
                    left_alone = path.replace(".", "[0].") in ignored
                    known = [minds] if left_alone else [TABLES["harmless"], TABLES["kept"]]
                    found = any(path in each.get(kind, []) for each in known)
                    assert found, f"{address}: {path}: in which order does the API answer?"
