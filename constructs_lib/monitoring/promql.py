"""PromQL as text: selectors with labels in order, and several names for one metric."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from constructs_lib.monitoring.metrics import LLM_D_FAMILY, PickerMetrics
from constructs_lib.monitoring.platform import MonitoredPlatform


def select(metric: str, *matchers: str, **labels: str) -> str:
    """
    Return the series of *metric* with *labels*, of which a value with `|` or `*` is a pattern.

    Args:
        metric: Name of the metric.
        matchers: More conditions, as PromQL has them.
        labels: Value of each label.
    """
    given = [f'{name}{"=~" if set(value) & set("|*") else "="}"{value}"' for name, value in labels.items() if value]
    return f"{metric}{{{','.join([*given, *matchers])}}}"


def any_family(families: Iterable[PickerMetrics], query: Callable[[PickerMetrics], str]) -> str:
    """
    Return *query* for each of *families*, and for the names that the chart's successor has, joined.

    So that an upgrade of the endpoint picker leaves no gap: where it exports two names, `or` takes the first.
    """
    queries = dict.fromkeys(query(family) for family in [*families, LLM_D_FAMILY])
    return " or ".join(f"({text})" for text in queries)


def picker_families(platform: MonitoredPlatform) -> list[PickerMetrics]:
    """Return what the endpoint pickers of *platform* export, each family once."""
    return list(dict.fromkeys(model.picker for model in platform.models.values() if model.picker))
