"""The terraform on PATH."""

import json
import shutil
import subprocess
from functools import cache

OLDEST = (1, 10, 0)
HOW_TO_GET = (
    f"Terraform {'.'.join(map(str, OLDEST))} or newer must be on PATH: "
    "https://developer.hashicorp.com/terraform/install, or `tfenv install`, `brew install terraform`, `asdf`"
)


@cache
def missing() -> str | None:
    """What is wrong with the terraform on PATH; None where it will do."""
    path = shutil.which("terraform")
    if path is None:
        return "there is no terraform"
    told = subprocess.run([path, "version", "-json"], capture_output=True, text=True, check=False)
    try:
        version = str(json.loads(told.stdout)["terraform_version"])
    except (ValueError, KeyError):
        return f"`{path} version` answers '{(told.stdout + told.stderr).strip()[:200]}'"
    parts = tuple(int(part) for part in version.split("-")[0].split("."))
    return None if parts >= OLDEST else f"{path} is {version}"
