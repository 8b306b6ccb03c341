"""Draw a config as one picture: clients, gateway, regions with their clusters and pools, and the bucket of weights."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from textwrap import wrap

from constructs_lib.accelerators import PoolPlan
from constructs_lib.manifests.gateway import Balancing
from platform_config.config import Config
from platform_config.model import Model, models_in, models_of
from platform_config.names import Names
from platform_config.network_plan import RegionRanges, region_ranges
from platform_config.requirements import system_machine_type

MOST_COLUMNS = 6
MARGIN, GUTTER, COLUMN, GAP, MORE = 28, 190, 300, 26, 104
"""Widths: around everything, of the notes on the left, of a region, between regions, of the column of the rest."""
CLIENTS, ADDRESS, SPILL, REGION = 104, 190, 286, 392
"""Where the lanes begin; a region's own parts and the bucket follow from there."""
MOST_LINES = 4
"""Models that a pool names; of more, the number."""
SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
INK, GREY, LINE, PAPER, LANE = "#0f172a", "#566275", "#cbd5e1", "#ffffff", "#f4f6fa"
# Fill and line.
BLUE, GREEN = ("#e8f0fe", "#2563eb"), ("#e3f5f1", "#0f766e")
VIOLET, AMBER = ("#f1ebfe", "#6d28d9"), ("#fef3dc", "#b45309")


