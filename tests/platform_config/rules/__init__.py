"""Tests of the rules: what each lets pass, and what it stops in its exact words."""
