"""
The licences of what is installed with this library: docs/licences.md, which `make docs` writes.

Each package says its licence itself, in one of three ways. One that says none that is known here stops the writing: a
person looks at it first, and adds its text to TEXTS or its identifier to the lists.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "Pipfile.lock"
NPM_LOCK = ROOT / "package-lock.json"
SECTIONS = ("default", "cdktn")
"""Of the lock: what users install."""
PERMISSIVE = frozenset(
    {"Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "CC0-1.0", "ISC", "MIT", "MIT-0", "PSF-2.0",
     "Public Domain", "Unlicense"}
)  # fmt: skip
"""Which ask for no more than their text and names to be kept. `BSD` is a package that does not say which of them."""
WITH_DUTIES = {
    "MPL-2.0": "files of theirs that you change stay under it; this library changes none",
    "LGPL-3.0-or-later": "used as a library that can be replaced; changes of it stay under it",
}
"""Which ask for more, with what that means here."""
TEXTS = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 3-Clause OR Apache-2.0": "BSD-3-Clause OR Apache-2.0",
    "BSD License": "BSD",
    "Dual License": "Apache-2.0 OR BSD-3-Clause",
    "GNU LGPL v3+": "LGPL-3.0-or-later",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""What packages write in place of an SPDX identifier."""
ELSEWHERE = {"exceptiongroup": "MIT AND PSF-2.0"}
"""Packages that only other versions of Python install, as their own metadata says."""
HEAD = """\
# Licences

What `pip install` of this library installs, with the licence that each package says it has: with cdktf or with cdktn,
and with all extras. `make docs` writes this page from the packages, and fails for a licence that is not known.
`make sbom` writes a bill of materials with versions, in the form of CycloneDX. The library itself is under Apache-2.0.
Packages for the tests are not listed.

"""
NPM_HEAD = """
## Of npm

`make cli` alone installs these, for the cdktf command. What `package-lock.json` says of them:

| licence | packages |
|---|---|
"""


@dataclass(frozen=True, kw_only=True)
class Licence:
    """
    The licence of one package.

    Attributes:
        package: Its name, as the lock has it.
        version: Its version.
        expression: Its licence, in the form of SPDX.
    """

    package: str
    version: str
    expression: str

    @property
    def parts(self) -> frozenset[str]:
        """The identifiers in the expression."""
        return frozenset(re.split(r" (?:OR|AND) ", self.expression))

    @property
    def known(self) -> bool:
        """Whether all of it is known here; of a choice, one."""
        choices = self.expression.split(" OR ")
        return any(set(choice.split(" AND ")) <= PERMISSIVE | WITH_DUTIES.keys() for choice in choices)


def licences() -> list[Licence]:
    """
    Return the licence of each package of the lock.

    Raises:
        ValueError: A package says none that is known here.
    """
    lock: dict[str, dict[str, dict[str, str]]] = json.loads(LOCK.read_text(encoding="utf-8"))
    locked = {name: entry for section in SECTIONS for name, entry in lock[section].items()}
    return _all_known(
        Licence(package=name, version=entry["version"].removeprefix("=="), expression=_expression(name))
        for name, entry in sorted(locked.items())
    )


def npm_licences() -> list[Licence]:
    """
    Return the licence of each package of the lock of npm.

    Raises:
        ValueError: A package says none that is known here.
    """
    packages: dict[str, dict[str, str]] = json.loads(NPM_LOCK.read_text(encoding="utf-8"))["packages"]
    return _all_known(
        Licence(package=path, version=entry["version"], expression=entry.get("license", "").strip("()"))
        for path, entry in packages.items()
        if path
    )


def _all_known(found: Iterable[Licence]) -> list[Licence]:
    listed = list(found)
    if unknown := [one for one in listed if not one.known]:
        shown = ", ".join(f"{one.package} ({one.expression or 'none'})" for one in unknown)
        raise ValueError(f"licences that are not known: {shown}")
    return listed


def _expression(name: str) -> str:
    if name in ELSEWHERE:
        return ELSEWHERE[name]
    given = metadata.metadata(name)
    classified = [one for one in given.get_all("Classifier") or [] if one.startswith("License ::")]
    written = [one for key in ("License-Expression", "License") for one in given.get_all(key) or []]
    candidates = [*written, *(one.rpartition(" :: ")[2] for one in classified)]
    spelled = (TEXTS.get(candidate, candidate) for candidate in candidates)
    known = PERMISSIVE | WITH_DUTIES.keys()
    sure = [text for text in spelled if set(re.split(r" (?:OR|AND) ", text)) <= known]
    return next((text for text in sure if text != "BSD"), sure[0] if sure else "")


def licences_page() -> str:
    """Return docs/licences.md: what asks for more first, then each package."""
    found = licences()
    return "".join([HEAD, *_duties(found), *_table(found), *_npm_table(npm_licences())])


def _duties(found: list[Licence]) -> Iterator[str]:
    yield "| licence | packages | what it asks for |\n|---|---|---|\n"
    for licence, duty in WITH_DUTIES.items():
        named = ", ".join(one.package for one in found if licence in one.parts)
        if named:
            yield f"| {licence} | {named} | {duty} |\n"
    yield "\nAll others ask for their text and their authors' names to be kept.\n\n"


def _table(found: list[Licence]) -> Iterator[str]:
    yield "| package | licence |\n|---|---|\n"
    for one in found:
        yield f"| {one.package} | {one.expression} |\n"


def _npm_table(found: list[Licence]) -> Iterator[str]:
    yield NPM_HEAD
    for expression, count in sorted(Counter(one.expression for one in found).items()):
        yield f"| {expression} | {count} |\n"
