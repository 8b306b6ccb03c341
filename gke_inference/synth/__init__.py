"""One YAML file to the Terraform JSON of its platform, and the summary of it."""
