"""What contracts say of themselves is compared field by field, so the gate has to know every field that there is."""

from dataclasses import fields

from pragma_contracts.governance.model import ContractOption
from pragma_contracts.messages.pragma.contracts.v1 import options_pb2


def test_every_field_of_the_contract_option_is_compared() -> None:
    assert {field.name for field in fields(ContractOption)} == set(options_pb2.Contract.DESCRIPTOR.fields_by_name)
