"""What governs the schemas: their model, the checks on it, and what is registered where."""
