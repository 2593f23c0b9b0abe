"""Turns the .proto files into code: run `python -m codegen`, or `python -m codegen --check` to see what is stale."""
