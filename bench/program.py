"""main.py as the benches run it: without the rules, since 64 regions are beyond a limit of Google's, not of ours."""

import sys

import main
import platform_config.load

vars(platform_config.load)["check"] = lambda config: ([], [])
sys.exit(main.main())
