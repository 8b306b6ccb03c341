"""The Terraform address of a resource, from its kind and the ids of the constructs around it."""

from __future__ import annotations

from hashlib import md5

MAIN = "Default"
"""Id of the main resource of a construct: cdktf leaves it out of addresses."""


def resource_address(kind: str, *ids: str) -> str:
    """
    Return the address of a resource, as `terraform state rm` takes it, without a construct at hand. Known at synth.

    It is how cdktf 0.21 makes addresses (`lib/private/unique.ts`): one id stands alone; several are joined, with a hash
    of the path. So a message can name a resource of a stack that is made later.

    Args:
        kind: Resource type, such as `google_storage_bucket`.
        ids: Ids of the constructs from the stack, without it, down to the resource: letters, digits, `-` and `_`.
    """
    path = [id_ for id_ in ids if id_ != MAIN]
    if len(path) == 1:
        return f"{kind}.{path[0]}"
    digest = md5("/".join(path).encode(), usedforsecurity=False).hexdigest()[:8].upper()
    return f"{kind}.{'_'.join(path)}_{digest}"