class Canvas:
    """An SVG picture, to which parts are added."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def box(self, x: int, y: int, width: int, height: int, fill: str, line: str = LINE, dashed: bool = False) -> None:
        """Draw a box with round corners."""
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="8" fill="{fill}" stroke="{line}"{dash}/>'
        )

    def text(
        self, x: int, y: int, text: str, room: int, *, size: float = 12, color: str = INK, bold: bool = False,
        mono: bool = False, at: str = "start",
    ) -> None:  # fmt: skip
        """Write one line of text, in smaller letters where it would need more than *room*."""
        needed = text_width(text, size, bold or mono)
        size = size if needed <= room else round(size * room / needed, 1)
        style = f' font-family="{MONO}"' if mono else ""
        style += ' font-weight="600"' if bold else ""
        style += f' text-anchor="{at}"' if at != "start" else ""
        self.parts.append(f'<text x="{x}" y="{y}" font-size="{size:g}" fill="{color}"{style}>{escape(text)}</text>')

    def arrow(self, path: str, color: str, dashed: bool = False) -> None:
        """Draw a line along *path*, with a head at its end."""
        dash = ' stroke-dasharray="5 5"' if dashed else ""
        self.parts.append(
            f'<path d="{path}" fill="none" stroke="{color}" stroke-width="1.75"{dash} marker-end="url(#{color[1:]})"/>'
        )


def text_width(text: str, size: float, wide: bool) -> float:
    """Estimate the width of *text*, too wide rather than too narrow, since no font is available."""
    return len(text) * size * (0.61 if wide else 0.56)


def render(config: Config) -> str:
    """Return *config* as SVG, the same for one config; of more than six regions, five and the number of others."""
    keys = list(config.regions)
    shown = keys if len(keys) <= MOST_COLUMNS else keys[: MOST_COLUMNS - 1]
    lefts = {key: MARGIN + GUTTER + index * (COLUMN + GAP) for index, key in enumerate(shown)}
    rest = len(keys) - len(shown)
    right = lefts[shown[-1]] + COLUMN + (GAP + MORE if rest else 0)
    card = 180 + max(_pools_height(config, key) for key in shown)
    bucket = REGION + card + 66
    canvas = Canvas()
    _add_lanes(canvas, config, right, card, bucket)
    writer = config.download_region if config.bucket else None
    for key, left in lefts.items():
        _add_entry(canvas, config, key, left)
        _add_region(canvas, config, key, left, card)
        if config.regions[key].serves or key == writer:
            _add_weights_arrows(canvas, left, REGION + card, bucket, writes=key == writer)
    for one, other in () if config.is_regional else pairwise(shown):
        _add_spill_over(canvas, config, one, other, lefts[other] - GAP // 2)
    if rest:
        canvas.box(right - MORE, REGION, MORE, card, PAPER, dashed=True)
        canvas.text(right - MORE // 2, REGION + card // 2, f"+{rest} more", MORE - 12, size=16, bold=True, at="middle")
    _add_bucket(canvas, config, bucket, right - MARGIN - GUTTER)
    return _document(config, canvas, right + MARGIN, bucket + 60 + MARGIN)


def _document(config: Config, canvas: Canvas, width: int, height: int) -> str:
    heads = "".join(
        f'<marker id="{color[1:]}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 0.5 8 4 0 7.5z" fill="{color}"/></marker>'
        for _, color in (BLUE, GREEN, AMBER)
    )
    entry = "behind a gateway of its own in each" if config.is_regional else "behind one gateway"
    title = f"{config.name}: {_served(config)} in {len(config.regions)} regions {entry}"
    body = "\n".join(canvas.parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="{SANS}" role="img">\n<title>{escape(title)}</title>\n<defs>{heads}</defs>\n'
        f'<rect width="{width}" height="{height}" rx="14" fill="{PAPER}"/>\n{body}\n</svg>\n'
    )


def _add_lanes(canvas: Canvas, config: Config, right: int, card: int, bucket: int) -> None:
    """Add the title, the bands behind everything, and the notes beside them."""
    names, room = Names(config), right - MARGIN
    canvas.text(MARGIN, 50, config.name, room, size=24, bold=True)
    regions = "1 region" if len(config.regions) == 1 else f"{len(config.regions)} regions"
    under = f"{_served(config)} in {regions}, one VPC ({names.network}), project {config.project}"
    canvas.text(MARGIN, 74, under, room, size=13, color=GREY)
    canvas.box(MARGIN - 12, ADDRESS - 18, room + 24, 92, BLUE[0], BLUE[0])
    canvas.box(MARGIN - 12, REGION - 18, room + 24, card + 36, LANE, LANE)
    for top, title, text, name in _notes(config, bucket):
        canvas.text(MARGIN, top, title, GUTTER - 16, size=14, bold=True)
        lines = wrap(text, 27)
        for number, line in enumerate(lines):
            canvas.text(MARGIN, top + 18 + 15 * number, line, GUTTER - 16, size=11, color=GREY)
        canvas.text(MARGIN, top + 19 + 15 * len(lines), name, GUTTER - 16, size=11, mono=True)


def _notes(config: Config, bucket: int) -> tuple[tuple[int, str, str, str], ...]:
    """Return the notes beside the bands: where each begins, its title, its text, and a name below it."""
    names, check, kind = Names(config), config.gateway.health_check, config.gateway.gateway_class
    after = f"{check.detection_sec} s ({check.interval_sec} s x {check.unhealthy_threshold})"
    dead = f"a dead server gets nothing after {after}"
    if config.is_regional:
        one = f"{'public' if kind.public else 'internal'}, one in each region, with its own proxies"
        between = (SPILL + 4, "Alone", f"no region answers for another; {dead}", "")
        clusters = (REGION + 20, "Clusters", f"one {_kind(config)} cluster per region", "")
    else:
        one = "internal, one address and its proxies per region"
        between = (SPILL + 4, "Spill-over", f"to the next region when the servers are full; {dead}", "")
        clusters = (
            REGION + 20, "Fleet", f"one {_kind(config)} cluster per region; the config cluster is",
            names.cluster(config.config_region),
        )  # fmt: skip
    written = ("read everywhere, written once from", names.cluster(config.download_region))
    weights = written if config.bucket else ("downloaded by each server when it starts", "")
    return (
        (
            CLIENTS + 14,
            "Clients",
            f"{'on the internet' if kind.public else 'inside the VPC'}, {_transport(config)}",
            "",
        ),
        (ADDRESS + 4, "Gateways" if config.is_regional else "Gateway", one, names.gateway),
        between,
        clusters,
        (bucket + 10, "Weights", *weights),
    )


def _transport(config: Config) -> str:
    return f"{'HTTPS' if config.gateway.tls else 'HTTP'} on port {config.gateway.serving_port}"


def _add_entry(canvas: Canvas, config: Config, key: str, left: int) -> None:
    """Add clients, the gateway's address in their region, and the arrow to the cluster."""
    middle = left + COLUMN // 2
    if key not in config.gateway_regions:
        canvas.box(left, ADDRESS, COLUMN, 56, PAPER, dashed=True)
        none = f"no {'gateway' if config.is_regional else 'address'} in {config.regions[key].region}"
        if not config.regions[key].serves:
            none = "no servers: no request comes here"
        elif config.first_beside(key) in config.gateway_regions and not config.is_regional:
            none = f"the address of {config.first_beside(key)}, too"
        canvas.text(middle, ADDRESS + 33, none, COLUMN - 24, color=GREY, at="middle")
        return
    canvas.box(left + 34, CLIENTS, COLUMN - 68, 38, PAPER)
    canvas.text(middle, CLIENTS + 24, f"clients in {config.regions[key].region}", COLUMN - 84, size=13, at="middle")
    canvas.arrow(f"M{middle} {CLIENTS + 38}V{ADDRESS - 2}", BLUE[1])
    canvas.box(left, ADDRESS, COLUMN, 56, PAPER, BLUE[1])
    named = config.gateway.addresses == "named"
    address = Names(config).gateway_address(key) if named else "ephemeral address"
    canvas.text(middle, ADDRESS + 24, address, COLUMN - 24, size=13, bold=True, mono=True, at="middle")
    proxies = f"proxies in {region_ranges(config, key).proxy}"
    canvas.text(middle, ADDRESS + 43, proxies, COLUMN - 24, color=GREY, at="middle")
    canvas.arrow(f"M{middle} {ADDRESS + 56}V{REGION - 2}", BLUE[1])


