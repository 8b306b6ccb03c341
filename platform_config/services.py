"""The Google APIs that a platform's project needs."""

from platform_config.config import Config

SERVICES = (
    "autoscaling",
    "cloudresourcemanager",
    "compute",
    "container",
    "gkehub",
    "iam",
    "monitoring",
    "multiclusteringress",
    "networkservices",
    "storage",
    "trafficdirector",
)


def project_services(config: Config) -> list[str]:
    """Return the APIs that every platform needs, and those that settings of *config* need."""
    extra = []
    if config.service_discovery:
        extra.append("multiclusterservicediscovery")
    if config.model.hugging_face_token.secret_manager:
        extra.append("secretmanager")
    return sorted([*SERVICES, *extra])
