"""OpenTofu for the tests is the machine's own, else built by Go at a pinned version; nothing else is left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.tofu import install

TOFU = "#!/bin/sh\necho OpenTofu v1.12.6\n"
GO = '#!/bin/sh\necho "$PWD $*" >> "$LOG"\nwhile [ "$1" != -o ]; do shift; done\ncp "$OWN" "$2"\n'
BROKEN = "#!/bin/sh\nexit 1\n"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a machine's programs; none but the shell's are in PATH."""
    programs = tmp_path / "programs"
    programs.mkdir()
    write(tmp_path / "own", TOFU)
    for tool in ("sh", "cp"):
        found = next(Path(folder) / tool for folder in ("/bin", "/usr/bin") if (Path(folder) / tool).exists())
        (programs / tool).symlink_to(found)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("OWN", str(tmp_path / "own"))
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    return programs


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Return the file for OpenTofu, in a folder of its own."""
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin" / "tofu"


def write(file: Path, script: str) -> None:
    """Write a program."""
    file.write_text(script)
    file.chmod(0o755)


def test_the_machines_own_is_linked(machine: Path, target: Path) -> None:
    """Nothing is built, and a second time changes nothing."""
    write(machine / "tofu", TOFU)
    install.main(str(target))
    install.main(str(target))

    assert target.resolve() == machine / "tofu"


@pytest.mark.parametrize("broken", [True, False])
def test_go_builds_it_where_there_is_none_that_runs(broken: bool, machine: Path, target: Path, tmp_path: Path) -> None:
    """As its own releases are built; all that Go downloads goes away again."""
    write(machine / "go", GO)
    if broken:
        write(machine / "tofu", BROKEN)
    install.main(str(target))
    [call] = (tmp_path / "log").read_text().splitlines()

    assert target.read_text() == TOFU
    assert call.startswith(f"{Path(install.__file__).parent} build ")
    assert call.endswith(" github.com/opentofu/opentofu/cmd/tofu")
    assert "version.dev=no" in call
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("go", [BROKEN, None])
def test_without_any_it_stops_with_the_remedy(go: str | None, machine: Path, target: Path) -> None:
    """Neither a program nor a way to build one."""
    if go:
        write(machine / "go", go)
    with pytest.raises(SystemExit, match=r"put tofu into PATH"):
        install.main(str(target))

    assert not target.exists()
