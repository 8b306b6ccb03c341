"""Which major versions of the Terraform providers a platform's stacks ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from constructs_lib.specs.limits import Between, refuse, wrong_settings


@dataclass(frozen=True, kw_only=True)
class ProvidersSpec:
    """
    Major versions of the Terraform providers; a newer one may write states that an older one does not read.

    Args:
        google: Of `google` and `google-beta`: 7 or 8.
        kubernetes: Of `kubernetes`: 2 or 3.
    """

    google: Annotated[int, Between(7, 8)] = 7
    kubernetes: Annotated[int, Between(2, 3)] = 2

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))
