"""Runs every bench and prints goal, measured, ok or missed; exits 1 when a goal is missed."""

import argparse
import os
import platform
import subprocess
import sys
import sysconfig

from rich.console import Console
from rich.table import Table

from bench import deploy, synth
from bench.goals import Outcome
from fast_synth.toolchain import TOOLCHAINS
from tools.prewarm import without_index

BENCHES = (deploy, synth)


def main() -> int:
    """Measure, and print each outcome as it comes, then all of them as a table; 1 where a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round, without the long goals (about two minutes)")
    quick = parser.parse_args().quick
    console = Console()
    missing = [name for toolchain in TOOLCHAINS for name in without_index(toolchain)]
    console.print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.platform()}")
    console.print(f"jsii indexes: {'all there' if not missing else 'missing for ' + ', '.join(missing)}")
    console.print("Compiling every package, so that no run does it while it is measured ...")
    subprocess.run([sys.executable, "-m", "compileall", "-q", "-j", "0", sysconfig.get_path("purelib")], check=False)
    table = Table("what", "goal", "measured", "", title="Speed", title_justify="left")
    results: list[Outcome] = []
    with console.status("measuring"):
        for bench in BENCHES:
            for result in bench.outcomes(quick=quick):
                console.print(f"{result.what}: {result.measured}", highlight=False)
                verdict = "[green]ok[/]" if result.ok else "[red]missed[/]"
                table.add_row(result.what, result.goal, result.measured, verdict)
                results.append(result)
    console.print(table)
    return 0 if all(result.ok for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
