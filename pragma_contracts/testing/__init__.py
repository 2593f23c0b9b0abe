"""A broker and a registry for tests: the real ones without Docker, or embedded ones that start at once.

with stack() as running:
    Producer(running.bootstrap, registry=running.registry_url, contracts=[Price])
"""

from pragma_contracts.testing.embedded import embedded
from pragma_contracts.testing.registry import Behaviour, Faults, registry_server
from pragma_contracts.testing.sample import sample
from pragma_contracts.testing.stack import Stack, stack

__all__ = ["Behaviour", "Faults", "Stack", "embedded", "registry_server", "sample", "stack"]
