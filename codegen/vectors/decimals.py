"""Vectors of decimal text and decimal columns."""

from typing import Any

from codegen.vectors.kinds import kind
from pragma_contracts import DecimalColumn
from pragma_contracts.rules import parse_decimal
from pragma_contracts.wire import column

_DECIMALS = [
    *("0", "-0", "1", "-1", "0.0", "65432.10", "0.00000001", "-0.000000000000000001", "9" * 38, "-" + "9" * 38),
    *("0." + "0" * 37 + "1", "0." + "9" * 38, "123456789.123456789", "9007199254740993", "0.1", "1234567.7654321"),
]
_NO_DECIMALS = [
    *(
        "",
        "-",
        ".",
        "1.",
        ".5",
        "+1",
        "01",
        "00",
        "-00.1",
        "1e5",
        "1E5",
        "NaN",
        "Infinity",
        "-inf",
        "1_000",
        " 1",
        "1 ",
    ),
    *("1.2.3", "1,5", "0x10", "\uff11\uff12", "1" * 39, "0." + "0" * 38 + "1", "--1", "1-", "1\n"),
]
_COLUMNS = [
    [],
    ["0"],
    ["65432.10", "65432.0", "65431"],
    ["-1.5", "0", "1.25"],
    ["9223372036854775807", "-9223372036854775808"],
    ["9223372036854775808"],
    ["-9223372036854775809", "1"],
    ["12345678901234567890.123456789012345678", "0.5", "-0.000000000000000001"],
    ["128", "-128", "9" * 38, "-" + "9" * 38, "-12345678901234567890123"],
]
_BAD_COLUMNS: list[dict[str, Any]] = [
    {"scale": 39, "unscaled": [1]},
    {"scale": 4294967295, "unscaled": [1]},
    {"scale": 0, "unscaled": [1], "wide": ["01"]},
    {"scale": 0, "wide": [""]},
    {"scale": 0, "wide": ["00" * 17]},
    {"scale": 0, "wide": ["7f" + "ff" * 15]},
]


def decimals() -> Any:
    """Texts with what they say, columns with what they hold, and what is neither."""

    def valid(text: str) -> Any:
        unscaled, scale = parse_decimal(text)
        return {"text": text, "unscaled": str(unscaled), "scale": scale, "float": float(text)}

    def written(values: list[str]) -> Any:
        target = DecimalColumn()
        column.write_column(target, values)
        return {
            "values": values,
            "scale": target.scale,
            "unscaled": list(map(str, target.unscaled)),
            "wide": [value.hex() for value in target.wide],
            "texts": column.texts(target),
            "floats": column.floats(target),
        }

    return {
        "valid": [valid(text) for text in _DECIMALS],
        "invalid": [{"text": text, "kind": kind(parse_decimal, text)} for text in _NO_DECIMALS],
        "columns": [written(values) for values in _COLUMNS],
        "unreadable": [{**parts, "kind": kind(column.texts, _column(parts))} for parts in _BAD_COLUMNS],
    }


def _column(parts: dict[str, Any]) -> DecimalColumn:
    wide = [bytes.fromhex(value) for value in parts.get("wide", [])]
    return DecimalColumn(scale=parts["scale"], unscaled=parts.get("unscaled", []), wide=wide)
