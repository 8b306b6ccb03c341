"""Tests of the teardown on stand-ins."""
