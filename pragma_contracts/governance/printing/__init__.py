"""Verdicts in every form: for people, for pull requests, and for programs. No form knows a rule's texts of its own."""
