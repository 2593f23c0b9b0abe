"""The demo: recorded market data through the whole package, and the figures of the run."""
