"""A private key that was pasted into a config: refused by every command, and neither printed nor written."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

import main
from constructs_lib.specs import TlsSpec
from constructs_lib.specs.limits import NEW_KEY, PRIVATE_KEY, masked
from gke_inference import cli
from platform_config.load import load
from tests.certificates import NAMELESS, OWN
from tests.config_files import TEXT, problems, written
from tests.configs import changed


def _pem(key: object, kind: str, password: bytes | None = None) -> str:
    lock = form.BestAvailableEncryption(password) if password else form.NoEncryption()
    made: bytes = key.private_bytes(form.Encoding.PEM, getattr(form.PrivateFormat, kind), lock)  # type: ignore[attr-defined]
    return made.decode()


RSA, P256, P384, P521 = (
    rsa.generate_private_key(65537, 2048),
    *(ec.generate_private_key(curve()) for curve in (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)),
)
KEYS = {
    "rsa": _pem(RSA, "TraditionalOpenSSL"),
    "rsa-pkcs8": _pem(RSA, "PKCS8"),
    "rsa-encrypted": _pem(RSA, "PKCS8", b"pass"),
    **{f"ec-{size}": _pem(key, "TraditionalOpenSSL") for size, key in ((256, P256), (384, P384), (521, P521))},
    **{f"ec-{size}-pkcs8": _pem(key, "PKCS8") for size, key in ((256, P256), (384, P384), (521, P521))},
    "ec-encrypted": _pem(P256, "PKCS8", b"pass"),
    "ed25519": _pem(ed25519.Ed25519PrivateKey.generate(), "PKCS8"),
    "openssh": _pem(ed25519.Ed25519PrivateKey.generate(), "OpenSSH"),
}
"""New keys of each kind, in PEM form."""


def _body(pem: str) -> list[str]:
    return pem.splitlines()[1:-1]


def _indented(pem: str) -> str:
    return "".join(f"\n      {line}" for line in pem.splitlines())


PASTED: dict[str, Callable[[str], str]] = {
    "behind-the-colon": lambda pem: pem,
    "block": lambda pem: f"|{_indented(pem)}",
    "folded": lambda pem: f">-{_indented(pem)}",
    "indented": _indented,
    "in-quotes": lambda pem: json.dumps(pem),
    "open-quote": lambda pem: f'"{pem}',
    "in-a-list": lambda pem: f"[{pem}]",
    "without-lines": lambda pem: "\n      ".join(_body(pem)),
    "without-lines-at-the-margin": lambda pem: "\n".join(_body(pem)),
    "one-line": lambda pem: "".join(_body(pem)),
    "without-the-first-line": lambda pem: "\n".join(pem.splitlines()[1:]),
    "without-dashes": lambda pem: re.sub("-{5}", "", pem).replace("\n", " "),
    "in-base64": lambda pem: base64.b64encode(pem.encode()).decode(),
    "behind-a-certificate-in-base64": lambda pem: base64.b64encode((OWN + pem).encode()).decode(),
    "in-a-comment": lambda pem: "key\n" + "".join(f"# {line}\n" for line in pem.splitlines()),
}
"""How people paste one."""
SETTINGS = {
    "private_key_secret": "gateway:\n  scope: regional\n  tls:\n    private_key_secret: {}\n",
    "dns_zone": "gateway:\n  tls:\n    dns_zone: {}\n",
    "iap": "gateway:\n  iap:\n    secret_name: {}\n",
    "unknown": "my_key: {}\n",
    "anchor": "x-mine: {}\n",
    "label": "labels:\n  key: {}\n",
}
COMMANDS = ("validate", "synth", "preflight", "verify", "load", "drill", "teardown")


def _pieces(pem: str) -> set[str]:
    """Return what no output may hold: each part of a line, and of what is base64 of it."""
    lines = [*_body(pem), PASTED["in-base64"](pem)[40:]]
    return {line[start : start + 12] for line in lines for start in range(0, max(len(line) - 11, 1), 6)}


@pytest.mark.parametrize("way", PASTED)
@pytest.mark.parametrize("kind", KEYS)
def test_a_private_key_is_all_that_is_reported(tmp_path: Path, kind: str, way: str) -> None:
    """In whatever setting it stands: its line and the fix, and nothing of its text."""
    for setting in SETTINGS.values():
        found = problems(written(tmp_path, TEXT + setting.format(PASTED[way](KEYS[kind]))))

        assert len(found) == 1
        assert re.fullmatch(rf"line \d+: must hold no private key, got one\n    fix: {NEW_KEY}", found[0])


@pytest.mark.parametrize("command", ["main.py", *COMMANDS, *(f"{name} --output json" for name in COMMANDS)])
def test_no_command_prints_or_writes_a_private_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], command: str
) -> None:
    """Each ends with 2, and its outputs and all files but the config are without it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "nowhere.json")
    monkeypatch.delenv("INFERENCE_CONFIG", raising=False)
    for kind, way in (("ed25519", "behind-the-colon"), ("ed25519", "one-line"), ("ec-256", "without-dashes")):
        path = written(tmp_path, TEXT + SETTINGS["private_key_secret"].format(PASTED[way](KEYS[kind])))
        name, *options = command.split()
        monkeypatch.setattr("sys.argv", ["gke-inference", name, "--config", str(path), *options])
        code = main.main([str(path)]) if command == "main.py" else cli.main()
        printed = "".join(capfd.readouterr())
        files = [file.read_text() for file in tmp_path.rglob("*") if file.is_file() and file != path]

        assert code == 2
        assert "must hold no private key, got one" in printed
        assert not [piece for piece in _pieces(KEYS[kind]) if piece in "".join([printed, *files])]


@pytest.mark.parametrize("kind", KEYS)
def test_a_spec_in_code_refuses_a_private_key_as_a_name(kind: str) -> None:
    """The one line of some keys has only characters that a secret's name may have."""
    with pytest.raises(ValueError, match=r"private_key_secret must .*, got a private key: take a new key") as caught:
        TlsSpec(certificate_pem=OWN, private_key_secret="".join(_body(KEYS[kind])))

    assert not [piece for piece in _pieces(KEYS[kind]) if piece in str(caught.value)]


def test_what_only_looks_like_a_key_is_neither_refused_nor_masked(tmp_path: Path) -> None:
    """Certificates and public keys are for everybody, and long names are no secrets."""
    public = (RSA.public_key(), P256.public_key(), ed25519.Ed25519PrivateKey.generate().public_key())
    texts = [key.public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo).decode() for key in public]
    texts += [OWN, NAMELESS, base64.b64encode(OWN.encode()).decode(), "".join(_body(OWN)), "BACKEND_PRIVATE_KEY"]
    texts += [f"sha256:{'0a1b2c3d' * 8}", "0123456789abcdef" * 2 + "01234567", "MII", "MHcCAQ", "models/MC4C"]
    texts += ["a-very-long-service-account@my-project-id.iam.gserviceaccount.com", "private_key_secret: the-key"]

    assert [text for text in texts if PRIVATE_KEY.search(text) or masked(text) != text] == []
    tls = {"certificate_pem": OWN, "private_key_secret": "tls-key"}
    data = changed(gateway={"scope": "regional", "tls": tls})
    del data["regions"]["us"]["config_cluster"]
    config = load(written(tmp_path, data))
    assert config.gateway.tls is not None
    assert config.gateway.tls.certificate_pem == OWN
