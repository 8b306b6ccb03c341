"""
Writes Pipfile and Pipfile.lock from pyproject.toml, the one place where dependencies are written: `make lock`.

uv resolves for every Python from the oldest that is supported, and for every platform. The versions in the lock stay
where they still fit; `--upgrade` takes the newest that fit. Neither file names a package index: pip's settings do.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import tomli

from tools.install import locked, pip, pip_settings, uv_variables
from tools.setup import CHECKOV, ROOT, UV, VENV

OLDEST_PYTHON = "3.10"
PROJECT = ROOT / "pyproject.toml"
PIPFILE = ROOT / "Pipfile"
REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+) *(?P<versions>[^;]*)")
"""A line of pyproject.toml; none there has a marker or an extra."""
TOOLCHAIN = "cdktn"
"""The extra that is installed in place of another one, and so has a section of its own in both files."""
PIPENV_HASH = "import sys, plette; print(plette.Pipfile.load(open(sys.argv[1])).get_hash().value)"
"""By which pipenv sees whether a lock was made from its Pipfile."""
HEADER = """\
# Written by `make lock` from pyproject.toml, which says what each package is for. Versions are pinned in Pipfile.lock.
# No [[source]]: pip's own settings choose the index.
"""


def pipfile(project: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return the sections of Pipfile: what a synth and the commands need, what only tests need, and cdktn."""
    extras = project["project"]["optional-dependencies"]
    lines = [
        *project["project"]["dependencies"],
        *(line for name in extras if name != TOOLCHAIN for line in extras[name]),
    ]
    return {
        "packages": _versions(lines),
        "dev-packages": _versions(project["dependency-groups"]["tests"]),
        TOOLCHAIN: _versions(extras[TOOLCHAIN]),
    }


def text(sections: dict[str, dict[str, str]]) -> str:
    """Return Pipfile as text."""
    tables = [
        f"[{section}]\n" + "".join(f'{name} = "{versions}"\n' for name, versions in packages.items())
        for section, packages in sections.items()
    ]
    return "\n".join([HEADER, *tables])


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(prog="python -m tools.lock", description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that fit")
    upgrade = parser.parse_args().upgrade
    PIPFILE.write_text(text(pipfile(tomli.loads(PROJECT.read_text(encoding="utf-8")))), encoding="utf-8")
    for source in (PIPFILE, CHECKOV / "Pipfile"):
        print(f"Locking {source.relative_to(ROOT)} ...", flush=True)
        lock = source.with_name("Pipfile.lock")
        sections = [] if upgrade else [name for name in json.loads(lock.read_text()) if name != "_meta"]
        content = locked_content(source, locked(lock, *sections))
        lock.write_text(json.dumps(content, indent=4, sort_keys=True) + "\n", encoding="utf-8")


def locked_content(source: Path, known: list[str]) -> dict[str, Any]:
    """
    Return what the lock of the Pipfile *source* holds; versions in the requirements *known* stay where they fit.

    cdktn is resolved first: what it shares with the rest has one version, so that all can be in one environment.
    """
    sections = tomli.loads(source.read_text(encoding="utf-8"))
    toolchain = resolve(sections.get(TOOLCHAIN, {}), known)
    default = resolve(sections["packages"], known, same_as=toolchain)
    develop = resolve(sections.get("dev-packages", {}), known, same_as=default)
    digest = uv("run", "--no-project", "--with", "plette", "python", "-c", PIPENV_HASH, source).strip()
    meta = {"hash": {"sha256": digest}, "pipfile-spec": 6, "requires": {}, "sources": []}
    also = {TOOLCHAIN: packages(toolchain)} if TOOLCHAIN in sections else {}
    return {"_meta": meta, "default": packages(default), "develop": packages(develop), **also}


def resolve(versions: dict[str, str], known: list[str], *, same_as: str = "") -> str:
    """Return the requirements file for packages with *versions*, with what they need; *same_as* is another such."""
    with tempfile.TemporaryDirectory() as folder:
        asked, constraints, result = (Path(folder) / name for name in ("asked.txt", "constraints.txt", "result.txt"))
        asked.write_text("".join(f"{name}{'' if text == '*' else text}\n" for name, text in versions.items()))
        constraints.write_text(same_as)
        result.write_text("\n".join(known))
        uv("pip", "compile", "--universal", "--python-version", OLDEST_PYTHON, "--fork-strategy", "fewest",
           "--generate-hashes", "--no-header", "--no-annotate", "--constraints", constraints,
           "--output-file", result, asked)  # fmt: skip
        return result.read_text()


def packages(requirements: str) -> dict[str, dict[str, Any]]:
    """Return the packages of a requirements file as a Pipfile.lock has them."""
    found: dict[str, dict[str, Any]] = {}
    for line in requirements.replace("\\\n", "").splitlines():
        what, *hashes = line.split(" --hash=")
        requirement, _, marker = what.partition(";")
        name, _, version = requirement.strip().partition("==")
        if name in found:
            sys.exit(f"{name} would need another version on some Python or platform, which a Pipfile.lock cannot say")
        markers = {"markers": marker.strip()} if marker else {}
        found[name] = {"hashes": sorted(digest.strip() for digest in hashes), **markers, "version": f"=={version}"}
    return found


def uv(*arguments: str | Path) -> str:
    """Run uv with pip's settings and return what it printed; stop where it fails."""
    listed = subprocess.run([*pip(VENV), "config", "list"], capture_output=True, text=True, check=True).stdout
    environment = uv_variables(pip_settings(listed), os.environ)
    done = subprocess.run([UV, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def _versions(requirements: list[str]) -> dict[str, str]:
    """Return the versions that *requirements* allow, by package; `*` is any."""
    found = [REQUIREMENT.fullmatch(line) for line in requirements]
    return {match["name"]: match["versions"].strip() or "*" for match in found if match}


if __name__ == "__main__":
    main()
