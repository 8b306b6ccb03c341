"""Several platforms in one cloud: environments with a project each, from one base, and two in one VPC."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from platform_config.several import load_several
from platform_config.stack_graph import NETWORK_STACK, cluster_stack
from tests.config_files import TEXT
from tests.configs import EXISTING, changed
from tests.rig.cloud import Key
from tests.rig.server import Rig
from tests.rig.wire import Message
from tests.terraform.configs import freed
from tests.terraform.theirs import Theirs
from tests.terraform.world import World

ROOT = Path(__file__).parent.parent.parent
BASE = TEXT + "cluster:\n  deletion_protection: false\nlabels:\n  team: search\n"
ENVIRONMENTS: dict[str, dict[str, Any]] = {
    "dev": {"regions": {"eu": None}, "models": {"gemma": {"server": {"max_model_len": 8192}}}},
    "staging": {"regions": {"eu": None}, "network": {"supernet": "172.16.0.0/12"}},
    "prod": {"observability": {"alerts": {"gateway-errors": {"threshold": 2}}}},
}
"""What each says over base.yaml, beside its name, project and labels."""

NETWORK = EXISTING[0]
"""The config of a platform in a network that exists."""
Worlds = dict[str, World]


def held(rig: Rig, environment: str) -> dict[Key, Message]:
    """Return the objects of one environment: in its project, or in a cluster of it."""
    own = f"acme-{environment}"
    clusters = " ".join(
        str(one) for key, one in rig.cloud.objects.items() if key[0].endswith("_cluster") and own in key[2]
    )
    return {
        key: one
        for key, one in rig.cloud.objects.items()
        if (key[1] and key[1].removeprefix("https://") in clusters) or (not key[1] and own in str((key, one)))
    }


@pytest.fixture(scope="module")
def outdirs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Synthesize all three with one command, and name the folder of each."""
    folder = tmp_path_factory.mktemp("environments")
    (folder / "base.yaml").write_text(BASE)
    for name, own in ENVIRONMENTS.items():
        said = {"extends": "base.yaml", "name": f"gemma-{name}", "project": f"acme-{name}", "labels": {"env": name}}
        (folder / f"{name}.yaml").write_text(yaml.safe_dump({**said, **own}))
    files = [str(folder / f"{name}.yaml") for name in ENVIRONMENTS]
    done = subprocess.run(
        [sys.executable, "main.py", *files],
        cwd=ROOT,
        env={**os.environ, "CDKTF_OUTDIR": str(folder / "cdktf.out")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return {name: folder / f"cdktf.out-{name}" for name in ENVIRONMENTS}


@pytest.fixture(scope="module")
def environments(outdirs: dict[str, Path]) -> Iterator[Worlds]:
    """Deploy all three into one cloud."""
    rig = Rig()
    worlds = {name: World(outdir.parent, rig) for name, outdir in outdirs.items()}
    for name, world in worlds.items():
        world.use_synth(outdirs[name])
        world.deploy()
    yield worlds
    rig.stop()


def test_each_environment_has_its_own_project_states_and_values(environments: Worlds) -> None:
    """What the base says and the environment does not is in all three; no object is in two of them."""
    rig = environments["dev"].rig
    objects = {name: held(rig, name) for name in environments}
    clusters = {
        name: [one for (kind, _, _), one in of.items() if kind == "google_container_cluster"]
        for name, of in objects.items()
    }

    assert {name: len(of) for name, of in clusters.items()} == {"dev": 1, "staging": 1, "prod": 2}
    assert sum(map(len, objects.values())) == len(set().union(*objects.values())) == len(rig.cloud.objects)
    for name, world in environments.items():
        [google] = world.app.stacks[NETWORK_STACK]["provider"]["google"]
        assert (google["project"], google["default_labels"]) == (f"acme-{name}", {"team": "search", "env": name})
        states = {world.app.stacks[stack]["terraform"]["backend"]["local"]["path"] for stack in world.app.stacks}
        assert all(f"/terraform-state/gemma-{name}/" in state for state in states)
        assert all(world.state(stack) for stack in world.app.stacks)


def test_each_environment_is_settled_beside_the_others(environments: Worlds) -> None:
    """A plan of one finds nothing to do once the others are there."""
    assert {name: world.unsettled() for name, world in environments.items()} == {name: [] for name in environments}


def test_a_destroy_of_one_leaves_the_others(environments: Worlds) -> None:
    """Not an object of the others is touched, their plans stay empty, and of the one nothing is left."""
    dev = environments["dev"]
    others = {name: held(dev.rig, name) for name in environments if name != "dev"}
    dev.destroy()

    assert held(dev.rig, "dev") == {}
    assert [stack for stack in dev.app.stacks if dev.state(stack)] == []
    assert {name: held(dev.rig, name) for name in others} == others
    assert [environments[name].unsettled() for name in others] == [[], []]


def test_two_platforms_share_a_network(tmp_path: Path) -> None:
    """Each makes its subnets, rules and clusters in a VPC of others, and leaves nothing when it goes."""
    regions = {
        "asia": {"number": 1, "region": "asia-northeast1", "zones": ["asia-northeast1-b"], "config_cluster": True}
    }
    shared = {"network": "projects/my-project-id/global/networks/corp"}
    voice = changed(NETWORK, name="voice", project="my-voice-project", existing=shared, regions=regions)
    voice["network"] = {"supernet": "10.64.0.0/12"}
    (tmp_path / "voice.yaml").write_text(json.dumps(voice))
    platforms = load_several([NETWORK, tmp_path / "voice.yaml"])
    rig = Rig()
    vpc = Theirs(tmp_path / "theirs", rig, platforms[0].config).apply()
    found, worlds = [], []
    for number, platform in enumerate(platforms):
        (tmp_path / str(number)).mkdir()
        worlds.append(World(tmp_path / str(number), rig))
        worlds[number].use(freed(platform.config))
        worlds[number].deploy([NETWORK_STACK, *map(cluster_stack, platform.config.regions)])
        found.append(dict(rig.cloud.objects))
    first, second = worlds
    second.destroy([NETWORK_STACK, cluster_stack("asia")])

    rules = {key[2].rpartition("/")[2] for key in found[1] if key[0] == "google_compute_firewall"}
    assert {"gemma-vpc-allow-health-checks", "voice-vpc-allow-health-checks", "voice-vpc-allow-nodes-asia"} <= rules
    assert rig.cloud.objects == found[0]
    assert vpc.items() <= rig.cloud.objects.items()
    assert first.unsettled([NETWORK_STACK, cluster_stack("us")]) == []
    rig.stop()
