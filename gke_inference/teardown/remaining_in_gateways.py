"""What is left of regional gateways beside their load balancers: certificates, policies, templates, extensions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gke_inference.api_error import ApiError
from gke_inference.findings import Finding
from gke_inference.load_balancer import Part, list_everywhere, path_of, require_complete
from gke_inference.teardown.findings import VIEWER, Remaining, last_part, search, still_there
from gke_inference.teardown.network import Network
from platform_config.config import Config
from platform_config.model_armor import own_templates
from platform_config.names import Names
from platform_config.stack_graph import gateway_stack

CERTIFICATE_VIEWER = "roles/certificatemanager.viewer"
MODEL_ARMOR_VIEWER = "roles/modelarmor.viewer"
EXTENSION_VIEWER = "roles/networkservices.serviceExtensionsViewer"
EXTENSIONS = {"lbTrafficExtensions": "lb-traffic-extensions", "lbRouteExtensions": "lb-route-extensions"}
"""What GKE makes of a GCPTrafficExtension and a GCPRoutingExtension, with gcloud's names of both."""
POLICIES = {
    "sslPolicies": ("TLS policy", "ssl-policies", "none"),
    "securityPolicies": ("Cloud Armor policy", "security-policies", "small"),
}
"""What each collection holds, what gcloud calls it, and what one costs."""
CERTIFICATES = {
    "certificates": ("certificate", "certificates"), "dnsAuthorizations": ("DNS authorization", "dns-authorizations"),
}  # fmt: skip
"""What each collection of Certificate Manager holds, and what gcloud calls it."""
GATEWAY_PREFIX = "gkegw1-"


@dataclass(frozen=True, kw_only=True)
class RemainingInGateways:
    """
    Searches for what the names of the config are on, in each region with a gateway of its own.

    Attributes:
        network: The platform's network, with the paths that are in Terraform's states.
        config: The platform.
    """

    network: Network
    config: Config

    def findings(self) -> list[Finding]:
        """Return one per thing that is left, and one per kind of which there is none, or of which nothing is known."""
        if not self.config.is_regional:
            return []
        gateway = self.config.gateway
        calls = gateway.model_armor or gateway.apigee or gateway.body_routing
        return [
            *search("GATEWAY-POLICY", VIEWER, self._policies),
            *(search("CERTIFICATE", CERTIFICATE_VIEWER, self._certificates) if gateway.tls else ()),
            *(search("TEMPLATE", MODEL_ARMOR_VIEWER, self._templates) if own_templates(self.config) else ()),
            *(search("EXTENSION", EXTENSION_VIEWER, self._extensions) if calls else ()),
        ]

    @property
    def _names(self) -> Names:
        return Names(self.config)

    def _places(self) -> Iterator[tuple[str, str]]:
        """Yield the key of each region with a gateway, and the parent of what is in it."""
        for key in self.config.gateway_regions:
            yield key, f"projects/{self.network.google.project}/locations/{self.config.regions[key].region}"

    def _policies(self) -> Iterator[Remaining]:
        """Yield policies of TLS and of Cloud Armor."""
        keys = {self._names.gateway_tls(key): key for key in self.config.gateway_regions}
        keys |= {self._names.client_limits(key): key for key in self.config.gateway_regions}
        for collection, (kind, command, costs) in POLICIES.items():
            for policy in list_everywhere(self.network.google, collection):
                path, name = path_of(policy["selfLink"]), policy["name"]
                *_, scope, place, _, _ = path.split("/")
                if name in keys and scope == "regions":
                    by_hand = f"gcloud compute {command} delete {name} --region={place}"
                    fix = self._fix(keys[name], path, by_hand)
                    yield still_there("GATEWAY-POLICY", f"{kind} {name}", costs, fix)

    def _certificates(self) -> Iterator[Remaining]:
        for key, parent in self._places():
            own = re.compile(rf"{re.escape(self._names.gateway_tls(key))}-[a-z0-9]+")
            for collection, (kind, command) in CERTIFICATES.items():
                method = f"projects.locations.{collection}.list"
                for part in self._listed("certificatemanager", method, collection, parent):
                    name = last_part(part["name"])
                    if own.fullmatch(name):
                        by_hand = f"gcloud certificate-manager {command} delete {name} --location={last_part(parent)}"
                        yield still_there(
                            "CERTIFICATE", f"{kind} {name}", "none", self._fix(key, part["name"], by_hand)
                        )

    def _templates(self) -> Iterator[Remaining]:
        for key, parent in self._places():
            for name in own_templates(self.config):
                path, region = f"{parent}/templates/{name}", last_part(parent)
                try:
                    self.network.google.get_regional("modelarmor", region, f"v1/{path}")
                except ApiError as error:
                    if error.missing:
                        continue
                    raise
                command = f"gcloud model-armor templates delete {name} --location={region}"
                yield still_there("TEMPLATE", f"template {name} in {region}", "none", self._fix(key, path, command))

    def _extensions(self) -> Iterator[Remaining]:
        """Yield those of load balancers of the network, or of such a Gateway: its rules may be gone already."""
        rules = {one.path for one in self.network.contents().resources}
        own = f"-{self.config.namespace}-{self._names.gateway}"
        for _, parent in self._places():
            for collection, command in EXTENSIONS.items():
                method = f"projects.locations.{collection}.list"
                for part in self._listed("networkservices", method, collection, parent):
                    name, used = last_part(part["name"]), {path_of(rule) for rule in part.get("forwardingRules", ())}
                    if name.startswith(GATEWAY_PREFIX) and (used & rules or own in name):
                        by_hand = f"gcloud service-extensions {command} delete {name} --location={last_part(parent)}"
                        yield still_there("EXTENSION", f"extension {name}", "none", f"look, then: {by_hand}")

    def _listed(self, service: str, method: str, items: str, parent: str) -> Iterator[Part]:
        for page in self.network.google.whole_pages(service, "v1", method, parent=parent):
            require_complete(page)
            yield from page.get(items, ())

    def _fix(self, key: str, path: str, command: str) -> str:
        """By the end of the path: an API may have the project's number where a state has its name."""
        end = "/".join(path.split("/")[-4:])
        if any(known.endswith(end) for known in self.network.state_paths):
            return f"destroy {gateway_stack(self.config, key)}, see above"
        return f"look, then: {command}"
