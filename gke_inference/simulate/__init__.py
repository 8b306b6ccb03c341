"""A failover that is computed from the settings of its parts, without any cloud."""
