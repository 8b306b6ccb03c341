"""What a provider plans: given values, defaults, what is only known after apply, and what a change replaces."""

from collections.abc import Iterator
from typing import Any

from tests.rig.schemas import UNKNOWN, walk
from tests.rig.wire import Message


def planned(block: Message, config: Message, prior: Message | None, facts: Message, provider: Message) -> Message:
    """
    Plan the resource as it will be.

    A computed argument that is not given is unknown at first and keeps its value later, as in the providers' SDK.
    """

    def visit(path: str, told: Message, given: Any, old: Message | None) -> Any:
        if told.get("write_only"):
            return None
        if given is None and path in facts.get("defaults", {}):
            return facts["defaults"][path]
        if given is None and path in facts.get("sent", {}) and not told.get("computed"):
            return facts["sent"][path]
        if given is None and path in facts.get("inherits", ()) and provider.get(path):
            return provider[path]
        if (given is None and told.get("computed")) or (given == [] and path in facts.get("computed_blocks", ())):
            return old[path.split(".")[-1]] if old else UNKNOWN
        return given

    made = walk(block, config, prior, visit)
    return made | {"object": made["manifest"]} if "object" in made else made


def write_only(block: Message, config: Message) -> Message:
    """Return by path what *config* gives for write-only arguments, which the plan and the state lack."""
    found = {}

    def visit(path: str, told: Message, given: Any, old: Message | None) -> Any:
        if told.get("write_only") and given is not None:
            found[path] = given
        return given

    walk(block, config, None, visit)
    return found


def mistakes(block: Message, config: Message) -> list[str]:
    """List mistakes in a configuration that Terraform itself lets pass, with the messages of the providers' SDK."""
    found = []

    def visit(path: str, told: Message, given: Any, old: Message | None) -> Any:
        if told.get("required") and given is None:
            found.append(f'Missing required argument: "{path}" is null')
        if told.get("computed") and not told.get("optional") and given is not None:
            found.append(f'Value for unconfigurable attribute: "{path}" is decided by the provider')
        return given

    walk(block, config, None, visit)
    return found


def replaced(force_new: list[str], prior: Message, made: Message) -> list[Message]:
    """Find the paths whose change replaces the resource, as the protocol writes them; at `#` only the count matters."""
    prior, made = (each | {"manifest": body(each)} for each in (prior, made))
    found = []
    for path in force_new:
        for steps, *pair in _changed(path.rstrip("#").split("."), prior, made):
            if not path.endswith("#") or len({len(blocks or []) for blocks in pair}) > 1:
                found.append({"steps": steps})
    return found


def body(resource: Message) -> Message | None:
    """Return the Kubernetes object in a resource; the protocol puts the type before a value that may have any."""
    # What was imported has no manifest until an apply.
    manifest = resource.get("manifest") or resource.get("object")
    return manifest[1] if isinstance(manifest, list) else None


def _changed(path: list[str], prior: Any, made: Any) -> Iterator[tuple[list[Message], Any, Any]]:
    """Yield each place that *path* leads to, through blocks and their numbers, where the two differ, with both."""
    if prior == made:
        return
    if not path:
        yield [], prior, made
    elif isinstance(prior, list) or isinstance(made, list):
        lists = [value if isinstance(value, list) else [] for value in (prior, made)]
        for at in range(max(map(len, lists))):
            inner = _changed(path, *(held[at] if at < len(held) else None for held in lists))
            yield from (([{"element_key_int": at}, *steps], *pair) for steps, *pair in inner)
    else:
        name, *rest = path
        inner = _changed(rest, *(value.get(name) if isinstance(value, dict) else None for value in (prior, made)))
        yield from (([{"attribute_name": name}, *steps], *pair) for steps, *pair in inner)