def _add_spill_over(canvas: Canvas, config: Config, one: str, other: str, middle: int) -> None:
    """Add arrows between two neighbours, each from a region with an address; *middle* is the line between them."""
    top, bottom, half = ADDRESS + 58, REGION - 2, (COLUMN + GAP) // 2 - 24
    bend = (top + bottom) // 2
    sides = [side for side, key in ((1, one), (-1, other)) if key in config.gateway_regions]
    for side in sides:
        start, end = middle - side * half, middle + side * half
        canvas.arrow(f"M{start} {top}C{start} {bend + 26} {end} {bend - 26} {end} {bottom}", BLUE[1], dashed=True)
    if sides:
        canvas.box(middle - 40, bend - 13, 80, 26, PAPER, BLUE[1])
        limits = {_limit(model.balancing) for model in models_of(config)}
        over = limits.pop() if len(limits) == 1 else "when full"
        canvas.text(middle, bend + 4, over, 70, color=BLUE[1], bold=True, at="middle")


def _limit(balancing: Balancing) -> str:
    percent = balancing.max_utilization_percent
    return (
        f"over {percent} %"
        if percent
        else f"over {balancing.max_in_flight_requests or balancing.max_requests_per_second}"
    )


def _add_region(canvas: Canvas, config: Config, key: str, left: int, card: int) -> None:
    """Add one region: its cluster, the pools in it, the ranges of its subnet."""
    is_config = not config.is_regional and key == config.config_region
    canvas.box(left, REGION, COLUMN, card, PAPER)
    canvas.text(left + 16, REGION + 26, key, COLUMN - (152 if is_config else 32), size=17, bold=True)
    if is_config:
        canvas.box(left + COLUMN - 124, REGION + 10, 112, 22, BLUE[1], BLUE[1])
        canvas.text(left + COLUMN - 68, REGION + 25, "config cluster", 104, color=PAPER, bold=True, at="middle")
    zones = ", ".join(config.regions[key].zones)
    canvas.text(left + 16, REGION + 44, zones, COLUMN - 32, color=GREY)
    canvas.box(left + 12, REGION + 56, COLUMN - 24, card - 132, LANE)
    canvas.text(left + 24, REGION + 76, Names(config).cluster(key), 170, size=13, bold=True, mono=True)
    kind = "existing" if config.regions[key].existing.cluster else "GKE cluster"
    canvas.text(left + COLUMN - 24, REGION + 76, kind, 72, size=11, color=GREY, at="end")
    _add_pools(canvas, config, key, left + 22, REGION + 86)
    _add_ranges(canvas, region_ranges(config, key), left, REGION + card - 54)


