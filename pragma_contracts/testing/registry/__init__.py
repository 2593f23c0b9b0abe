"""A schema registry in memory, over real HTTP on loopback, that answers as one kind of registry does.

with registry_server(Behaviour.CONFLUENT) as url:
    ...

The facts are those of the registries' own answers. What a test does not need is not there: schemas of other types than
protobuf are kept as they are sent, and services, groups and extension ranges are not read.
"""

from pragma_contracts.testing.registry.behaviour import Behaviour
from pragma_contracts.testing.registry.faults import Faults
from pragma_contracts.testing.registry.server import registry_server

__all__ = ["Behaviour", "Faults", "registry_server"]
