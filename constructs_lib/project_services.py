"""The Google APIs a stack needs, turned on and never turned off again."""

from collections.abc import Iterable

from cdktf_cdktf_provider_google.project_service import ProjectService
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct


class ProjectServices(Construct):
    """
    Google APIs of one project, turned on.

    A destroy leaves them on: other systems of the project may use them, and turning some off fails while anything of
    theirs exists.

    Args:
        google: Provider of the project.
        project: Project ID.
        services: API names without `.googleapis.com`.

    Raises:
        ValueError: `services` is a text, which would be taken for the list of its letters.

    Attributes:
        project: Project ID (known at synth).
        enabled: One resource per API, for what comes after them (known at synth).
    """

    def __init__(
        self, scope: Construct, id_: str, *, google: GoogleProvider, project: str, services: Iterable[str]
    ) -> None:
        if isinstance(services, str):
            raise ValueError(f"services must be a list, got the text '{services}': write ['{services}']")
        super().__init__(scope, id_)
        self.project = project
        self.enabled = [
            ProjectService(
                self,
                service,
                provider=google,
                project=project,
                service=f"{service}.googleapis.com",
                disable_on_destroy=False,
                disable_dependent_services=False,
            )
            for service in services
        ]