def _models_by_pool(config: Config, key: str) -> dict[str, list[Model]]:
    """Return the models that each pool of region *key* serves; of several pools of a model, the first choice."""
    first = [(model, next(iter(model.serving_nodes(key).pools))) for model in models_in(config, key)]
    return {pool: [model for model, chosen in first if chosen == pool] for pool in config.pools(key)}


def _lines(texts: Sequence[str], what: str) -> list[str]:
    """Return *texts*, or where they are too many, the first and the number of the others."""
    return (
        list(texts) if len(texts) <= MOST_LINES else [*texts[: MOST_LINES - 1], f"{len(texts) - MOST_LINES + 1} {what}"]
    )


def _pools_height(config: Config, key: str) -> int:
    """Return the height of the pools of region *key*, with the gaps between them."""
    served = [min(len(models), MOST_LINES) for models in _models_by_pool(config, key).values()]
    system = 32 + 30 * min(len(models_in(config, key)), MOST_LINES)
    return system + 16 + sum(55 + 33 * lines if lines else 30 for lines in served)


def _add_pools(canvas: Canvas, config: Config, key: str, x: int, top: int) -> None:
    """Add the system pool with the endpoint pickers, each serving pool with its servers, and a line per other pool."""
    names, system, models = Names(config), config.cluster.system_pool, models_in(config, key)
    width, middle = COLUMN - 44, x + COLUMN // 2 - 22
    entries = [
        f"{model.inference_pool.endpoint_picker_replicas} x endpoint picker of {names.inference_pool(model.key)}"
        if model.has_pool
        else f"no picker: {names.model_server(model.key)} is a Service"
        for model in models
    ]
    lines = _lines(entries, "more models")
    height = 32 + 30 * len(lines)
    canvas.box(x, top, width, height, *GREEN)
    many = f"{system.min_nodes_per_zone} to {system.max_nodes_per_zone} per zone"
    title = f"system: {system_machine_type(config)}"
    if config.cluster.autopilot:
        title, many = "nodes that Google chooses", "as pods need"
    elif config.regions[key].existing.cluster:
        title, many = "nodes that are there", "not managed"
    canvas.text(x + 12, top + 18, title, 140)
    canvas.text(x + width - 12, top + 18, many, 88, size=11, color=GREY, at="end")
    for number, line in enumerate(lines):
        canvas.box(x + 10, top + 27 + 30 * number, width - 20, 26, PAPER, GREEN[1])
        where = top + 44 + 30 * number
        canvas.text(middle, where, line, width - 34, size=11.5, bold=True, color=GREEN[1], at="middle")
    served = _models_by_pool(config, key)
    if served:
        canvas.arrow(f"M{middle} {top + height - 9}V{top + height + 14}", GREEN[1])
    place = top + height + 16
    for pool in sorted(served, key=lambda pool: not served[pool]):
        place = _add_pool(canvas, config, key, pool, served[pool], x, place)


