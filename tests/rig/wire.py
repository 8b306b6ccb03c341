"""
Messages of Terraform's plugin protocol, between dicts and bytes, by the field numbers in protocol.yaml.

They are protocol buffers with two kinds of field: a number (bool and enum too), and a run of bytes (text, message).
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgpack
import yaml

Message = dict[str, Any]
PROTOCOL: dict[str, dict[str, str]] = yaml.safe_load(Path(__file__).with_name("protocol.yaml").read_text())
NESTING = ("", "single", "list", "set", "map", "group")


def encode(message: str, content: Message) -> bytes:
    """Encode *content*; what it has beside the message's fields is left out."""
    out = b""
    for name, told in PROTOCOL[message].items():
        if name in content:
            number, kind = told.split()
            kind, _, key = kind.rstrip("*").partition("/")
            values = content[name] if told.endswith("*") else [content[name]]
            if key:
                values = [each | {key: name_of, "value": each} for name_of, each in content[name].items()]
            out += b"".join(_field(int(number), kind, value) for value in values)
    return out


def decode(message: str, data: bytes) -> Message:
    """Decode *data*; fields that protocol.yaml does not have are skipped."""
    fields = {int(told.split()[0]): (name, told.split()[1]) for name, told in PROTOCOL[message].items()}
    return {fields[number][0]: _read(fields[number][1], raw) for number, raw in _fields(data) if number in fields}


def _field(number: int, kind: str, value: Any) -> bytes:
    if kind in ("int", "nesting"):
        return _varint(number << 3) + _varint(NESTING.index(value) if kind == "nesting" else int(value))
    if kind == "value":
        value = _field(1, "bytes", msgpack.packb(value))
    elif kind in ("text", "json"):
        value = (json.dumps(value) if kind == "json" else value).encode()
    elif kind != "bytes":
        value = encode(kind, value)
    return _varint(number << 3 | 2) + _varint(len(value)) + bytes(value)


def _read(kind: str, raw: Any) -> Any:
    if kind == "value":
        return msgpack.unpackb(dict(_fields(raw))[1])
    if kind == "text":
        return raw.decode()
    return raw if kind in ("int", "bytes") else decode(kind, raw)


def _varint(number: int) -> bytes:
    return bytes([number]) if number < 0x80 else bytes([number & 0x7F | 0x80]) + _varint(number >> 7)


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    at = 0
    while at < len(data):
        key, at = _number(data, at)
        value, at = _number(data, at)
        if key & 7:
            at += value
            yield key >> 3, data[at - value : at]
        else:
            yield key >> 3, value


def _number(data: bytes, at: int) -> tuple[int, int]:
    number, shift = data[at] & 0x7F, 7
    while data[at] & 0x80:
        at += 1
        number |= (data[at] & 0x7F) << shift
        shift += 7
    return number, at + 1
