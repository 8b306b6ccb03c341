"""
Cut upstream schemas down to what this product uses, and write them here in a form that a person can read.

    python tests/data/trim.py provider SCHEMA.json google 7.45.0 google_dns_record_set data.google_project
    python tests/data/trim.py provider SCHEMA.json google 7.45.0 ephemeral.google_client_config
    python tests/data/trim.py crd CRD.yaml gateway.v1.6.1 "kubernetes-sigs/gateway-api v1.6.1, Apache-2.0"

SCHEMA.json is the output of `terraform providers schema -json`; named types are added to those already kept.
A plain JSON schema of a CRD needs `--api-version` and `--kind`, because it does not hold them.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
PARTS = {"data": "data_source_schemas", "ephemeral": "ephemeral_resource_schemas"}
PROSE = {"description", "description_kind", "deprecated"}
LIST_HINTS = {"x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type"}


def readable(value: Any, indent: int = 0, width: int = 118) -> str:
    """Write JSON with sorted keys and an indent of one, in which whatever fits on a line stays on one line."""
    line = json.dumps(value, sort_keys=True, ensure_ascii=False)
    if not isinstance(value, (dict, list)) or indent + len(line) <= width:
        return line
    space = " " * (indent + 1)
    if isinstance(value, list):
        return "[\n" + ",\n".join(space + readable(item, indent + 1) for item in value) + "\n" + " " * indent + "]"
    rows = [f"{space}{json.dumps(key)}: {readable(value[key], indent + 1)}" for key in sorted(value)]
    return "{\n" + ",\n".join(rows) + "\n" + " " * indent + "}"


def without(value: Any, names: set[str]) -> Any:
    """Copy *value* without the named notes; a property that happens to be called `description` is kept."""
    if isinstance(value, dict):
        return {k: without(v, names) for k, v in value.items() if k not in names or isinstance(v, dict)}
    return [without(item, names) for item in value] if isinstance(value, list) else value


def add_types(source: Path, name: str, version: str, types: list[str]) -> None:
    """Add the provider block and *types* of one provider to `providers/<name>-<version>.json`."""
    every = json.loads(source.read_text())["provider_schemas"]
    given = next(schema for address, schema in every.items() if address.endswith(f"/hashicorp/{name}"))
    target = HERE / "providers" / f"{name}-{version}.json"
    kept = json.loads(target.read_text()) if target.exists() else {"resource_schemas": {}, "data_source_schemas": {}}
    kept |= {"source": f"hashicorp/{name}", "version": version, "provider": given["provider"]}
    for address in types:
        prefix, _, kind = address.rpartition(".")
        part = PARTS.get(prefix, "resource_schemas")
        kept.setdefault(part, {})[kind] = given[part][kind]
    target.write_text(readable(without(kept, PROSE)) + "\n")


def add_crd(source: Path, label: str, origin: str, api_version: str | None, kind: str | None) -> None:
    """Write one served version of a CRD (or a plain JSON schema of one) to `crds/<label>.json`."""
    given = yaml.safe_load(source.read_text())
    crd: dict[str, Any] = {"apiVersion": api_version, "kind": kind, "scope": "Namespaced", "schema": given}
    if given.get("kind") == "CustomResourceDefinition":
        spec = given["spec"]
        stored = next(version for version in spec["versions"] if version["storage"])
        crd["apiVersion"] = f"{spec['group']}/{stored['name']}"
        crd |= {"kind": spec["names"]["kind"], "scope": spec["scope"], "schema": stored["schema"]["openAPIV3Schema"]}
    # Controllers write the status; a manifest that holds one is a mistake.
    crd["schema"]["properties"].pop("status", None)
    crd = without(crd, {"description"} | LIST_HINTS) | {"origin": origin}
    target = HERE / "crds" / f"{label}.json"
    if target.exists() and "overlay" in (old := json.loads(target.read_text())):
        crd["overlay"] = old["overlay"]  # written by hand
    target.write_text(readable(crd) + "\n")


def main() -> None:
    """Read the command line described in the module docstring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(dest="what", required=True)
    provider = what.add_parser("provider")
    provider.add_argument("source", type=Path)
    provider.add_argument("name")
    provider.add_argument("version")
    provider.add_argument("types", nargs="+")
    crd = what.add_parser("crd")
    crd.add_argument("source", type=Path)
    crd.add_argument("label")
    crd.add_argument("origin")
    crd.add_argument("--api-version")
    crd.add_argument("--kind")
    given = parser.parse_args()
    if given.what == "provider":
        add_types(given.source, given.name, given.version, given.types)
    else:
        add_crd(given.source, given.label, given.origin, given.api_version, given.kind)


if __name__ == "__main__":
    main()
