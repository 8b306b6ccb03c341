"""What every stack shares: where its state is, which providers it may use, and in which versions."""

from collections.abc import Iterable
from functools import cached_property

from cdktf import GcsBackend, LocalBackend, TerraformStack
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_google_beta.provider import GoogleBetaProvider
from cdktf_cdktf_provider_time.provider import TimeProvider
from constructs import Construct

from constructs_lib.provider_versions import GOOGLE, GOOGLE_8, pin_provider
from constructs_lib.specs import ProvidersSpec
from constructs_lib.universe import PUBLIC
from platform_config.config import Config
from platform_config.names import Names
from platform_config.stack_graph import state_file, state_prefix

TERRAFORM_VERSION = ">= 1.5.7"
"""Stacks that need a newer one say so themselves."""
REMOVED_TERRAFORM_VERSION = ">= 1.7.0"
"""The first Terraform with `removed` blocks."""
WRITE_ONLY_TERRAFORM_VERSION = ">= 1.11.0"
"""The first Terraform, and the first OpenTofu, with write-only arguments."""
CDKTN_TARGETS = {"terraform": ">=1.11.0", "opentofu": ">=1.11.0"}
"""The newest that any stack may need, in the form of cdktn."""
GOOGLE_VERSIONS = {7: GOOGLE, 8: GOOGLE_8}
KUBERNETES_VERSIONS = {2: ">= 2.38.0, < 3.0.0", 3: ">= 3.2.1, < 4.0.0"}
"""3.2.1 mends what the first releases of 3 say of an object that was long in becoming ready, `Unexpected Identity
Change` (hashicorp/terraform-provider-kubernetes, CHANGELOG, #2859)."""
HELM_VERSIONS = ">= 3.1.1, < 4.0.0"
TIME_VERSIONS = ">= 0.13.1, < 1.0.0"


def provider_versions(majors: ProvidersSpec) -> dict[str, str]:
    """Return the constraint of each provider that a stack may have."""
    google = GOOGLE_VERSIONS[majors.google]
    return {
        "google": google,
        "google-beta": google,
        "kubernetes": KUBERNETES_VERSIONS[majors.kubernetes],
        "helm": HELM_VERSIONS,
        "time": TIME_VERSIONS,
    }


class BaseStack(TerraformStack):
    """
    A root module that plain Terraform can run too: explicit providers, its own state, no read of another stack's state.

    Args:
        config: The platform.
    """

    def __init__(self, scope: Construct, id_: str, *, config: Config) -> None:
        super().__init__(scope, id_)
        # cdktn refuses what Terraform 1.5.7 lacks, whatever the stack requires: it reads this in place of that.
        self.node.set_context("targetVersions", CDKTN_TARGETS)
        self.config = config
        self.names = Names(config)
        self._add_backend(id_)
        self._terraform_version = ""
        self.need_terraform(TERRAFORM_VERSION)

    @property
    def universe_domain(self) -> str | None:
        """Domain of the APIs that Google's providers call; None for their default, the public cloud."""
        universe = self.config.universe
        return None if universe.api_domain == PUBLIC.api_domain else universe.api_domain

    @cached_property
    def google(self) -> GoogleProvider:
        """The provider of the platform's project; everything it makes carries the platform's labels."""
        self.pin("google")
        provider = GoogleProvider(self, "google", project=self.config.project, universe_domain=self.universe_domain)
        if self.config.labels:
            # As an argument of the class, cdktf 0.21 writes the keys of the map in snake case too.
            provider.add_override("default_labels", self.config.labels)
        return provider

    @cached_property
    def google_beta(self) -> GoogleBetaProvider:
        """The provider of the identities of service agents, which are the one thing here that google does not have."""
        self.pin("google-beta")
        return GoogleBetaProvider(
            self, "google-beta", project=self.config.project, universe_domain=self.universe_domain
        )

    @cached_property
    def time(self) -> TimeProvider:
        """The provider of bounded waits."""
        self.pin("time")
        return TimeProvider(self, "time")

    def forget(self, addresses: Iterable[str]) -> None:
        """Take what has these *addresses* out of the state where an apply has made it, and leave it as it is."""
        self.need_terraform(REMOVED_TERRAFORM_VERSION)
        forgotten = [{"from": address, "lifecycle": {"destroy": False}} for address in addresses]
        self.add_override("removed", forgotten)

    def need_terraform(self, version: str) -> None:
        """Set the lowest *version* of Terraform, written as `>= 1.7.0`, unless the stack needs a higher one already."""
        if _parts(version) > _parts(self._terraform_version):
            self._terraform_version = version
            self.add_override("terraform.required_version", version)

    def need_google(self, version: str) -> None:
        """Ask for a newer google 7, by a constraint such as `>= 7.42.0, < 8.0.0`; all of 8 have what 7 got by then."""
        if self.config.providers.google == 7:
            pin_provider(self, "google", version)

    def pin(self, provider: str) -> None:
        """Set the source and the versions of *provider* in this stack."""
        pin_provider(self, provider, provider_versions(self.config.providers)[provider])

    def _add_backend(self, id_: str) -> None:
        if self.config.state_bucket is not None:
            GcsBackend(self, bucket=self.config.state_bucket, prefix=state_prefix(self.config, id_))
            if self.universe_domain:
                # As an argument of the class, cdktf 0.21 writes a name that Terraform does not know.
                endpoint = self.config.universe.state_endpoint
                self.add_override("terraform.backend.gcs.storage_custom_endpoint", endpoint)
            return
        LocalBackend(self, path=state_file(self.config, id_))


def _parts(version: str) -> list[int]:
    return [int(part) for part in version.removeprefix(">= ").split(".") if part]
