"""
Constructs for cross-region AI inference on GKE. Import each from its module; this one does nothing.

docs/constructs.md lists the names to rely on.
"""
