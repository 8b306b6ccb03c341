"""Tests of the rules: what each accepts, and the exact message of what it refuses."""
