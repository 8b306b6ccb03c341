"""What a node leaves to pods."""

from __future__ import annotations

import pytest

from constructs_lib.accelerators import machines
from constructs_lib.node_room import (
    DAEMONS_CPUS,
    DAEMONS_MEMORY_GIB,
    cpus_left,
    disk_left_gib,
    local_ssds_left_gib,
    memory_left_gib,
)


def test_what_gke_leaves_of_a_disk_is_googles_own_number() -> None:
    """100 GB of boot disk leave 47060071478 bytes, printed in Google's page on node sizes."""
    assert disk_left_gib(100) == 47060071478 // 2**30
    assert [disk_left_gib(size) for size in (10, 200, 300)] == [3, 93, 154]


@pytest.mark.parametrize(("count", "total", "left"), [(1, 375, 287), (2, 750, 600), (4, 1500, 1250), (1, 50, 0)])
def test_what_gke_leaves_of_local_ssds(count: int, total: int, left: int) -> None:
    """Nine tenths, less 50 GiB for one, 75 for two and 100 for more: never less than nothing."""
    assert local_ssds_left_gib(count, total) == left


def test_what_gke_leaves_of_memory_and_cpus_is_not_more_than_googles_own_numbers() -> None:
    """Google's page prints 3920m and 13498416 KiB for a node of 4 CPUs and 16 GB; its own pods come off that."""
    assert cpus_left(4) == pytest.approx(3.92 - DAEMONS_CPUS)
    assert 10 < memory_left_gib(16) <= 13498416 / 2**20 - DAEMONS_MEMORY_GIB


def test_every_machine_leaves_room_for_a_pod_per_chip() -> None:
    """So the smallest server that a config can ask for has CPUs and memory on each machine."""
    for machine in machines().values():
        assert cpus_left(machine.cpus) / machine.chips >= 1
        assert memory_left_gib(machine.host_memory_gib) / machine.chips >= 8
