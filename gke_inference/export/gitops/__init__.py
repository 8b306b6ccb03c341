"""Every object that Terraform would apply to clusters, as files for Argo CD or Flux."""
