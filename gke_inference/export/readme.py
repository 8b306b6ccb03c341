"""README.md of an export: what is there, how it is run, what needs care."""

from __future__ import annotations

from gke_inference.export.contents import Contents
from gke_inference.export.script import LOCK_PLATFORMS

PAGE = """# Platform {platform}

Terraform JSON of one platform, written by `gke-inference export`. Terraform alone runs it: no cdktf, no Python, no
image. Change the config and export again; each export overwrites the files that it wrote, and touches no others.
Nothing here is a secret.

| path | what it is |
|---|---|
| `stacks/STACK/` | a root module: `cdk.tf.json`, `backend.tf.json`{variables_file} |
{backend_row}| `order.json` | the stacks, their order, waves and edges, for programs |
| `platform.sh` | plan, apply and destroy, in order; `sh platform.sh help` lists its commands |
| `samples/` | ready files for pipelines: copy what you use; they have this folder as `{place}` |
| `stale/STACK/` | stacks that an older config had, until they are destroyed |

## Stacks, in order
| # | wave | stack | after | state |
|---|---|---|---|---|
{rows}

## Commands
```sh
sh platform.sh lock      # once for new versions of providers: commit each .terraform.lock.hcl
sh platform.sh plan      # what can be planned; on the first run that is the first wave
sh platform.sh apply     # plan and apply, stack by stack
sh platform.sh destroy --yes {platform}
```

`lock` runs this in each stack, where it reaches the registry or a mirror:

```sh
terraform -chdir=stacks/STACK providers lock {lock}
```

By hand, for each stack in order:

```sh
terraform -chdir=stacks/STACK init{init}
terraform -chdir=stacks/STACK plan -out=tfplan
terraform -chdir=stacks/STACK apply tfplan
```
{settings}
## Care
- **Plans**: `stacks/STACK/tfplan` and `plans/STACK.json` hold everything that Terraform knows of the stack. Keep them
  private, and for a short time.{auth}
- **Locks**: each state has its lock. `LOCK_TIMEOUT` says how long a command waits for it.
- **Terraform**: {terraform}.
{variables}{removed}"""
SETTINGS = """
## Other settings of the backend
An argument of `init` replaces what the file says, and `INIT_ARGS` gives it to every init of the script:

```sh
INIT_ARGS="-backend-config={example}" sh platform.sh plan
```
"""
VARIABLES = """
## Variables
These values are in no file. Set each as an environment variable:

| variable | setting of the config | stacks |
|---|---|---|
{rows}
"""
REMOVED = """
## Removed stacks
An older config had stacks that the config does not have. Their folders are in `stale/`; what their states hold is still
there, and `apply` is refused until it is not. `sh platform.sh remove --yes {platform}` takes these steps in this order:

{steps}

A cluster goes only with `cluster.deletion_protection: false` applied to it: if its stack is refused, put its lines
back, apply that, and remove them again. Then delete the folders in `stale/` and export again. Order matters: a region's
network must not be taken away before its cluster. A config that adds stacks at the same time is refused: first remove,
then add.
"""


def readme(contents: Contents) -> str:
    """Return the page."""
    wave = {stack: number for number, group in enumerate(contents.waves, start=1) for stack in group}
    rows = [
        f"| {number} | {wave[stack]} | `{stack}` | {', '.join(contents.needs[stack]) or '-'} | "
        f"`{contents.backend.place(contents.config, stack)}` |"
        for number, stack in enumerate(contents.order, start=1)
    ]
    backend = contents.backend
    file = backend.file_name("STACK")
    return PAGE.format(
        platform=contents.config.name,
        place=contents.place or "./",
        variables_file=", `variables.tf.json`" if contents.named_variables else "",
        backend_row=f"| `{file}` | the settings of its state, for `init -backend-config` |\n" if file else "",
        rows="\n".join(rows),
        lock=" ".join(f"-platform={one}" for one in LOCK_PLATFORMS),
        init=f" -backend-config=../../{file}" if file else "",
        settings=SETTINGS.format(example=_example(contents)) if file else "",
        auth=_auth(contents),
        terraform=", ".join(f"`{one}`" for one in sorted(set(contents.terraform.values()))),
        variables=_variables(contents),
        removed=_removed(contents),
    )


def _example(contents: Contents) -> str:
    return {"gcs": "bucket=NAME", "http": "username=NAME"}.get(contents.backend.type, "KEY=VALUE")


def _auth(contents: Contents) -> str:
    return {
        "exec": "\n- **Plugin**: the config has `kubernetes_auth: exec`: each runner needs `gke-gcloud-auth-plugin`. "
        "Remote runs of HCP\n  Terraform have none.",
        "token": "\n- **Tokens**: the config has `kubernetes_auth: token`: states and plans hold one for an hour.",
    }.get(contents.config.kubernetes_auth, "")  # fmt: skip


def _variables(contents: Contents) -> str:
    rows = [
        f"| `TF_VAR_{name}` | `{one.setting}` | "
        f"{', '.join(stack for stack in contents.order if one in contents.variables.get(stack, ()))} |"
        for name, one in contents.named_variables.items()
    ]
    return VARIABLES.format(rows="\n".join(rows)) if rows else ""


def _removed(contents: Contents) -> str:
    steps = [f"{number}. {step.action} `{step.stack}`" for number, step in enumerate(contents.removal, start=1)]
    return REMOVED.format(platform=contents.config.name, steps="\n".join(steps)) if steps else ""
