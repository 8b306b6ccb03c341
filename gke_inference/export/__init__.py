"""`gke-inference export`: a folder for pipelines that run plain Terraform, without cdktf and without this package."""
