"""What a platform's own gauges show while a command measures it: servers, nodes, KV caches, the load balancer."""
