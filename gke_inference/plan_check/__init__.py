"""What a set of Terraform plans would take away from a platform that serves."""
