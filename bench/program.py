"""main.py as the benches run it: without the rules, since 64 regions are beyond a limit of Google's, not of ours."""

import sys

import main
import stacks.load

vars(stacks.load)["check"] = lambda config: ([], [])
sys.exit(main.main())
