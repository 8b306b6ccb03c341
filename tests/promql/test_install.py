"""promtool comes from the machine, else from Debian's package, else from Go; nothing of that is left behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tools.promtool import install

PROMTOOL = '#!/bin/sh\n[ "$1" = --version ] && echo "promtool, version 2.42.0"\n'
APT = '#!/bin/sh\necho "$@" >> "$LOG"\ncase "$*" in *download*) : > prometheus_2.42.0_amd64.deb;; esac\n'
DPKG = '#!/bin/sh\n[ -f "$2" ] && mkdir -p "$3/usr/bin" && cp "$OWN/promtool" "$3/usr/bin/promtool"\n'
GO = (
    '#!/bin/sh\necho "$GOMODCACHE $GOCACHE $PWD $*" >> "$LOG"\n'
    'while [ "$1" != -o ]; do shift; done\ncp "$OWN/promtool" "$2"\n'
)
BROKEN = "#!/bin/sh\nexit 1\n"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a machine's programs; none but the shell's are in PATH."""
    programs = tmp_path / "programs"
    programs.mkdir()
    own = tmp_path / "own"
    own.mkdir()
    write(own / "promtool", PROMTOOL)
    for tool in ("sh", "cp", "mkdir"):
        found = next(Path(folder) / tool for folder in ("/bin", "/usr/bin") if (Path(folder) / tool).exists())
        (programs / tool).symlink_to(found)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("OWN", str(own))
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    return programs


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Return the file for promtool, in a folder of its own."""
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin" / "promtool"


def write(file: Path, script: str) -> None:
    """Write a program."""
    file.write_text(script)
    file.chmod(0o755)


def log(tmp_path: Path) -> str:
    """Return what the programs were called with."""
    file = tmp_path / "log"
    return file.read_text() if file.exists() else ""


def test_the_machines_own_is_linked(machine: Path, target: Path) -> None:
    """Nothing is downloaded."""
    write(machine / "promtool", PROMTOOL)
    write(machine / "apt-get", BROKEN)
    install.main(str(target))
    install.main(str(target))

    assert target.resolve() == machine / "promtool"


def test_the_package_is_unpacked_and_not_installed(machine: Path, target: Path, tmp_path: Path) -> None:
    """With lists of its own: no right is needed, and the machine's lists may be missing."""
    write(machine / "apt-get", APT)
    write(machine / "dpkg-deb", DPKG)
    write(machine / "go", BROKEN)
    install.main(str(target))
    update, download = log(tmp_path).splitlines()

    assert target.read_text() == PROMTOOL
    assert update.endswith(" update")
    assert download.endswith(" download prometheus")
    for call in (update, download):
        assert f"Dir::State::Lists={target.parent}" in call
    assert list(target.parent.iterdir()) == [target]


def test_a_list_that_cannot_be_had_is_no_obstacle(machine: Path, target: Path) -> None:
    """One of another archive; the package's own is there."""
    write(machine / "apt-get", APT.replace("esac", "*) exit 100;; esac"))
    write(machine / "dpkg-deb", DPKG)
    install.main(str(target))

    assert target.read_text() == PROMTOOL


@pytest.mark.parametrize("broken", ["apt-get", "dpkg-deb", "promtool", None])
def test_go_builds_it_where_there_is_no_package(
    broken: str | None, machine: Path, target: Path, tmp_path: Path
) -> None:
    """Or where the package or the machine's own cannot be used; all that Go downloads goes away again."""
    write(machine / "go", GO)
    if broken:
        write(machine / "dpkg-deb", DPKG)
        write(machine / "apt-get", BROKEN)
        write(machine / broken, BROKEN)
    install.main(str(target))
    modules, cache, folder, *call = log(tmp_path).splitlines()[-1].split()

    assert target.read_text() == PROMTOOL
    assert os.access(target, os.X_OK)
    assert Path(folder) == Path(install.__file__).parent
    assert call[-1] == "github.com/prometheus/prometheus/cmd/promtool"
    for path in (modules, cache):
        assert Path(path).is_relative_to(target.parent)
    assert list(target.parent.iterdir()) == [target]


def test_where_there_is_no_way_it_stops_with_the_remedy(machine: Path, target: Path) -> None:
    """For macOS and for Debian."""
    with pytest.raises(SystemExit, match=r"brew install prometheus.*apt install prometheus"):
        install.main(str(target))

    assert not target.exists()


def test_the_module_pins_one_version() -> None:
    """That of which Cloud Monitoring's PromQL is: Prometheus 2.44, which is v0.44.0 among Go's modules."""
    folder = Path(install.__file__).parent
    required = [
        line.split() for line in (folder / "go.mod").read_text().splitlines() if "prometheus/prometheus v" in line
    ]

    assert [line[:2] for line in required] == [["github.com/prometheus/prometheus", "v0.44.0"]]
    assert "github.com/prometheus/prometheus v0.44.0 h1:" in (folder / "go.sum").read_text()
