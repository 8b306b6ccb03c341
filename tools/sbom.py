"""
Writes the bill of materials of the package: `make sbom`, with cyclonedx-py in an environment of its own.

cyclonedx-py lists all of the environment, with what the tests need; this keeps what the lock installs for a user, with
either toolchain.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from tools.licences import LOCK, SECTIONS

Document = dict[str, Any]


def keep_locked(document: Document, locked: set[str]) -> Document:
    """Return the *document* with the components in *locked*, by name, and what they and the package depend on."""
    kept = [one for one in document["components"] if normalized(one["name"]) in locked]
    refs = {one["bom-ref"] for one in kept} | {document["metadata"]["component"]["bom-ref"]}
    edges = [
        {**one, **({"dependsOn": [ref for ref in one["dependsOn"] if ref in refs]} if "dependsOn" in one else {})}
        for one in document.get("dependencies", [])
        if one["ref"] in refs
    ]
    return {**document, "components": kept, "dependencies": edges}


def normalized(name: str) -> str:
    """Return the *name* of a package as locks have it. Source: PyPA, Names and normalization."""
    return re.sub(r"[-_.]+", "-", name).lower()


def main(arguments: list[str]) -> int:
    """Read the document at the first of *arguments*, and write it to the second."""
    source, target = map(Path, arguments)
    lock = json.loads(LOCK.read_text(encoding="utf-8"))
    locked = {normalized(name) for section in SECTIONS for name in lock[section]}
    made = keep_locked(json.loads(source.read_text(encoding="utf-8")), locked)
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    print(f"{target}: {len(made['components'])} components")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
