"""The dashboard of a platform as a file for Grafana, beside the stacks."""

from __future__ import annotations

from pathlib import Path

from constructs_lib.monitoring.grafana import GRAFANA_VARIABLES, grafana_dashboard
from constructs_lib.monitoring.panel import panels_of
from constructs_lib.monitoring.panels import PANELS
from gke_inference.synth.last_synth import LastSynth
from platform_config.config import Config
from platform_config.monitored_platform import monitored_platform

FOLDER = "dashboards"


def grafana_file(outdir: Path, platform: str) -> Path:
    """Return where in *outdir* the dashboard of *platform* is."""
    return outdir / FOLDER / f"{platform}.json"


def write_grafana_file(config: Config, outdir: Path, last: LastSynth) -> None:
    """Write the dashboard of *config* if it has one, and remove what the *last* synth wrote under another name."""
    written = grafana_file(outdir, config.name)
    old = grafana_file(outdir, str((last.config or {}).get("name", config.name)))
    if old.parent == written.parent and (old != written or not config.observability.dashboard):
        old.unlink(missing_ok=True)
    if config.observability.dashboard:
        platform = monitored_platform(config)
        panels = list(panels_of(platform, PANELS, config.observability.panels, GRAFANA_VARIABLES))
        written.parent.mkdir(exist_ok=True)
        written.write_text(grafana_dashboard(platform, panels), encoding="utf-8")
    elif written.parent.is_dir() and not any(written.parent.iterdir()):
        written.parent.rmdir()
