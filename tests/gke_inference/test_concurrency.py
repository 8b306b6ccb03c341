"""Questions side by side: each is reported, whatever becomes of the others."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from gke_inference import concurrency
from gke_inference.api_error import ApiError
from gke_inference.concurrency import Once, Task, run_tasks
from gke_inference.findings import Finding, Status


def finding(id_: str, found: str = "") -> Finding:
    """Make a finding of no interest but for its id and what was found."""
    return Finding(id=id_, status=Status.GOOD, found=found, needed="")


def task(id_: str, *following: Task) -> Task:
    """Return one that reports its id; *following* come after it."""
    return Task(ask=lambda: ([finding(id_)], following), unknown=lambda why: finding(id_, why))


def asked(tasks: Sequence[Task], timeout_sec: float = 10) -> tuple[dict[str, str], list[tuple[int, int]]]:
    """Return what was found by id, and the progress that was noted."""
    notes: list[tuple[int, int]] = []
    found = run_tasks(tasks, timeout_sec=timeout_sec, note=lambda done, of: notes.append((done, of)))
    return {one.id: one.found for one in found}, notes


def test_what_follows_is_asked_too() -> None:
    """At any depth; how many there are grows with it."""
    found, notes = asked([task("a", task("b"), task("c", task("d")))])

    assert sorted(found) == ["a", "b", "c", "d"]
    assert notes == [(1, 3), (2, notes[1][1]), (3, 4), (4, 4)]


def test_nothing_to_ask_is_over_at_once() -> None:
    """No findings."""
    assert asked([]) == ({}, [])


def test_one_that_breaks_hides_no_other() -> None:
    """The finding says why."""

    def broken() -> tuple[list[Finding], list[Task]]:
        raise KeyError("spec")

    found, _ = asked([Task(ask=broken, unknown=lambda why: finding("broken", why)), task("other")])

    assert found == {"broken": "the answer cannot be read (KeyError: 'spec')", "other": ""}


def test_those_that_hang_are_told_after_the_time_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """With more of them than threads; progress is noted, though nothing ends."""
    monkeypatch.setattr(concurrency, "TICK_SEC", 0.1)
    end = threading.Event()

    def hang() -> tuple[list[Finding], list[Task]]:
        end.wait()
        return [], []

    hanging = [Task(ask=hang, unknown=lambda why, n=n: finding(f"{n}", why)) for n in range(9)]  # type: ignore[misc]
    found, notes = asked([task("first"), *hanging], timeout_sec=0.5)
    end.set()

    assert set(found.values()) == {"", "no answer within 0.5 seconds"}
    assert len(found) == 10
    assert notes[-2:] == [(1, 10), (1, 10)]


def test_what_several_need_is_asked_once() -> None:
    """Threads that come later wait for the first one's answer."""
    asked_by: list[int] = []

    def ask() -> str:
        asked_by.append(1)
        return "answer"

    shared = Once(ask)
    found = run_tasks(
        [Task(ask=lambda: ([finding("a", shared())], []), unknown=lambda why: finding("a", why)) for _ in range(20)],
        timeout_sec=10, note=lambda *_: None,
    )  # fmt: skip

    assert ([one.found for one in found], len(asked_by)) == (["answer"] * 20, 1)


def test_a_refusal_of_what_several_need_is_everybodys() -> None:
    """It is not asked again."""
    refused: list[int] = []

    def ask() -> str:
        refused.append(1)
        raise ApiError(status=403, reason="denied", message="")

    shared = Once(ask)
    for _ in range(3):
        with pytest.raises(ApiError, match="denied"):
            shared()

    assert len(refused) == 1
