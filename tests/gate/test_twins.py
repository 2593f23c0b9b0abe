"""Each rule beside a change that breaks it and one that is nearly the same and passes."""

import re
from pathlib import Path

import pytest

from pragma_contracts.governance.finding import Level
from pragma_contracts.governance.gate.rules import RULES

CASES = Path(__file__).parent / "cases"
TWINS = {
    "FILE_NO_DELETE": ("file_removed", "file_deprecated"),
    "FILE_SAME_PACKAGE": ("package_changed", "file_added"),
    "FILE_SAME_SYNTAX": ("proto2_syntax", "syntax_in_other_quotes"),
    "MESSAGE_NO_DELETE": ("message_removed", "message_deprecated"),
    "MESSAGE_SAME_FILE": ("message_moved_to_another_file", "other_messages_reordered"),
    "MESSAGE_SAME_MEANING": ("columns_removed", "message_of_columns_added"),
    "ENUM_NO_DELETE": ("enum_removed", "enum_deprecated"),
    "ONEOF_NO_DELETE": ("oneof_removed", "oneof_added"),
    "FIELD_NO_DELETE": ("field_removed_and_reserved", "field_deprecated"),
    "FIELD_NOT_RESERVED": ("field_removed_and_waived_without_reserving", "field_removed_and_waived"),
    "FIELD_NO_REUSE": ("field_added_takes_reserved_number", "field_added"),
    "FIELD_SAME_NUMBER": ("fields_swapped", "fields_reordered"),
    "FIELD_SAME_NAME": ("field_renamed", "field_replaced"),
    "FIELD_SAME_TYPE": ("message_type_changed", "type_name_written_out"),
    "FIELD_SAME_CARDINALITY": ("field_made_repeated", "field_replaced"),
    "FIELD_SAME_PACKED": ("packed_changed", "packed_written_out"),
    "FIELD_SAME_ONEOF": ("field_moved_into_oneof", "oneof_field_added"),
    "FIELD_SAME_JSON_NAME": ("json_name_changed", "json_name_written_out"),
    "FIELD_SAME_REQUIRED": ("required_added", "required_false_written_out"),
    "FIELD_ADDED_REQUIRED": ("field_added_required", "field_added_optional"),
    "FIELD_SAME_MEANING": ("decimal_added", "field_added_decimal"),
    "ENUM_VALUE_NO_DELETE": ("enum_value_removed_and_reserved", "enum_value_deprecated"),
    "ENUM_VALUE_NOT_RESERVED": ("enum_value_removed", "enum_value_removed_and_waived"),
    "ENUM_VALUE_NO_REUSE": ("enum_value_takes_reserved", "enum_value_added"),
    "ENUM_VALUE_SAME_NUMBER": ("enum_values_swapped", "enum_values_reordered"),
    "ENUM_VALUE_SAME_NAME": ("enum_value_renamed_with_its_text_kept", "enum_value_added"),
    "ENUM_VALUE_SAME_TEXT": ("enum_value_text_changed", "enum_value_text_written_out"),
    "ENUM_VALUE_SAME_KEY_TOKEN": ("enum_value_key_token_changed", "enum_value_text_written_out"),
    "RESERVED_NO_DELETE": ("reserved_range_narrowed", "reserved_range_split_alike"),
    "EXTENSION_SAME": ("option_definition_removed", "option_definition_added"),
    "CONTRACT_NO_DELETE": ("contract_option_removed", "contract_deprecated"),
    "CONTRACT_NO_REUSE": ("contract_added_on_a_taken_topic", "contract_added"),
    "CONTRACT_SAME_TOPIC": ("topic_changed", "contract_added"),
    "CONTRACT_SAME_DATA_TYPE": ("data_type_changed", "contract_added"),
    "CONTRACT_SAME_KEY": ("key_order_changed", "contract_added"),
    "CONTRACT_SAME_INDEX": ("message_order_changed", "message_added"),
    "CONTRACT_SAME_MAJOR": ("major_version_raised", "version_raised_alone"),
    "CONTRACT_VERSION_RAISED": ("import_changed_without_version", "import_changed_with_version"),
    "CHANGELOG_ENTRY": ("changelog_without_entry", "changelog_with_entry"),
    "UNKNOWN_DIFFERENCE": ("unknown_field_option", "deprecated_false_written_out"),
}
# They pass, with advice: the case that shows it, and one that is nearly the same and breaks.
ADVICE = {
    "ENUM_VALUE_ADDED": ("enum_value_added", "enum_value_takes_reserved"),
    "ONEOF_FIELD_ADDED": ("oneof_field_added", "field_moved_into_oneof"),
}


def said(case: str) -> list[str]:
    """The lines of what the gate says; test_corpus.py checks that it says so."""
    return (CASES / case / "expected.txt").read_text(encoding="utf-8").splitlines()


def test_every_rule_that_says_more_than_that_it_passes_is_here() -> None:
    levels = {Level.BREAKING: TWINS, Level.CONSUMERS_FIRST: ADVICE}
    for level, table in levels.items():
        assert {rule.id for rule in RULES.values() if rule.level is level} == set(table)


@pytest.mark.parametrize("rule", TWINS)
def test_one_is_refused_by_the_rule_and_its_twin_passes(rule: str) -> None:
    breaking, passing = (said(case) for case in TWINS[rule])
    assert [line for line in breaking if re.search(rf": {rule}(?: [^( ]*)?$", line)]
    assert breaking[-1].startswith("Refused: ")
    assert passing[-1].startswith(("Passed: ", "Nothing changed "))


@pytest.mark.parametrize("rule", ADVICE)
def test_one_passes_with_advice_and_its_twin_is_refused(rule: str) -> None:
    passing, breaking = (said(case) for case in ADVICE[rule])
    assert [line for line in passing if f": {rule} (passes: " in line]
    assert passing[-1].startswith("Passed: ")
    assert breaking[-1].startswith("Refused: ")
