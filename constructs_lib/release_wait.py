"""A wait between what a load balancer uses and the Kubernetes object that names it."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf import ITerraformDependable, TerraformResourceLifecycle
from cdktf_cdktf_provider_time.provider import TimeProvider
from cdktf_cdktf_provider_time.sleep import Sleep
from constructs import Construct

from constructs_lib.inference_gateway import SETTLE_ON_DESTROY_SEC


class ReleaseWait(Sleep):
    """
    Has something of Google's outlive the last Kubernetes object that names it.

    GKE's controller changes the load balancer some time after the object, and Google refuses to delete what is in use.
    So what the object names is deleted a while after the object has changed: `create_before_destroy`, which Terraform
    extends to all that this depends on, puts that deletion behind the change, in one apply.

    Args:
        time: Provider of the wait.
        released: What the load balancer uses.
        name: Its name: another one waits anew.
        create_wait_sec: Seconds from its creation until what depends on this goes on.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        time: TimeProvider,
        released: Sequence[ITerraformDependable],
        name: str,
        create_wait_sec: int = 0,
    ) -> None:
        super().__init__(
            scope,
            id_,
            provider=time,
            create_duration=f"{create_wait_sec}s" if create_wait_sec else None,
            destroy_duration=f"{SETTLE_ON_DESTROY_SEC}s",
            triggers={"name": name},
            depends_on=list(released),
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )
