"""Constructs for cross-region AI inference on GKE. Import the one you need from its module; importing this does nothing."""
