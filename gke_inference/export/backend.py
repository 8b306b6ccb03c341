"""Where the states of an export are: one backend for all stacks, with a place of its own for each."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from constructs_lib.specs.limits import is_secret
from constructs_lib.universe import PUBLIC
from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.stack_graph import state_file, state_prefix

TYPES = ("gcs", "http", "s3", "azurerm", "consul", "cos", "kubernetes", "oci", "oss", "pg", "cloud", "local")
"""Terraform's backends, and `cloud`, the block of HCP Terraform."""
STACK = "{stack}"
PLATFORM = "{platform}"
"""What stands for the ids of stack and platform in a setting."""
CLOUD_SETTINGS = ("organization", "hostname", "project")
SECRETS = (
    *("access_key", "access_token", "client_certificate", "client_certificate_password", "client_key"),
    *("client_private_key_pem", "client_secret", "conn_str", "credentials", "encryption_key", "http_auth"),
    *("oidc_request_token", "oidc_token", "password", "private_key", "private_key_password", "sas_token"),
    *("secret_id", "secret_key", "security_token", "sse_customer_key", "token"),
)
"""Settings of Terraform's backends that are secrets, or may hold one: they belong into no file."""
USER_INFO = re.compile(r"://[^/?#]*@")
"""What stands before the host of an address: a user, and often a password."""


@dataclass(frozen=True, kw_only=True)
class Backend:
    """
    The backend of an export.

    Each stack has an empty block of it and a file with its settings, so that `-backend-config` replaces any of them.
    The `cloud` block takes no such file: its settings are in the block, or in TF_CLOUD_ORGANIZATION and the like.

    Args:
        type: One of Terraform's backends, or `cloud`.
        given: Settings of it, by name; `{stack}` and `{platform}` stand for the ids.
    """

    type: str = "gcs"
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_files(self) -> bool:
        """Whether `init` reads the settings of a stack from a file."""
        return self.type != "cloud"

    def problems(self, config: Config) -> list[Problem]:
        """Find what is wrong with the settings for *config*; no secret is repeated."""
        found = [
            Problem(f"--backend-config {name}", "must not be in a file: it is a secret", "give it to each `init`, or "
                    "as an environment variable that the backend reads")
            for name in self.given if name in SECRETS
        ]  # fmt: skip
        found += [
            Problem(f"--backend-config {name}", "must hold no user, password or token, got one in its text",
                    "give these to each `init`, or as environment variables that the backend reads")
            for name, value in self.given.items()
            if name not in SECRETS and (USER_INFO.search(value) or is_secret(value))
        ]  # fmt: skip
        if self.type == "cloud" and (unknown := sorted(set(self.given) - set(CLOUD_SETTINGS))):
            found.append(
                Problem("--backend-config", f"must be of {', '.join(CLOUD_SETTINGS)}, got {shown(unknown[0])}",
                        "each stack has the workspace <platform>-<stack>")
            )  # fmt: skip
        if self.type == "gcs" and not config.state_bucket and "bucket" not in self.given:
            fix = "set it, give --backend-config bucket=NAME, or choose another --backend; `local` keeps states in " \
                  "files, which a runner loses"  # fmt: skip
            found.append(Problem("state_bucket", "must be set for an export with the backend gcs", fix))
        own_place = {"gcs": "prefix", "local": "path"}.get(self.type, "")
        is_separate = self.type == "cloud" or any(STACK in value for value in self.given.values())
        if not is_separate and (not own_place or own_place in self.given):
            message = f"must have {STACK} in a setting: two stacks in one place would overwrite each other's state"
            found.append(Problem("--backend-config", message, f"such as key={PLATFORM}/{STACK}.tfstate"))
        return found

    def warnings(self) -> list[str]:
        """Return what a user of this backend should know."""
        if self.type == "local":
            return ["states are local files: a runner that is thrown away loses them, and nothing locks them"]
        if self.type == "http" and "lock_address" not in self.given:
            return ["the backend http locks no state without a lock_address: two runs may overwrite each other"]
        if self.type == "s3" and not {"use_lockfile", "dynamodb_table"} & self.given.keys():
            return ["the backend s3 locks no state without use_lockfile=true: two runs may overwrite each other"]
        return []

    def block(self, config: Config, stack: str) -> dict[str, Any]:
        """Return the `terraform` block that names the backend of *stack*."""
        if self.type != "cloud":
            return {"backend": {self.type: {}}}
        given = {name: value for name, value in self.given.items() if name != "project"}
        project = {"project": self.given["project"]} if "project" in self.given else {}
        return {"cloud": {**given, "workspaces": {"name": self._workspace(config, stack), **project}}}

    def settings(self, config: Config, stack: str) -> dict[str, str]:
        """Return the settings of *stack*, for its file."""
        known: dict[str, str] = {}
        if self.type == "gcs":
            known = {"bucket": config.state_bucket or "", "prefix": state_prefix(config, stack)}
            if config.universe.api_domain != PUBLIC.api_domain:
                known["storage_custom_endpoint"] = config.universe.state_endpoint
        if self.type == "local":
            known = {"path": state_file(config, stack)}
        ids = {STACK: stack, PLATFORM: config.name}
        return known | {name: fill(value, ids) for name, value in self.given.items()}

    def file_text(self, config: Config, stack: str) -> str:
        """Return the file for `init -backend-config`."""
        lines = [f"{name} = {_quoted(value)}" for name, value in self.settings(config, stack).items()]
        return "\n".join([*lines, ""])

    def file_name(self, stack: str) -> str:
        """Return where the file of *stack* is in the export; empty where it has none."""
        return f"backend/{stack}.{self.type}.tfbackend" if self.has_files else ""

    def place(self, config: Config, stack: str) -> str:
        """Return where the state of *stack* is, for people."""
        if self.type == "cloud":
            return f"workspace {self._workspace(config, stack)}"
        settings = self.settings(config, stack)
        if self.type == "gcs":
            return f"gs://{settings['bucket']}/{settings['prefix']}"
        own = [value for name, value in settings.items() if STACK in self.given.get(name, "")]
        return (own or list(settings.values()))[0]

    def _workspace(self, config: Config, stack: str) -> str:
        return f"{config.name}-{stack}"


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return *text* with the value of each mark in place of it."""
    for mark, value in values.items():
        text = text.replace(mark, value)
    return text


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
