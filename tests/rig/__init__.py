"""A stand-in for Google Cloud and the clusters behind the real Terraform: providers with the real schemas."""
