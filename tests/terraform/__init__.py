"""Every stack through the real Terraform, against the stand-in of `tests.rig`."""
