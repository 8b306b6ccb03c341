"""A stand-in for kubectl: it reads objects of clusters outside from a file, and refuses as kubectl 1.34 does."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

SCRIPT = """#!{python} -I
import json, sys
from urllib.parse import urlsplit

stored = json.load(open({stored!r}))
arguments = [one for one in sys.argv[1:] if not one.startswith("--")]
options = dict(one[2:].partition("=")[::2] for one in sys.argv[1:] if one.startswith("--"))
with open({log!r}, "a") as log:
    print(json.dumps([sys.argv[1:], open(options["kubeconfig"]).read()]), file=log)


def refuse(message):
    sys.exit(message)


cluster = stored.get(options["context"])
if cluster is None:
    refuse("error: context %s does not exist" % json.dumps(options["context"]))
if cluster["error"]:
    refuse(cluster["error"])
assert arguments[0] == "get", arguments
if arguments[1] == "secret":
    if arguments[2] not in cluster["secrets"]:
        refuse('Error from server (NotFound): secrets "%s" not found' % arguments[2])
    print("secret/" + arguments[2])
else:
    found = cluster["objects"].get(urlsplit(arguments[1]).path)
    if found is None:
        refuse("Error from server (NotFound): the server could not find the requested resource")
    print(json.dumps(found))
"""


@dataclass
class OutsideStandIn:
    """
    One cluster outside.

    Attributes:
        objects: What the Kubernetes API answers, by path.
        secrets: Names of its Secrets.
        error: What kubectl prints instead of any answer.
    """

    objects: dict[str, Any] = field(default_factory=lambda: {"/version": {"gitVersion": "v1.34.2"}})
    secrets: list[str] = field(default_factory=list)
    error: str = ""

    def put(self, collection: str, manifest: dict[str, Any]) -> dict[str, Any]:
        """Put an object into *collection*, and into its list; return it."""
        self.objects[f"{collection}/{manifest['metadata']['name']}"] = manifest
        self.objects.setdefault(collection, {"items": []})["items"].append(manifest)
        return manifest


@dataclass
class KubectlStandIn:
    """
    kubectl on PATH, and a kubeconfig file whose contexts are the clusters.

    Attributes:
        folder: Where both are.
        clusters: By the name of their context.
    """

    folder: Path
    clusters: dict[str, OutsideStandIn] = field(default_factory=dict)

    @property
    def kubeconfig(self) -> Path:
        """The file, which holds a token that nobody but kubectl may read."""
        return self.folder / "kubeconfig.yaml"

    @property
    def calls(self) -> list[tuple[list[str], str]]:
        """The arguments of each call, and what was in its kubeconfig file."""
        log = self.folder / "log"
        lines = log.read_text().splitlines() if log.exists() else []
        return [(arguments, given) for arguments, given in map(json.loads, lines)]

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Put it on PATH, with what is in the clusters now, and forget its calls."""
        (self.folder / "log").unlink(missing_ok=True)
        stored = {name: vars(cluster) for name, cluster in self.clusters.items()}
        (self.folder / "stored.json").write_text(json.dumps(stored))
        contexts = [{"name": name, "context": {"cluster": name, "user": name}} for name in self.clusters]
        users = [{"name": name, "user": {"token": "token-of-the-file"}} for name in self.clusters]
        document = {"apiVersion": "v1", "kind": "Config", "contexts": contexts, "users": users}
        self.kubeconfig.write_text(yaml.safe_dump(document))
        binary = self.folder / "bin" / "kubectl"
        binary.parent.mkdir(exist_ok=True)
        script = SCRIPT.format(
            python=sys.executable, stored=str(self.folder / "stored.json"), log=str(self.folder / "log")
        )
        binary.write_text(script)
        binary.chmod(0o755)
        patch.setenv("PATH", f"{binary.parent}{os.pathsep}{os.environ['PATH']}")
