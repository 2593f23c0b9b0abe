"""The .proto source of compiled files: written from a descriptor, and compared whatever its layout."""

from pragma_contracts.proto_source.tokens import tokens
from pragma_contracts.proto_source.writer import source

__all__ = ["source", "tokens"]
