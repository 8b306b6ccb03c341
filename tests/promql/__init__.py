"""Tests of PromQL: alerts and panels, evaluated by Prometheus on made-up series."""
