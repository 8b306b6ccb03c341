"""Tests of what is watched of a platform: every alert on made-up series, by Prometheus itself."""
