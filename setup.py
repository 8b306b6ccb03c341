"""What pyproject.toml cannot say: the folder `stacks` is installed as two packages (docs/decisions/0058)."""

from setuptools import find_namespace_packages, setup

OURS = ("constructs_lib", "stacks", "platform_config", "gke_inference", "fast_synth")

found = find_namespace_packages(include=[pattern for name in OURS for pattern in (name, f"{name}.*")])
second = [f"inference_{name}" for name in found if name.split(".")[0] == "stacks"]

setup(packages=[*found, *second], package_dir={"inference_stacks": "stacks"})
