"""The stacks of this app: `inference_stacks` is the name of the platform's beside them."""
