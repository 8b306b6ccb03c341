"""A platform in a cloud of its own: all its stacks, deployed, changed and destroyed in the manifest's order."""

from __future__ import annotations

import copy
import json
import pickle
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path

from platform_config.config import Config
from tests.rig.cloud import Key
from tests.rig.server import Rig
from tests.rig.wire import Message
from tests.synthesized import Synthesized, synthesize
from tests.terraform.runs import Changes, Folder, Step, steps

WORKERS = 4
"""Stacks at once; more where there are more regions, whose clusters are to be created side by side."""
STATE = "../../../terraform-state/{}.tfstate"
"""In place of a bucket."""
TRACE = "trace.log"
SAVED = "world.pickle"


class World:
    """
    One platform's stacks, their states, and the cloud that they are in.

    Args:
        base: Empty folder for all of it.
        rig: The cloud. Default: one of its own.

    Attributes:
        app: The stacks as they were synthesized last.
        changes: What the last plan of each stack was to change.
        steps: What was done, stack by stack, each in its own order.
        before: The cloud as each stack found it when it was deployed.
        base: The folder.
        theirs: What was in the cloud before the platform.
    """

    def __init__(self, base: Path, rig: Rig | None = None) -> None:
        self.rig = rig or Rig()
        self.app: Synthesized
        self.changes: dict[str, Changes] = {}
        self.steps: list[Step] = []
        self.before: dict[str, dict[Key, Message]] = {}
        self.base = base
        self.theirs: dict[Key, Message] = {}
        self._synths = 0
        self._folders: dict[str, Folder] = {}

    def copy(self, base: Path, rig: Rig | None = None) -> World:
        """Copy the platform into another cloud: that of *rig*, or one of its own."""
        other = World(base, rig)
        shutil.copytree(self.base, base, dirs_exist_ok=True, ignore=shutil.ignore_patterns(TRACE, SAVED))
        other.rig.cloud.objects = copy.deepcopy(self.rig.cloud.objects)
        other._synths, other.theirs = self._synths, self.theirs
        other._read(base / self.app.outdir.name)
        return other

    def save(self) -> None:
        """Write what is not in files beside them, so that `restored` can go on in another process."""
        cloud = self.rig.cloud
        held = (
            self._synths,
            self.changes,
            self.steps,
            self.before,
            cloud.objects,
            cloud.log,
            cloud.tokens,
            self.theirs,
        )
        (self.base / SAVED).write_bytes(pickle.dumps(held))

    @staticmethod
    def restored(saved: Path, base: Path) -> World:
        """Restore the platform that was saved in the folder *saved*, in the empty folder *base*."""
        world = World(base)
        shutil.copytree(saved, base, dirs_exist_ok=True, ignore=shutil.ignore_patterns(SAVED))
        cloud = world.rig.cloud
        held = pickle.loads((saved / SAVED).read_bytes())
        world._synths, world.changes, world.steps, world.before, cloud.objects, *rest = held
        cloud.log, cloud.tokens, world.theirs = rest
        world._read(base / f"synth-{world._synths}")
        return world

    def use(self, config: Config) -> set[str]:
        """Synthesize *config*; gives the stacks that differ from the last synth's."""
        return self.take(partial(synthesize, config))

    def take(self, write: Callable[[Path], object]) -> set[str]:
        """Use the synth that *write* writes into a folder; gives the stacks that differ from the last one's."""
        old = self.app.stacks if self._synths else {}
        self._synths += 1
        outdir = self.base / f"synth-{self._synths}"
        outdir.mkdir()
        write(outdir)
        self._read(outdir)
        return {stack for stack in self.app.stacks if self.app.stacks[stack] != old.get(stack)}

    def use_synth(self, outdir: Path) -> None:
        """Use the stacks that an app has synthesized to *outdir*; those that were used before stay deployed."""
        self._read(outdir)

    def trace(self) -> None:
        """Keep all that Terraform logs from here on, beside states and synths."""
        self.rig.environment |= {"TF_LOG": "trace", "TF_LOG_PATH": str(self.base / TRACE)}

    def folder(self, stack: str) -> Folder:
        """Return the stack's folder, to run Terraform in."""
        return self._folders[stack]

    def deploy(self, stacks: Iterable[str] | None = None) -> None:
        """Plan and apply *stacks*, or all: each after those that it needs, as many at once as can be."""

        def deploy_one(stack: str) -> None:
            self.before[stack] = dict(self.rig.cloud.objects)
            self.changes[stack], done = self._folders[stack].deploy()
            self.steps += done

        self._walk(stacks, self.app.dependencies, deploy_one)

    def deploy_by_plans(self, stacks: Iterable[str] | None = None) -> None:
        """Validate *stacks*, or all, save the plan of each, show it, and apply it: what a pipeline does."""

        def deploy_one(stack: str) -> None:
            folder = self._folders[stack]
            folder.must("validate")
            self.before[stack] = dict(self.rig.cloud.objects)
            self.changes[stack] = folder.plan()
            folder.must("show", "-json", "plan")
            self.steps += steps(stack, folder.must("apply", "-json", "plan"))

        self._walk(stacks, self.app.dependencies, deploy_one)

    def destroy(self, stacks: Iterable[str] | None = None) -> None:
        """Destroy *stacks*, or all: each before those that it needs, as many at once as can be."""

        def destroy_one(stack: str) -> None:
            self.steps += steps(stack, self._folders[stack].must("apply", "-destroy", "-auto-approve", "-json"))

        self._walk(
            stacks,
            lambda stack: {user for user in self.app.stacks if stack in self.app.dependencies(user)},
            destroy_one,
        )

    def unsettled(self, stacks: Iterable[str] | None = None) -> list[str]:
        """Find those of *stacks*, or of all, whose next plan is not empty."""
        found: list[str] = []

        def check(stack: str) -> None:
            found.extend([] if self._folders[stack].settled() else [stack])

        self._walk(stacks, lambda stack: set(), check)
        return found

    def state(self, stack: str) -> list[Message]:
        """
        Read the resources in the stack's state.

        But for edges, of which older Terraforms note fewer when an apply goes on, random IDs of Terraform's own, and
        the pools that a cluster had when it was read.
        """
        path = self._states(stack)
        found: list[Message] = json.loads(path.read_text())["resources"] if path.is_file() else []
        for instance in (one for resource in found for one in resource["instances"]):
            instance.pop("dependencies", None)
        for instance in (one for held in found if held["type"] == "terraform_data" for one in held["instances"]):
            instance["attributes"].pop("id")
        read = (held for held in found if (held["mode"], held["type"]) == ("data", "google_container_cluster"))
        for instance in (one for held in read for one in held["instances"]):
            instance["attributes"]["node_pool"] = []
        return found

    def rewind(self, stack: str, cloud: dict[Key, Message]) -> None:
        """Forget *stack*: its state, and everything that is not in *cloud*."""
        self._states(stack).unlink(missing_ok=True)
        self.rig.cloud.objects = copy.deepcopy(cloud)

    def lose_states(self, stacks: Iterable[str]) -> None:
        """Forget the states of *stacks*: what was made is there, and Terraform knows nothing of it."""
        for stack in stacks:
            self._states(stack).unlink()

    def stop(self) -> None:
        """End the providers."""
        self.rig.stop()

    def _states(self, stack: str) -> Path:
        folder = self.app.outdir / "stacks" / stack
        backend = self.app.stacks[stack]["terraform"]["backend"].get("local", {"path": STATE.format(stack)})
        return folder / str(backend["path"])

    def _read(self, outdir: Path) -> None:
        self.app = Synthesized(outdir)
        for stack, document in self.app.stacks.items():
            if "local" not in document["terraform"]["backend"]:
                here = {"local": {"path": STATE.format(stack)}}
                override = outdir / "stacks" / stack / "backend_override.tf.json"
                override.write_text(json.dumps({"terraform": {"backend": here}}))
        # Stacks that are gone from the app stay, to be destroyed.
        paths = {stack: outdir / "stacks" / stack for stack in self.app.stacks}
        self._folders |= {stack: Folder(path, self.rig, backend=True) for stack, path in paths.items()}

    def _walk(self, stacks: Iterable[str] | None, first: Callable[[str], set[str]], do: Callable[[str], None]) -> None:
        """Do each of *stacks* when those of *first* are done that are among them."""
        chosen = set(self.app.stacks if stacks is None else stacks)
        order = TopologicalSorter({stack: first(stack) & chosen for stack in chosen})
        order.prepare()
        with ThreadPoolExecutor(max(WORKERS, len([name for name in chosen if "-cluster-" in name]))) as pool:
            running: dict[Future[None], str] = {}
            while order.is_active():
                running |= {pool.submit(do, stack): stack for stack in order.get_ready()}
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    future.result()
                    order.done(running.pop(future))
