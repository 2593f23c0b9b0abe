"""The one door to a schema registry: Confluent's HTTP API, with bounded retries and errors of our tree.

Source of paths, fields and error codes: Confluent's Schema Registry API reference.
"""

from pragma_contracts.registry.answers import Compatibility, Reference, Registered
from pragma_contracts.registry.client import Registry
from pragma_contracts.registry.settings import RegistrySettings
from pragma_contracts.registry.subjects import unqualified
from pragma_contracts.registry.urls import normalised_url

__all__ = ["Compatibility", "Reference", "Registered", "Registry", "RegistrySettings", "normalised_url", "unqualified"]
