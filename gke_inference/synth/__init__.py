"""One YAML file to the Terraform JSON of its platform, and what is told about it."""
