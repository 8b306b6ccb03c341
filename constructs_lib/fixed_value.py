"""A value that a stack's own state remembers, so that a plan which changes it is refused with what to do instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cdktf import Fn, ITerraformDependable, Op, Postcondition, Token
from constructs import Construct

from constructs_lib.terraform_data import TerraformData


class FixedValue(Construct):
    """
    A value that stays as it was when it was first applied: a plan with another one fails.

    It is in the state alone, where a pipeline has nothing else to compare with. A destroy is not refused, and forgets
    it; so does `terraform state rm`. (Terraform checks no condition of what it destroys.)

    Args:
        value: What must stay. Known at synth.
        refusal: What a refused plan says: what would happen, and the steps. `{was}` in it becomes the value that stays.
        remember: More to remember beside it, by name, such as an address; it may be known after apply.
        fixed: False takes the value of each apply. What is fixed later is then what was applied last.
        after: What the value belongs to: a first apply that fails before it fixes nothing.

    Attributes:
        value: The value (known at synth).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        value: str,
        refusal: str,
        remember: Mapping[str, str] | None = None,
        fixed: bool = True,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        self.value = value
        unchanged = Postcondition(
            condition=f'${{self.input.value == "{value}"}}', error_message=refusal.format(was="${self.input.value}")
        )
        self._data = TerraformData(
            self,
            "Default",
            value={"value": value, **(remember or {})},
            lifecycle={"ignore_changes": ["input"], "postcondition": [unchanged]} if fixed else None,
            after=after,
        )

    def remembered(self, name: str, *, now: str) -> str:
        """
        Return *now* while the value is the one that was fixed, else what was remembered beside that one.

        Args:
            name: Which of the things to remember.
            now: What it is with this value.
        """
        value = self._data.interpolation_for_attribute("input")
        same = Op.eq(Fn.lookup_nested(value, ["value"]), self.value)
        return Token.as_string(Fn.conditional(same, now, Fn.lookup_nested(value, [name])))
