"""What is promised, layer by layer; read test_promises.py first."""
