"""The kind of error that a call ends in, which both languages must agree on."""

from collections.abc import Callable
from typing import Any

from pragma_contracts.errors import ContractError


def kind(call: Callable[[Any], object], value: Any) -> str | None:
    """Kind of the error that a call raises, None when it raises none."""
    try:
        call(value)
    except ContractError as error:
        return error.kind
    return None
