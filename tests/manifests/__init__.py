"""Kubernetes objects, checked one by one."""