def _add_pool(canvas: Canvas, config: Config, key: str, name: str, models: Sequence[Model], x: int, top: int) -> int:
    """Add one pool with the servers of its *models*; return where the next one begins."""
    pool, width, middle = config.pools(key)[name], COLUMN - 44, x + COLUMN // 2 - 22
    if not models:
        canvas.box(x, top, width, 26, *VIOLET, dashed=True)
        canvas.text(x + 12, top + 17, _pool_text(name, pool), width - 24)
        return top + 30
    lines = _lines([_pods_text(model, key) for model in models], "more models")
    canvas.box(x, top, width, 49 + 33 * len(lines), *VIOLET)
    canvas.text(x + 12, top + 18, _pool_text(name, pool), width - 24)
    count = f"{pool.min_nodes} to {pool.nodes}" if pool.grows else str(pool.nodes)
    nodes = "1 node" if count == "1" else f"{count} nodes"
    how = f"{nodes}, {pool.spec.capacity.mode.replace('_', '-')}{', managed DRANET' if pool.dranet else ''}"
    canvas.text(x + 12, top + 35, how, width - 24, size=11, color=GREY)
    for number, line in enumerate(lines):
        canvas.box(x + 10, top + 46 + 33 * number, width - 20, 27, PAPER, VIOLET[1])
        where = top + 64 + 33 * number
        canvas.text(middle, where, line, width - 34, size=11.5, bold=True, color=VIOLET[1], at="middle")
    return top + 55 + 33 * len(lines)


def _kind(config: Config) -> str:
    """Return what the clusters are, as the picture says it."""
    return "Autopilot" if config.cluster.autopilot else f"{config.cluster.control_plane} GKE"


def _pods_text(model: Model, key: str) -> str:
    spec, given = model.autoscaling, model.spec.replicas
    fixed = model.serving_nodes(key).replicas if given is None else given
    many = f"{spec.min_replicas} to {spec.max_replicas}" if spec else str(fixed)
    return f"{many} x {Names(model.config).model_server(model.key)}, port {model.server.http_port}"


def _pool_text(key: str, pool: PoolPlan) -> str:
    topology = f" {pool.topology}" if pool.topology else ""
    return f"{key}: {pool.machine.machine_type}{topology}, {pool.chips} x {pool.machine.generation}"


def _add_ranges(canvas: Canvas, ranges: RegionRanges, left: int, top: int) -> None:
    for number, part in enumerate(("nodes", "pods", "services")):
        canvas.text(left + 16, top + 18 * number, part, 90, color=GREY)
        canvas.text(left + COLUMN - 16, top + 18 * number, str(getattr(ranges, part)), 160, mono=True, at="end")


def _add_weights_arrows(canvas: Canvas, left: int, top: int, bucket: int, *, writes: bool) -> None:
    canvas.arrow(f"M{left + 60} {bucket}V{top + 2}", AMBER[1])
    canvas.text(left + 70, bucket - 14, "reads", 60, color=AMBER[1], bold=True)
    if writes:
        canvas.arrow(f"M{left + 170} {top}V{bucket - 2}", AMBER[1])
        canvas.text(left + 180, bucket - 14, "writes, once", 100, color=AMBER[1], bold=True)


def _add_bucket(canvas: Canvas, config: Config, top: int, width: int) -> None:
    left = MARGIN + GUTTER
    canvas.box(left, top, width, 58, *AMBER)
    place = f"gs://{Names(config).bucket}" if config.bucket else "huggingface.co"
    canvas.text(left + 16, top + 25, place, width - 32, size=13, bold=True, mono=True)
    where = f", bucket in {config.bucket.location}" if config.bucket else ""
    weights = ", ".join(_weights_text(model) for model in models_of(config))
    canvas.text(left + 16, top + 44, f"{weights}{where}", width - 32, color=GREY)


def _weights_text(model: Model) -> str:
    weights = model.weights
    if weights is None or weights.image_path:
        return f"{model.key} in its image"
    return weights.bucket_path or f"{weights.repository} at {str(weights.revision)[:12]}"


def _served(config: Config) -> str:
    """Return the models, as a title names them."""
    names = [model.name for model in models_of(config)]
    return names[0] if len(names) == 1 else f"{len(names)} models"
