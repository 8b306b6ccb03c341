"""The settings of Identity-Aware Proxy at the gateway."""

from __future__ import annotations

from dataclasses import dataclass

from constructs_lib.specs.limits import is_secret, refuse, wrong_settings, wrong_text
from constructs_lib.specs.tls import OBJECT_NAME

CLIENT_ID = r"[0-9]+-[a-z0-9]+\.apps\.googleusercontent\.com"
"""Source: Google, Setting up OAuth 2.0, client IDs of web applications."""


@dataclass(frozen=True, kw_only=True)
class IapSpec:
    """
    Has Identity-Aware Proxy ask each request for a Google identity.

    Programs send an OpenID Connect token for the client ID; a browser signs in. Who may pass is given by the role
    `roles/iap.httpsResourceAccessor`, which is yours to grant.

    Args:
        client_id: Client ID of an OAuth client of the project's organization.
        secret_name: Kubernetes Secret in the namespace, in each cluster that has a gateway, whose one key
            `client_secret` holds the client's secret.

    Raises:
        ValueError: For all problems at once.
    """

    client_id: str
    secret_name: str

    def __post_init__(self) -> None:
        must = "read like 123456-abc.apps.googleusercontent.com"
        anew = "the client was given a new secret: this one is known by now"
        fix = f"write the client ID, once {anew}" if is_secret(self.client_id) else ""
        client = wrong_text("client_id", self.client_id, CLIENT_ID, must, fix)
        must = "be the name of a Kubernetes Secret: lower case letters, digits, hyphens and dots"
        fix = f"write the name of the Kubernetes Secret, once {anew}" if is_secret(self.secret_name) else ""
        secret = wrong_text("secret_name", self.secret_name, OBJECT_NAME, must, fix)
        refuse([*wrong_settings(self), *client, *secret])
