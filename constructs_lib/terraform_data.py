"""Terraform's own resource `terraform_data`: a value in a stack's state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jsii
from cdktf import ITerraformDependable, TerraformResource
from constructs import Construct


class TerraformData(TerraformResource):
    """
    A value in the state of its stack.

    cdktf's own class for it, `DataResource`, runs `terraform version` at synth and fails where there is no Terraform,
    as on a machine that only synthesizes. This one asks nothing: every Terraform that the stacks accept has the
    resource, which came with 1.4.

    Args:
        value: What to store, as the attribute `input`. It may be known after apply.
        lifecycle: The resource's lifecycle.
        after: What must exist first.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        value: Mapping[str, Any],
        lifecycle: dict[str, Any] | None = None,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(
            scope, id_, terraform_resource_type="terraform_data", lifecycle=lifecycle, depends_on=list(after) or None
        )
        self._value = dict(value)

    @jsii.member(jsii_name="synthesizeAttributes")
    def _synthesize_attributes(self) -> Mapping[str, Any]:
        return {"input": self._value}
