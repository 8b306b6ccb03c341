"""Run `gke-inference` as `python -m gke_inference`."""

import sys

from gke_inference.cli import main

if __name__ == "__main__":
    sys.exit(main())
