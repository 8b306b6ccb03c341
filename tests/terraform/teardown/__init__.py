"""Tests of the teardown over the real Terraform."""
