"""Decimal columns and books: every decimal of up to 38 digits comes back exactly."""

import sys
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from pragma_contracts import BookSide, DecimalColumn, MarketDepth, book, rules, to_json
from pragma_contracts.errors import ConfigurationError, InvalidDecimal, InvalidMessage, shown
from pragma_contracts.wire import column
from pragma_contracts.wire.table import FixedColumn, RecurringColumn

unscaled = st.integers(-(10**38) + 1, 10**38 - 1) | st.integers(-(2**63) - 2, 2**63 + 2)


def _text(value: int, scale: int) -> str:
    digits = str(abs(value)).zfill(scale + 1)
    return ("-" if value < 0 else "") + (f"{digits[:-scale]}.{digits[-scale:]}" if scale else digits)


@settings(max_examples=3_000, deadline=None)
@given(st.lists(unscaled, max_size=6), st.integers(0, 38))
def test_columns_of_one_scale_come_back_exactly(values: list[int], scale: int) -> None:
    texts = [_text(value, scale) for value in values]
    message = DecimalColumn()
    column.write_column(message, texts)
    again = DecimalColumn.FromString(message.SerializeToString())
    assert column.texts(again) == texts
    assert column.decimals(again) == [Decimal(text) for text in texts]
    assert column.floats(again) == [float(text) for text in texts]
    assert not (again.unscaled and again.wide)


mixed = st.builds(_text, unscaled, st.integers(0, 6)) | st.integers(0, 3) | st.decimals(0, 9, places=2)
columns = st.lists(st.lists(mixed | st.sampled_from(["1", "2.50", "0.003"]), max_size=4), min_size=2, max_size=4)


@settings(max_examples=1_000, deadline=None)
@given(columns)
def test_a_writer_that_remembers_writes_the_same_values(columns: list[list[column.Value]]) -> None:
    writer = RecurringColumn()
    for values in columns * 2:
        plain, remembered = DecimalColumn(), DecimalColumn()
        try:
            column.write_column(plain, values)
        except InvalidDecimal as error:
            with pytest.raises(InvalidDecimal) as caught:
                writer.write(remembered, values)
            assert str(caught.value) == str(error)
        else:
            writer.write(remembered, values)
            assert column.decimals(remembered) == column.decimals(plain)
            longest = max(
                ((number + (number < 0)).bit_length() for number in column.column_values(remembered)), default=0
            )
            assert bool(remembered.wide) == (longest > 63)


def test_a_scale_once_seen_stays_until_the_texts_it_came_with_are_forgotten() -> None:
    writer, message = RecurringColumn(), DecimalColumn()
    steps: list[tuple[list[column.Value], list[str]]] = [
        (["398.70001", "1"], ["398.70001", "1.00000"]),
        (["398.7", 2, Decimal("0.5")], ["398.70000", "2.00000", "0.50000"]),
        ([], []),
    ]
    for values, texts in steps:
        writer.write(message, values)
        assert column.texts(message) == texts
    for number in range(1024):
        writer.write(message, [f"{number}.5"])
    assert column.texts(message) == ["1023.5"]


def test_a_column_is_wide_only_while_its_values_need_it() -> None:
    writer, message = RecurringColumn(), DecimalColumn()
    first = ["0.123456789012345678", "99.5"]
    for values, wide in [(first, True), (["99.5"], True), (["1.5"], False), (["99.5"], False), (first, True)]:
        writer.write(message, values)
        assert bool(message.wide) == wide
        assert column.decimals(message) == [Decimal(value) for value in values]


def test_what_a_writer_remembers_is_bounded() -> None:
    writer = RecurringColumn()
    for number in range(5000):
        writer.write(DecimalColumn(), [f"{number}.5", number, Decimal(number)])
    assert 0 < len(writer) <= 1024
    assert {type(text) for text in writer} == {str}
    wrong: list[Any] = [[], True, 1.0, "1e5", None]
    for value in wrong * 2:
        with pytest.raises(InvalidDecimal):
            writer.write(DecimalColumn(), [value])


prices = st.integers(-(10**14), 10**14)


