"""
Commands that install what a lock lists: with uv, or with pip where uv cannot be had.

uv comes from the package index like every other package. It reads none of pip's settings, so they are translated here:
index, certificates and proxy are those that pip uses. Stdlib only: it runs before anything is installed.
"""

import ast
import importlib.util
import json
import sys
from collections.abc import Mapping
from pathlib import Path

UV = "uv==0.13.9"
UV_VARIABLES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "proxy": "ALL_PROXY",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "timeout": "UV_HTTP_TIMEOUT",
}
"""Settings of pip, and the variable from which uv reads the same."""
UV_DEFAULTS = {
    # pip asks every index for the best version; uv would stop at the first index that knows the package.
    "UV_INDEX_STRATEGY": "unsafe-best-match",
    # pip trusts the certificates of the machine; uv would trust its own.
    "UV_SYSTEM_CERTS": "1",
    "UV_NO_PROGRESS": "1",
}
PIP_VARIABLES = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    # A user's own settings may refuse what is done here: to install into a folder.
    "PIP_REQUIRE_VIRTUALENV": "0",
    "PIP_USER": "0",
}


def has_pip() -> bool:
    """Return whether the Python that runs this has pip; Debian's has not."""
    return importlib.util.find_spec("pip") is not None


def pip(environment: Path) -> "list[str | Path]":
    """
    Return the command for pip: that of the Python which runs this, else that of *environment*.

    A Python of *environment* that has none is a link to the one that made it, and lent its own.
    """
    own = environment / "bin" / "python"
    if has_pip():
        return [sys.executable, "-m", "pip"]
    runs_this = Path(sys.prefix).resolve() == environment.resolve()
    return [own.resolve() if runs_this else own, "-m", "pip"]


def into_folder(environment: Path, folder: Path, package: str) -> "list[str | Path]":
    """Return the command that puts *package* alone, without what it needs, into *folder*."""
    return [*pip(environment), "install", "--no-compile", "--no-deps", "--upgrade", "--target", folder, package]


def with_uv(uv: Path, environment: Path, requirements: Path, settings: "Mapping[str, str]") -> "list[str | Path]":
    """Return the command that installs *requirements* into *environment* with uv; *settings* are pip's, by name."""
    no_index = ["--no-index"] if settings.get("no-index", "0").lower() in ("1", "true", "yes", "on") else []
    # A cache beside uv and none in the user's home; files are linked from it, so it takes little room.
    cache = uv.parent.parent / "cache"
    options: list[str | Path] = [
        "--require-hashes",
        "--cache-dir",
        cache,
        "--python",
        environment / "bin" / "python",
        *no_index,
    ]
    return [uv, "pip", "install", *options, "--requirements", requirements]


def with_pip(environment: Path, requirements: Path) -> "list[str | Path]":
    """Return the command that installs *requirements* into *environment* with the pip in it."""
    python = environment / "bin" / "python"
    return [python, "-m", "pip", "install", "--no-compile", "--require-hashes", "--requirement", requirements]


def locked(lock: Path, *sections: str) -> "list[str]":
    """Return the packages in *sections* of the Pipfile.lock *lock* as lines of a requirements file, with hashes."""
    content = json.loads(lock.read_text(encoding="utf-8"))
    packages = {name: package for section in sections for name, package in content[section].items()}
    return [
        f"{name}{package['version']}"
        + (f" ; {package['markers']}" if "markers" in package else "")
        + "".join(f" --hash={digest}" for digest in package["hashes"])
        for name, package in packages.items()
    ]


def pip_settings(listed: str) -> "dict[str, str]":
    """Return pip's settings by name, from what `pip config list` prints; a variable goes before a file."""
    settings = {}
    for section in ("global.", "install.", ":env:."):
        for line in listed.splitlines():
            key, _, value = line.partition("=")
            if key.startswith(section):
                settings[key[len(section) :]] = str(ast.literal_eval(value))
    return settings


def uv_variables(settings: "Mapping[str, str]", environment: "Mapping[str, str]") -> "dict[str, str]":
    """Return the environment for uv: *environment*, and where it has nothing for uv, what pip's *settings* have."""
    variables = dict(UV_DEFAULTS)
    # pip reads these too, after its own setting.
    for name in ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        if environment.get(name):
            variables["SSL_CERT_FILE"] = environment[name]
    for setting, variable in UV_VARIABLES.items():
        if setting in settings:
            separator = "," if setting == "find-links" else " "
            variables[variable] = separator.join(settings[setting].split())
    return {**variables, **environment}
