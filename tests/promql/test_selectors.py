"""What a query reads is found in its text."""

from __future__ import annotations

from tests.promql.selectors import base_name, read, seconds


def test_a_query_is_read() -> None:
    """Metrics with their matchers, ranges and offsets; not functions, labels and operators."""
    found = read(
        'sum by (le, job) (rate(a:x_bucket{job=~"b|c",le!="1"}[5m] offset 1h30m)) / on (job) group_left () d > bool 0.5'
        ' and ignoring (x) label_replace(e{f="sum(g)"}, "new", "$1", "f", "(.*)") or vector(0)'
    )

    assert [one.metric for one in found.selectors] == ["a:x_bucket", "d", "e"]
    assert found.selectors[0].matchers == {"job": ("=~", "b|c"), "le": ("!=", "1")}
    assert found.selectors[2].matchers == {"f": ("=", "sum(g)")}
    assert [one.function for one in found.selectors] == ["rate", "", "label_replace"]
    assert found.functions == {"sum", "rate", "label_replace", "vector"}
    assert found.grouping == {"le", "job", "x"}
    assert found.made == {"new"}
    assert found.look_back_sec == 300 + 5400


def test_a_subquery_looks_back_by_both_ranges() -> None:
    """Its own and that of what is in it."""
    assert read("max_over_time(rate(a[5m])[1h:30s])").look_back_sec == 3900


def test_braces_without_a_name_have_none() -> None:
    """Their matchers are read all the same."""
    (one,) = read('{__name__=~"a.*", b="c"}').selectors

    assert (one.metric, one.matchers) == ("", {"__name__": ("=~", "a.*"), "b": ("=", "c")})


def test_an_aggregation_may_name_its_labels_behind() -> None:
    """`sum(x) by (y)`, as people write it."""
    found = read("sum(x) by (y) > 1e3")

    assert [one.metric for one in found.selectors] == ["x"]
    assert found.grouping == {"y"}


def test_parts_of_a_histogram_are_of_it() -> None:
    """Where the histogram is known; a counter that ends so by itself is not."""
    assert base_name("a_bucket", {"a"}) == "a"
    assert base_name("request_count", {"request_count"}) == "request_count"
    assert base_name("b_sum", {"a"}) == "b_sum"


def test_durations_are_seconds() -> None:
    """With several units."""
    assert (seconds("1h30m"), seconds("500ms"), seconds("2d")) == (5400, 0.5, 172800)
