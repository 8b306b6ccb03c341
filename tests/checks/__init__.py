"""What every synthesized stack must hold, as pure functions: a parsed `cdk.tf.json` in, a list of problems out."""
