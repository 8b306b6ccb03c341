"""Who sends the requests of a drill: this machine, or a pod in the region's cluster."""
