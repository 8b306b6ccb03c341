"""Directories at which the pod of a server has volumes: what an image holds there is hidden."""

from __future__ import annotations

MODELS = "/models"
"""What is downloaded: the platform's bucket, or a folder of its node."""
BUCKETS = "/buckets"
"""Below it each bucket of somebody else, by its name."""
CACHE = "/cache"
"""What a server compiles, so that it outlives a restart of the container (not of the pod)."""
TEMPORARY = "/tmp"
"""Temporary files, where the image's own cannot be changed."""
SHARED_MEMORY = "/dev/shm"
"""What the processes of a server share; the node's own where a pod has its IPC namespace."""
REGION_HEADER = "/etc/inference"
"""The code that adds a region to each answer."""

MOUNTS = (MODELS, BUCKETS, CACHE, TEMPORARY, SHARED_MEMORY, REGION_HEADER)
