"""Splits names into words, so that every language joins them its own way."""

import re

_LOWER_TO_UPPER = re.compile(r"([a-z][0-9]*)(?=[A-Z])")
_END_OF_ACRONYM = re.compile(r"([A-Z][0-9]*)(?=[A-Z][a-z])")


def words(name: str) -> list[str]:
    """["market", "type"] of market_type, and ["HTTP", "Price"] of HTTPPrice; digits belong to the word before them."""
    parted = _END_OF_ACRONYM.sub(r"\1_", _LOWER_TO_UPPER.sub(r"\1_", name))
    return [word for word in parted.split("_") if word]


def snake(name: str) -> str:
    """market_depth of MarketDepth."""
    return "_".join(words(name)).lower()
