"""What Python and Rust must agree on. What a vector is about is written down here by hand; what is expected of it is
computed by the Python package, and read by the tests of both languages."""