@settings(max_examples=2_000, deadline=None)
@given(st.lists(prices, max_size=4), st.integers(0, 38))
def test_with_a_scale_ints_are_unscaled_and_floats_are_what_they_print(values: list[int], scale: int) -> None:
    exact = [Decimal(value).scaleb(-scale) for value in values]
    forms: tuple[list[Any], ...] = values, exact, [float(value) for value in exact]
    for form in forms:
        message = DecimalColumn()
        FixedColumn(scale).write(message, form)
        assert (message.scale, list(message.unscaled)) == (scale, values)


@pytest.mark.parametrize(
    "value", [0.1 + 0.2, 1e-9, float("nan"), float("inf"), -1e300, "0.001", Decimal("0.001"), True]
)
def test_what_does_not_fit_a_given_scale_is_refused(value: Any) -> None:
    message = DecimalColumn(scale=1, unscaled=[5])
    with pytest.raises(InvalidDecimal):
        FixedColumn(2).write(message, [value])
    assert list(message.unscaled) == [5]


def test_a_side_takes_a_scale_for_each_column() -> None:
    side = BookSide()
    book.write(side, [(6543210, 1.5), (6543200, 0.25)], scales={"prices": 2, "quantities": 4})
    assert book.texts(side) == [("65432.10", "1.5000"), ("65432.00", "0.2500")]
    book.write(side, [("65432.1", 0.5)], scales={"quantities": 2})
    assert book.texts(side) == [("65432.1", "0.50")]


@pytest.mark.parametrize("scales", [{"price": 2}, {"prices": 39}, {"prices": -1}, {"prices": True}, {"prices": "2"}])
def test_a_scale_that_makes_no_sense_is_refused(scales: Any) -> None:
    with pytest.raises(ConfigurationError, match="scales"):
        book.write(BookSide(), [], scales=scales)


@pytest.mark.parametrize(
    ("value", "wide"),
    [
        (2**63 - 1, None),
        (-(2**63), None),
        (2**63, "008000000000000000"),
        (-(2**63) - 1, "ff7fffffffffffffff"),
        (10**38 - 1, "4b3b4ca85a86c47a098a223fffffffff"),
        (1 - 10**38, "b4c4b357a5793b85f675ddc000000001"),
    ],
)
def test_wide_values_are_written_as_java_writes_them(value: int, wide: str | None) -> None:
    message = DecimalColumn()
    column.write_column(message, [value])
    assert [item.hex() for item in message.wide] == ([] if wide is None else [wide])
    assert column.texts(message) == [str(value)]


def test_mixed_scales_are_padded_to_the_largest() -> None:
    side = BookSide()
    book.write(side, [("398.7", 1), (Decimal("398.65000"), "0.5")])
    assert book.texts(side) == [("398.70000", "1.0"), ("398.65000", "0.5")]
    assert book.levels(side) == [(Decimal("398.7"), Decimal(1)), (Decimal("398.65"), Decimal("0.5"))]
    assert book.floats(side) == [(398.7, 1.0), (398.65, 0.5)]


@pytest.mark.parametrize(
    "value",
    [
        "1e5",
        "",
        "NaN",
        "1" * 39,
        1.5,
        True,
        None,
        Decimal("NaN"),
        Decimal("1E+40"),
        Decimal("1" * 5000),
        10**38,
        10**5000,
    ],
    ids=shown,
)
def test_what_cannot_be_exact_is_refused_and_changes_nothing(value: object) -> None:
    side = BookSide()
    book.write(side, [("2", "1")])
    with pytest.raises(InvalidDecimal):
        book.write(side, [("2", "1"), (value, "1")])  # type: ignore[list-item]
    assert book.texts(side) == [("2", "1")]


@pytest.mark.parametrize(
    "row",
    [("1", "2", "3"), ("1",), (), "12", {"1": "2"}, None, 5],
    ids=["three", "one", "none", "text", "dict", "None", "int"],
)
def test_a_level_that_is_no_pair_is_named(row: object) -> None:
    side = BookSide()
    with pytest.raises(InvalidDecimal) as caught:
        book.write(side, [("2", "1"), row])  # type: ignore[list-item]
    assert str(caught.value) == f"{row!r} as row 1 is no tuple (prices, quantities)"
    assert side == BookSide()


