"""What `make clean` says of the cache that it does not remove."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.jsii_cache import main, message


def test_the_cache_is_named_with_its_size_and_the_command_that_removes_it(tmp_path: Path) -> None:
    """Quoted for a shell; for a folder without files there is no message."""
    root = tmp_path / "package cache"
    (root / "constructs").mkdir(parents=True)
    empty = message(root)
    (root / "constructs" / "index.tgz").write_bytes(b"x" * 3_000_000)

    assert empty == ""
    assert f"3 MB in {root};" in message(root)
    assert message(root).endswith(f"To remove it: rm -rf '{root}'")


def test_it_is_found_where_jsii_was_configured_to_put_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the variable of jsii's kernel."""
    (tmp_path / "file").write_bytes(b"x" * 1_000_000)
    monkeypatch.setenv("JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(tmp_path))
    main()

    assert f"1 MB in {tmp_path};" in capsys.readouterr().out
