"""main.py as the benches run it: without the rules, because Google allows fewer than 64 regions."""

import sys
from importlib import import_module

import main

vars(import_module("platform_config.load"))["check"] = lambda config: ([], [])
sys.exit(main.main())
