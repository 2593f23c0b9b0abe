"""Schemas in the forms that tools outside of this package read, made from the compiled files."""
