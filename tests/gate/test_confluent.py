"""Confluent's list of kinds of difference between two protobuf schemas, and what the gate says to each.

The list is that of schema-registry at commit 794611bd (2026-08-22, on the way to 8.5.0): `Difference.Type`, and which
of them are in `SchemaDiff.COMPATIBLE_CHANGES`, both in io.confluent.kafka.schemaregistry.protobuf.diff. The released
8.3.1 calls a field that leaves its oneof an ONEOF_FIELD_REMOVED, and refuses it.

It says whether a new schema reads what an old one wrote, which is BACKWARD. FULL asks the other way round too, where
what was added is what was removed: so it refuses a new message and a new field of a oneof, which pass here. What
Confluent has no kind for, such as int64 for uint64, string for bytes, a json_name or an option, passes there and is not
in the list.
"""

from pathlib import Path
from typing import NamedTuple

import pytest

CASES = Path(__file__).parent / "cases"
PASSES, REFUSED = "passes", "refused"
KINDS = """
    PACKAGE_CHANGED MESSAGE_ADDED MESSAGE_REMOVED MESSAGE_MOVED
    ENUM_ADDED ENUM_REMOVED ENUM_CONST_ADDED ENUM_CONST_CHANGED ENUM_CONST_REMOVED
    FIELD_ADDED FIELD_REMOVED FIELD_NAME_CHANGED FIELD_KIND_CHANGED FIELD_SCALAR_KIND_CHANGED FIELD_NAMED_TYPE_CHANGED
    FIELD_NUMERIC_LABEL_CHANGED FIELD_STRING_OR_BYTES_LABEL_CHANGED REQUIRED_FIELD_ADDED REQUIRED_FIELD_REMOVED
    ONEOF_ADDED ONEOF_REMOVED ONEOF_FIELD_ADDED ONEOF_FIELD_REMOVED ONEOF_FIELD_MOVED_TO_TOP_LEVEL
    MULTIPLE_FIELDS_MOVED_TO_ONEOF FIELD_MOVED_TO_EXISTING_ONEOF
""".split()


class Row(NamedTuple):
    """A kind of difference, what Confluent says to it, a case of the corpus that shows it, and what the gate says."""

    kind: str
    there: str
    case: str
    here: str


ROWS = [
    Row("PACKAGE_CHANGED", REFUSED, "package_changed", REFUSED),
    Row("MESSAGE_ADDED", PASSES, "message_added", PASSES),
    Row("MESSAGE_REMOVED", REFUSED, "message_removed", REFUSED),
    Row("MESSAGE_MOVED", PASSES, "other_messages_reordered", PASSES),
    Row("MESSAGE_MOVED", PASSES, "confluent_message_moved", REFUSED),
    Row("ENUM_ADDED", PASSES, "enum_added", PASSES),
    Row("ENUM_REMOVED", PASSES, "enum_removed", REFUSED),
    Row("ENUM_CONST_ADDED", PASSES, "enum_value_added", PASSES),
    Row("ENUM_CONST_ADDED", PASSES, "enum_value_takes_reserved", REFUSED),
    Row("ENUM_CONST_CHANGED", PASSES, "enum_value_renamed_with_its_text_kept", REFUSED),
    Row("ENUM_CONST_REMOVED", PASSES, "enum_value_removed_and_reserved", REFUSED),
    Row("FIELD_ADDED", PASSES, "field_added", PASSES),
    Row("FIELD_ADDED", PASSES, "field_added_required", REFUSED),
    Row("FIELD_ADDED", PASSES, "field_added_takes_reserved_number", REFUSED),
    Row("FIELD_REMOVED", PASSES, "field_removed_and_reserved", REFUSED),
    Row("FIELD_NAME_CHANGED", PASSES, "field_renamed", REFUSED),
    Row("FIELD_KIND_CHANGED", REFUSED, "map_to_list", REFUSED),
    Row("FIELD_SCALAR_KIND_CHANGED", REFUSED, "field_type_changed_on_another_wire", REFUSED),
    Row("FIELD_NAMED_TYPE_CHANGED", REFUSED, "message_type_changed", REFUSED),
    # A field without `optional` has no label in proto3, so that Confluent sees no difference when it becomes repeated.
    Row("FIELD_NUMERIC_LABEL_CHANGED", REFUSED, "field_optional_made_repeated", REFUSED),
    Row("FIELD_STRING_OR_BYTES_LABEL_CHANGED", PASSES, "confluent_field_string_or_bytes_label_changed", REFUSED),
    # Not in contracts: proto2 alone has these, and the linter refuses it. The gate does not rely on that.
    Row("REQUIRED_FIELD_ADDED", REFUSED, "proto2_required_added", REFUSED),
    Row("REQUIRED_FIELD_REMOVED", REFUSED, "proto2_required_removed", REFUSED),
    Row("ONEOF_ADDED", PASSES, "oneof_added", PASSES),
    Row("ONEOF_ADDED", PASSES, "confluent_oneof_added", REFUSED),
    Row("ONEOF_REMOVED", PASSES, "confluent_oneof_removed", REFUSED),
    Row("ONEOF_FIELD_ADDED", PASSES, "oneof_field_added", PASSES),
    Row("ONEOF_FIELD_REMOVED", REFUSED, "oneof_field_removed", REFUSED),
    Row("ONEOF_FIELD_MOVED_TO_TOP_LEVEL", PASSES, "field_moved_out_of_oneof", REFUSED),
    Row("MULTIPLE_FIELDS_MOVED_TO_ONEOF", REFUSED, "fields_moved_into_oneof", REFUSED),
    Row("FIELD_MOVED_TO_EXISTING_ONEOF", REFUSED, "field_moved_into_oneof", REFUSED),
]


def says_why(case: Path) -> bool:
    """Whether a case has the comment that says why the gate is stricter."""
    return any("// Stricter than Confluent: " in path.read_text(encoding="utf-8") for path in case.rglob("new/*.proto"))


def test_every_kind_has_a_row() -> None:
    assert {row.kind for row in ROWS} == set(KINDS)
    # Each is called one or the other, whatever the case is.
    assert len({(row.kind, row.there) for row in ROWS}) == len(KINDS)


def test_nothing_passes_here_that_is_refused_there() -> None:
    assert [row for row in ROWS if (row.there, row.here) == (REFUSED, PASSES)] == []


def test_whatever_says_why_it_is_stricter_has_a_row() -> None:
    stricter = {row.case for row in ROWS if row.there != row.here}
    assert {case.name for case in CASES.iterdir() if says_why(case)} == stricter


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.kind}-{row.case}")
def test_the_gate_says_what_the_table_does(row: Row) -> None:
    # test_corpus.py checks that the gate says what is expected.
    *_, last = (CASES / row.case / "expected.txt").read_text(encoding="utf-8").splitlines()
    assert last.startswith("Passed: " if row.here == PASSES else "Refused: ")
