"""Versions of Terraform providers that constructs need and their bindings do not ask for."""

from __future__ import annotations

from cdktf import TerraformStack
from constructs import Construct

GOOGLE = ">= 7.31.0, < 8.0.0"
"""7.31.0 is the first release with `accelerator_network_profile`, which managed DRANET needs
(hashicorp/terraform-provider-google, CHANGELOG); the bindings pin 6.50.0, which refuses it as unknown."""
GOOGLE_8 = ">= 8.0.0, < 9.0.0"


def pin_provider(scope: Construct, provider: str, version: str) -> None:
    """
    State source and versions of a provider of HashiCorp's in the stack of *scope*, in place of what its bindings pin.

    Args:
        scope: The stack, or anything in it.
        provider: Its name, such as `google`.
        version: A constraint, such as `>= 7.31.0, < 8.0.0`.
    """
    stack, required = TerraformStack.of(scope), f"terraform.required_providers.{provider}"
    stack.add_override(f"{required}.source", f"hashicorp/{provider}")
    stack.add_override(f"{required}.version", version)


def pin_google(scope: Construct, version: str = GOOGLE) -> None:
    """
    Let the stack of *scope* use a google provider that knows managed DRANET; call it once in each that has a cluster.

    Nothing else in this package sets a version: without this call a stack keeps its own.

    Args:
        scope: The stack, or anything in it.
        version: `GOOGLE`, or `GOOGLE_8` for the next major version.
    """
    pin_provider(scope, "google", version)
