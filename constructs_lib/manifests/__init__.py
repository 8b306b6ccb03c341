"""Kubernetes objects as plain dicts, one file per noun; no cdktf."""
