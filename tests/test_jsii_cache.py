"""What `make clean` says of what is not its to remove."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.jsii_cache import describe_cache, main


def test_the_cache_is_named_with_its_size_and_the_way_to_remove_it(tmp_path: Path) -> None:
    """Quoted for a shell; a folder without files is not worth a word."""
    root = tmp_path / "package cache"
    (root / "constructs").mkdir(parents=True)
    empty = describe_cache(root)
    (root / "constructs" / "index.tgz").write_bytes(b"x" * 3_000_000)

    assert empty == ""
    assert f"3 MB in {root};" in describe_cache(root)
    assert describe_cache(root).endswith(f"To remove it: rm -rf '{root}'")


def test_it_is_found_where_jsii_was_told_to_put_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The variable of jsii's kernel."""
    (tmp_path / "file").write_bytes(b"x" * 1_000_000)
    monkeypatch.setenv("JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(tmp_path))
    main()

    assert f"1 MB in {tmp_path};" in capsys.readouterr().out
