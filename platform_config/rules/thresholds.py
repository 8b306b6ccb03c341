"""Rules about the thresholds of alerts: that the metric can pass them, and that they are in its unit."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.monitoring.alert import AlertKind
from constructs_lib.specs import AlertSpec
from constructs_lib.specs.limits import plain_number
from platform_config.errors import Problem
from platform_config.rules.alerts import per_alert
from platform_config.rules.rule import Rule


def _threshold(at: str, kind: AlertKind, spec: AlertSpec) -> Iterator[Problem]:
    given = spec.threshold
    if given is None:
        return
    if not kind.unit:
        message = f"must be left out of an alert without a threshold, got {plain_number(given)}"
        yield Problem(f"{at}.threshold", message, "remove the line")
    elif not kind.lowest <= given <= kind.highest:
        allowed = f"{plain_number(kind.lowest)} and {plain_number(kind.highest)} {kind.unit}"
        message = f"must be between {allowed}, got {plain_number(given)}"
        yield Problem(f"{at}.threshold", message, _percent(kind, given) or f"write {kind.threshold:g}")


def _fraction(at: str, kind: AlertKind, spec: AlertSpec) -> Iterator[Problem]:
    given = spec.threshold
    if given is not None and kind.lowest <= given <= kind.highest and (fix := _percent(kind, given)):
        size = "less than one of them" if given < 1 else "one of them"
        yield Problem(f"{at}.threshold", f"should be in percent, got {plain_number(given)}, which is {size}", fix)


def _percent(kind: AlertKind, given: float) -> str:
    """Return what to write for a share of 1 where percent is meant; empty where it is none."""
    likely = min(given * 100, kind.highest)
    # 1 can be a share, too, where one percent would be far from what the alert is for.
    highest_share = 1 if kind.threshold > 10 * kind.highest / 100 else 0.99
    is_share = kind.unit == "percent" and 0 < given <= highest_share and kind.lowest <= likely
    return f"did you mean {plain_number(likely)}?" if is_share else ""


RULES = (
    Rule(
        "ALERT-THRESHOLD",
        "A threshold is one that the metric can pass, in the alert's unit",
        "An alert that can never fire, or always does, says nothing.",
        "this library",
        per_alert(_threshold),
    ),
    Rule(
        "ALERT-PERCENT",
        "A threshold in percent is not a share of 1",
        "0.05 in place of 5 fires a hundred times as early. It is refused only where no percentage that low "
        "can be meant: 0.05 percent of errors can.",
        "this library",
        per_alert(_fraction),
        severity="warning",
    ),
)
