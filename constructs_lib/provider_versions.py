"""Versions of Terraform providers that constructs need and their bindings do not ask for."""

from __future__ import annotations

from cdktf import TerraformStack

GOOGLE = ">= 7.31.0, < 8.0.0"
"""7.31.0 is the first release with `accelerator_network_profile`, which managed DRANET needs
(hashicorp/terraform-provider-google, CHANGELOG); the bindings pin 6.50.0, which refuses it as unknown."""


def pin_provider(stack: TerraformStack, provider: str, version: str) -> None:
    """
    State source and versions of a provider of HashiCorp's in *stack*, in place of what its bindings pin.

    Args:
        provider: Its name, such as `google`.
        version: A constraint, such as `>= 7.31.0, < 8.0.0`.
    """
    required = f"terraform.required_providers.{provider}"
    stack.add_override(f"{required}.source", f"hashicorp/{provider}")
    stack.add_override(f"{required}.version", version)


def pin_google(stack: TerraformStack) -> None:
    """Let *stack* use a google provider that knows managed DRANET; call it once in each stack that has a cluster."""
    pin_provider(stack, "google", GOOGLE)
