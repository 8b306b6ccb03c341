"""The dashboards of a platform as files for Grafana, beside the stacks."""

from __future__ import annotations

from pathlib import Path

from constructs_lib.monitoring.grafana import GRAFANA_VARIABLES, grafana_dashboard
from constructs_lib.monitoring.panel import panels_of
from constructs_lib.monitoring.panels import OUTSIDE_PANELS, PANELS
from gke_inference.synth.last_synth import LastSynth
from platform_config.config import Config
from platform_config.monitored_platform import monitored_outside, monitored_platform

FOLDER = "dashboards"


def grafana_file(outdir: Path, platform: str) -> Path:
    """Return where in *outdir* the dashboard of *platform* is."""
    return outdir / FOLDER / f"{platform}.json"


def outside_grafana_file(outdir: Path, platform: str) -> Path:
    """Return where in *outdir* the dashboard of the servers of *platform* outside Google Cloud is."""
    return outdir / FOLDER / f"{platform}-outside.json"


def has_outside_panels(config: Config) -> bool:
    """Return whether servers outside Google Cloud are watched, and export what a wanted panel shows."""
    return config.observability.dashboard and bool(_outside_text(config))


def write_grafana_file(config: Config, outdir: Path, last: LastSynth) -> None:
    """Write the dashboards of *config* if it has some, and remove those that the *last* synth wrote beside them."""
    folder, made = outdir / FOLDER, _texts(config, outdir)
    before = str((last.config or {}).get("name", config.name))
    for old in (grafana_file(outdir, before), outside_grafana_file(outdir, before)):
        if old.parent == folder and old not in made:
            old.unlink(missing_ok=True)
    for path, text in made.items():
        folder.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _texts(config: Config, outdir: Path) -> dict[Path, str]:
    """Return the text of each file that *config* has."""
    if not config.observability.dashboard:
        return {}
    platform = monitored_platform(config)
    panels = list(panels_of(platform, PANELS, config.observability.panels, GRAFANA_VARIABLES))
    outside = _outside_text(config)
    beside = {outside_grafana_file(outdir, config.name): outside} if outside else {}
    return {grafana_file(outdir, config.name): grafana_dashboard(platform, panels), **beside}


def _outside_text(config: Config) -> str:
    """Return the dashboard of servers outside Google Cloud; empty where there is nothing to show."""
    known = {kind.name: kind for kind in OUTSIDE_PANELS}
    kinds = [known[name] for name in config.observability.panels or known if name in known]
    platform = monitored_outside(config)
    panels = list(panels_of(platform, kinds, variables=GRAFANA_VARIABLES))
    return grafana_dashboard(platform, panels) if panels else ""