def test_a_column_that_needs_too_many_digits_names_the_value() -> None:
    with pytest.raises(InvalidDecimal, match="'100000' needs more than 38 digits at this column's scale of 38"):
        column.write_column(DecimalColumn(), ["0." + "0" * 37 + "1", "100000"])


@pytest.mark.parametrize("read", [book.levels, book.floats, book.texts])
def test_hostile_columns_are_refused_before_they_are_expanded(read: object) -> None:
    assert callable(read)
    for prices in (
        DecimalColumn(scale=4_294_967_295, unscaled=[1]),
        DecimalColumn(unscaled=[1], wide=[b"\1"]),
        DecimalColumn(wide=[b"\1" * 1000]),
        DecimalColumn(wide=[b""]),
        DecimalColumn(wide=[(10**38).to_bytes(16, "big")]),
        DecimalColumn(wide=[(-(10**38)).to_bytes(16, "big", signed=True)]),
        DecimalColumn(unscaled=[1, 2]),
    ):
        with pytest.raises(InvalidDecimal):
            read(BookSide(prices=prices, quantities=DecimalColumn(unscaled=[1])))


@pytest.mark.parametrize(
    ("hostile", "part", "problem"),
    [
        (DecimalColumn(scale=39), ".scale", "is above 38"),
        (DecimalColumn(unscaled=[1], wide=[b"\1"]), "", "sets both unscaled and wide; a column has one of them"),
        (DecimalColumn(wide=[b""]), ".wide", "is not 1 to 16 bytes long"),
        (DecimalColumn(wide=[(10**38).to_bytes(16, "big")]), ".wide", "has more than 38 digits"),
    ],
)
def test_reading_and_checking_refuse_the_same_columns(hostile: DecimalColumn, part: str, problem: str) -> None:
    with pytest.raises(InvalidDecimal) as read:
        column.texts(hostile)
    assert str(read.value).endswith(f" in column{part} {problem}")
    with pytest.raises(InvalidMessage) as checked:
        rules.check_column(hostile, rules.Where("MarketDepth", "pragma-orderbook-v1"), "bids.prices")
    assert f": bids.prices{part} = " in str(checked.value)
    assert str(checked.value).endswith(problem)
    message = MarketDepth(market_type=1, bids=BookSide(prices=hostile))
    with pytest.raises(InvalidMessage) as written:
        to_json(message)
    assert str(written.value) == str(checked.value)


@settings(max_examples=500, deadline=None)
@given(st.lists(unscaled, max_size=6), st.integers(0, 38))
def test_arrays_hold_the_nearest_floats(values: list[int], scale: int) -> None:
    side = BookSide()
    column.write_unscaled(side.prices, scale, values, values)
    column.write_unscaled(side.quantities, scale, [1] * len(values), values)
    prices, quantities = book.arrays(side)
    assert prices.dtype == quantities.dtype == "float64"
    assert prices.tolist() == [float(_text(value, scale)) for value in values]
    assert list(zip(prices, quantities, strict=True)) == book.floats(side)


def test_unscaled_levels_are_integers_at_the_scale_of_their_column() -> None:
    side = BookSide()
    book.write(side, [("65432.10", "0.5"), ("65432.0", "12")])
    assert book.unscaled(side) == [(6543210, 5), (6543200, 120)]
    assert (side.prices.scale, side.quantities.scale) == (2, 1)


@pytest.mark.parametrize("read", [book.levels, book.floats, book.texts, book.unscaled, book.arrays])
def test_no_way_to_read_a_side_takes_columns_of_different_lengths(read: Any) -> None:
    side = BookSide()
    book.write(side, [("2", "1"), ("1", "1")])
    side.quantities.unscaled.append(1)
    with pytest.raises(InvalidDecimal, match="2 prices but 3 quantities: every level needs one of each"):
        read(side)


def test_arrays_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(
        ConfigurationError, match=r"numpy: it is not installed: pip install 'pragma-contracts\[numpy\]'"
    ):
        book.arrays(BookSide())
