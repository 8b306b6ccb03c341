"""What Cloud Run downloads into the bucket, once, while the clusters are being made."""

from cdktf import ITerraformDependable
from constructs import Construct

from constructs_lib.manifests.weights import download_form
from constructs_lib.specs import WeightsSpec
from constructs_lib.weights_load import RUN_TOKEN_PROVIDER, WeightsLoad
from platform_config.config import Config
from platform_config.model import Model, models_of

from .base import BaseStack


class InfraWeightsStack(BaseStack):
    """
    For each model with `loader: cloud_run`: an account with its grants, and a Cloud Run job per repository.

    It needs the bucket only, and no cluster. A job runs again when what it downloads, its token or its program changes.
    """

    def __init__(self, scope: Construct, id_: str, *, config: Config) -> None:
        super().__init__(scope, id_, config=config)
        self._done: dict[str, ITerraformDependable] = {}
        for model in models_of(config):
            if model.weights and model.weights.in_cloud_run:
                self._add_load(model, model.weights)
        self.need_google(RUN_TOKEN_PROVIDER)

    def _add_load(self, model: Model, weights: WeightsSpec) -> None:
        folders = (snapshot.directory for snapshot in weights.snapshots)
        load = WeightsLoad(
            self,
            f"load-{model.key}",
            google=self.google,
            time=self.time,
            project=self.config.project,
            region=self.config.regions[self.config.download_region].region,
            name=self.names.loader(model.key),
            bucket=self.names.bucket,
            weights=weights,
            form=download_form(model.server),
            labels=self.config.labels,
            universe=self.config.universe,
            after=list(dict.fromkeys(self._done[folder] for folder in folders if folder in self._done)),
        )
        self._done |= load.done
