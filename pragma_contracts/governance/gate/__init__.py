"""The gate: an offline verdict on a schema change, the same on a laptop, in a pull request and before `register`."""
