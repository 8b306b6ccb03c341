"""The APIs that the project of a platform must have turned on."""

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
    """Those of every platform, and those that the settings of *config* ask for."""
    extra = []
    if config.service_discovery:
        extra.append("multiclusterservicediscovery")
    if config.model.hugging_face_token.secret_manager:
        extra.append("secretmanager")
    return sorted([*SERVICES, *extra])
