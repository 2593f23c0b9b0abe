"""What the linter refuses: contract options that make no sense, and schemas that are not written as contracts are."""
