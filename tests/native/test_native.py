"""Compiled code does what Python does: the same bytes, the same values and the same errors, or it leaves it to that."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings, strategies as st

from pragma_contracts import NATIVE, BookSide, DecimalColumn, MarketDepth, MarketType, Price, encode, from_json, stamp
from pragma_contracts.contract import Contract
from pragma_contracts.errors import ContractError, InvalidDecimal
from pragma_contracts.rules import NS
from pragma_contracts.testing import sample
from pragma_contracts.wire import column
from pragma_contracts.wire.framer import NativeFramer, PlainFramer
from pragma_contracts.wire.lookup import contract_of
from pragma_contracts.wire.native import native
from pragma_contracts.wire.table import TableWriter

TIME = 1_766_000_000_123_456_789
HEADER = b"\0\0\0\0\7\0"


def text(value: int, scale: int) -> str:
    digits = str(abs(value)).zfill(scale + 1)
    return ("-" if value < 0 else "") + (f"{digits[:-scale]}.{digits[-scale:]}" if scale else digits)


integers = (
    st.integers(-(10**38), 10**38)
    | st.integers(-(2**63) - 2, 2**63 + 2)
    | st.integers(-(10**6), 10**6)
    | st.builds(lambda power, by: 10**power + by, st.integers(0, 39), st.integers(-2, 2))
)
decimals = st.builds(Decimal, st.builds(text, integers, st.integers(0, 39))) | st.builds(
    lambda number, exponent: Decimal(number).scaleb(exponent), st.integers(-(10**6), 10**6), st.integers(-40, 40)
)
odd = st.sampled_from(
    [
        "",
        "-",
        "1.",
        ".5",
        "01",
        "-0",
        "0.00",
        "1e3",
        "+1",
        " 1",
        "١",
        "1_0",
        "NaN",
        "\ud800",
        "9" * 39,
        "0." + "0" * 38 + "1",
    ]
) | st.sampled_from([None, True, b"1", Decimal("NaN"), Decimal("-Infinity"), Decimal("-0"), Decimal("0E-8"), (), "1"])
values = (
    st.builds(text, integers, st.integers(0, 39))
    | st.builds(text, st.integers(0, 10**9), st.integers(0, 8))
    | integers
    | decimals
    | st.floats()
    | st.builds(lambda number, scale: number / 10**scale, st.integers(-(10**16), 10**16), st.integers(0, 9))
)
scales = st.none() | st.fixed_dictionaries({}, optional={name: st.integers(0, 38) for name in ("prices", "quantities")})
# Mostly of two good values; what is odd is rare, or nothing else would be seen.
rows = st.lists(st.tuples(values, values) | st.lists(values, min_size=2, max_size=2), max_size=4)
odd_rows = st.lists(
    st.tuples(values | odd, values | odd) | st.tuples(values) | st.sampled_from(["12", None]), max_size=3
)


def outcome(does: Callable[[], Any]) -> Any:
    """What a call gives, or the error that it raises, as a user sees it."""
    try:
        return does()
    except ContractError as error:
        return type(error), str(error)


def test_the_compiled_code_is_in_use() -> None:
    assert NATIVE
    assert native is not None


def test_it_is_left_out_when_the_environment_says_so() -> None:
    script = "import pragma_contracts as p, sys; print(p.NATIVE, 'pragma_contracts_native' in sys.modules)"
    for value, said in (("0", "False False"), ("1", "True True")):
        env = {"PRAGMA_CONTRACTS_NATIVE": value}
        done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == said


@pytest.mark.parametrize(
    "other",
    [
        "native.SCHEMAS_FINGERPRINT = 'f' * 64",
        "native.INTERFACE = 0",
        "del native.SCHEMAS_FINGERPRINT",
        "del native.INTERFACE",
    ],
)
def test_it_is_left_out_with_a_warning_when_it_is_of_another_version(other: str) -> None:
    script = (
        f"import pragma_contracts_native as native; {other}\nimport pragma_contracts; print(pragma_contracts.NATIVE)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    assert "pragma-contracts-native is not used, which is slower: it was compiled for another version of" in done.stderr


def test_it_is_left_out_with_a_warning_when_it_cannot_be_loaded(tmp_path: Path) -> None:
    (tmp_path / "pragma_contracts_native.py").write_text("raise ImportError('GLIBC_9.99 not found')")
    script = "import pragma_contracts; print(pragma_contracts.NATIVE)"
    env = {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    assert "pragma-contracts-native is not used, which is slower: it cannot be loaded here: GLIBC_9.99" in done.stderr


def test_children_after_a_fork_give_other_identities() -> None:
    script = """if True:
        import os, time
        from pragma_contracts import Price
        from pragma_contracts.wire.framer import framer
        from pragma_contracts.wire.lookup import contract_of

        feed = Price(market_type=1, network_id="unknown", source_id="binance", token_ticker="BTC")
        frame = framer(contract_of(Price), feed, b"", "pulse", None).frame
        _, sent = frame(0, {"price": "1"})
        # In another millisecond than its parent, each child draws from the start.
        while time.time_ns() // 10**6 == sent // 10**6: pass
        for _ in range(2):
            child = os.fork()
            if not child:
                print(Price.FromString(frame(0, {"price": "1"})[0]).envelope.message_id, flush=True)
                os._exit(0)
            os.waitpid(child, 0)
    """
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    one, other = done.stdout.split()
    # Times and counters are before it.
    assert one[-8:] != other[-8:]


def test_a_writer_that_is_in_use_is_not_waited_for() -> None:
    # What a finalizer or a thread does while rows are read, made to happen: this Decimal writes while it is read.
    script = """if True:
        import sys
        sys.modules["_decimal"] = None
        from decimal import Decimal
        from pragma_contracts import NATIVE, BookSide, book

        plain, nested = Decimal.__str__, BookSide()

        def text(self):
            book.write(nested, [("2", "1")])
            return plain(self)

        Decimal.__str__ = text
        side = BookSide()
        book.write(side, [(Decimal("1.5"), "1")])
        print(NATIVE, book.texts(side), book.texts(nested))
    """
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True [('1.5', '1')] [('2', '1')]"


def test_every_message_of_the_sample_is_known_by_it() -> None:
    assert native is not None
    contracts: list[Contract[Any]] = [contract_of(Price), contract_of(MarketDepth)]
    frames = {contract.message: native.Frames(contract.topic) for contract in contracts}
    for obj in sample():
        message: Any = from_json({**obj, "producer": "pulse", "version": "1.1"})
        contract: Contract[Any] = contract_of(message)
        stamp(message)
        frame = encode(message, 7)
        assert frames[type(message)].payload_of(frame, contract.key(message)) == frame[6:]
        assert frames[type(message)].is_sendable(frame)


@settings(max_examples=2_000, deadline=None)
@given(rows | odd_rows, scales)
@example([("1", "2")], {"prices": 0})
@example([(0.1, "2.50"), (1e15, "1")], {"prices": 1, "quantities": 1})
@example([], {"prices": 3})
def test_rows_become_the_same_bytes(rows: list[Any], scales: dict[str, int] | None) -> None:
    assert outcome(lambda: written(rows, scales)) == outcome(lambda: written(rows, scales, compiled=False))


def written(rows: Any, scales: dict[str, int] | None = None, *, compiled: bool = True) -> bytes:
    writer, side = TableWriter(BookSide, scales), BookSide()
    if not compiled:
        writer._compiled = None
    writer.write(side, rows)
    return side.SerializeToString()


class OwnList(list[Any]):
    """Iterated backwards."""

    def __iter__(self) -> Iterator[Any]:
        return reversed(self)


class OwnTuple(tuple[Any, ...]):
    """Iterated backwards."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        return reversed(self)


@pytest.mark.parametrize(
    "rows",
    [
        OwnList([("2", "1"), ("1", "1")]),
        OwnTuple([("2", "1"), ("1", "1")]),
        [OwnTuple(("2", "1"))],
        [OwnList(["2", "1"])],
    ],
)
def test_rows_that_are_iterated_in_their_own_way_become_the_same_bytes(rows: Any) -> None:
    assert written(rows) == written(rows, compiled=False)


def test_compiled_rows_are_the_usual_case() -> None:
    assert native is not None
    table = native.Table([(1, None), (2, None)], Decimal)
    for rows in [("65432.10", "0.5"), ("65432.1", "12")], ([Decimal("1.5"), Decimal("0E-8")], [2, -(10**25)]), []:
        assert table.write(rows) is not None
    scaled = native.Table([(1, 2), (2, 3)], Decimal)
    assert scaled.write([(65432.1, 500), ("65432.00", Decimal("0.5"))]) is not None


@settings(max_examples=1_000, deadline=None)
@given(st.lists(integers, max_size=5), st.integers(0, 39))
def test_columns_are_read_as_the_same_values(numbers: list[int], scale: int) -> None:
    message = DecimalColumn(scale=scale)
    if all(-(1 << 63) <= number < 1 << 63 for number in numbers):
        message.unscaled.extend(numbers)
    else:
        message.wide.extend(map(column.to_wide, numbers))
    for read in column.decimals, column.floats, column.texts:
        compiled = outcome(lambda read=read: repr(read(message)))  # type: ignore[misc]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(column, "native", None)
            assert compiled == outcome(lambda read=read: repr(read(message)))  # type: ignore[misc]


def framers(contract: type[Any], scales: dict[str, int] | None = None) -> tuple[PlainFramer[Any], NativeFramer[Any]]:
    assert native is not None
    found: Contract[Any] = contract_of(contract)
    feed = contract(market_type=MarketType.PERPETUAL, network_id="a-b%", source_id="binance", token_ticker="BTC")
    plain = PlainFramer(found, feed, HEADER, "pulse", scales)
    return plain, NativeFramer(native, found, feed, HEADER, "pulse", scales)


def message_of(framer: PlainFramer[Any] | NativeFramer[Any], event_time: Any, fields: dict[str, Any]) -> bytes:
    """What a framer writes, but for the identity and the time of publication; its bytes are protobuf's own."""
    frame, publish_ns = framer.frame(event_time, fields)
    assert frame.startswith(HEADER)
    message = type(framer.message).FromString(frame[6:])
    envelope = message.envelope
    assert message.SerializeToString() == frame[6:]
    assert len(envelope.message_id) == 36
    assert envelope.message_id[14] == "7"
    assert envelope.publish_timestamp.seconds * NS + envelope.publish_timestamp.nanos == publish_ns
    envelope.ClearField("message_id")
    envelope.ClearField("publish_timestamp")
    return bytes(message.SerializeToString(deterministic=True))


times = st.integers(-(2**63) - 1, 2**63 + 1) | st.integers(10**18, 2 * 10**18) | st.sampled_from([0, True, None, 1.5])
metadata = st.none() | st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=3), max_size=1)
prices = st.fixed_dictionaries({"price": values | odd}, optional={"metadata": metadata, "cost": values})


@settings(max_examples=1_000, deadline=None)
@given(st.lists(st.tuples(times, prices), max_size=4))
def test_prices_become_the_same_frames(sent: list[tuple[Any, dict[str, Any]]]) -> None:
    plain, compiled = framers(Price)
    for event_time, fields in sent:
        assert outcome(lambda: message_of(compiled, event_time, fields)) == outcome(  # noqa: B023
            lambda: message_of(plain, event_time, fields)  # noqa: B023
        )


ladder = st.lists(st.integers(1, 10**6), min_size=1, max_size=4, unique=True).map(sorted)
asks = ladder.map(lambda prices: [(str(price), "1.5") for price in prices])
sides = st.none() | rows | odd_rows | asks | asks.map(lambda rows: rows[::-1]) | st.just(BookSide())
books = st.fixed_dictionaries({}, optional={"bids": sides, "asks": sides, "metadata": metadata})


@settings(max_examples=1_000, deadline=None)
@given(st.lists(books, max_size=4), scales)
def test_books_become_the_same_frames(sent: list[dict[str, Any]], scales: dict[str, int] | None) -> None:
    plain, compiled = framers(MarketDepth, scales)
    for fields in sent:
        assert outcome(lambda: canonical(message_of(compiled, TIME, fields))) == outcome(  # noqa: B023
            lambda: canonical(message_of(plain, TIME, fields))  # noqa: B023
        )


def canonical(data: bytes) -> Any:
    """A book's values: a writer that remembers pads them more."""
    depth = MarketDepth.FromString(data)
    found = []
    for side in depth.bids, depth.asks:
        found.append([column.decimals(side.prices), column.decimals(side.quantities)])
        side.Clear()
    return found, depth


def test_rows_are_taken_from_any_iterable_and_a_message_is_copied() -> None:
    _, compiled = framers(MarketDepth)
    side = BookSide()
    TableWriter(BookSide).write(side, [("2", "1"), ("1", "1")])
    for bids in [("2", "1"), ("1", "1")], (["2", 1], ["1", Decimal(1)]), iter([("2", "1"), ("1", "1")]), side:
        frame, _ = compiled.frame(TIME, {"bids": bids})
        depth = MarketDepth.FromString(frame[6:])
        assert depth.bids == side
        assert not depth.HasField("asks")


def test_what_can_be_read_only_once_is_read_once() -> None:
    """Rows of a generator are left to Python, which needs the metadata too."""
    for framer in framers(MarketDepth):
        rows = (row for row in [("1", "1")])
        frame, _ = framer.frame(TIME, {"metadata": iter([("a", "b")]), "asks": rows})
        assert MarketDepth.FromString(frame[6:]).metadata == {"a": "b"}
        with pytest.raises(ContractError, match="metadata = "):
            framer.frame(TIME, {"metadata": iter([("a", "b"), ("c", 1)]), "asks": rows})


def test_of_several_wrong_fields_the_first_is_named() -> None:
    for framer in framers(MarketDepth):
        with pytest.raises(ContractError, match="asks = 'x'"):
            framer.frame(TIME, {"asks": [("1", "x")], "metadata": 1})
        with pytest.raises(ContractError, match="metadata = 1"):
            framer.frame(TIME, {"metadata": 1, "asks": [("1", "x")]})


def test_what_was_refused_is_freed() -> None:
    """What a message has held goes with the message, so a framer must not keep one that is only ever refused."""
    for framer in framers(MarketDepth):
        message = framer.message
        for _ in range(100):
            with pytest.raises(ContractError):
                framer.frame(TIME, {"metadata": {"a": "b"}, "asks": [("2", "1"), ("1", "1")]})
        assert framer.message is not message


def test_what_was_refused_leaves_nothing_behind() -> None:
    _, compiled = framers(MarketDepth)
    with pytest.raises(ContractError, match=r"bids\.prices = 2: level 1 after 1"):
        compiled.frame(TIME, {"bids": [("1", "1"), ("2", "1")], "metadata": {"a": "b"}})
    with pytest.raises(ContractError, match="is not decimal text"):
        compiled.frame(TIME, {"asks": [("1", object())]})
    frame, _ = compiled.frame(TIME, {"asks": [("1", "1")]})
    depth = MarketDepth.FromString(frame[6:])
    assert not depth.HasField("bids")
    assert not depth.metadata
    with pytest.raises(InvalidDecimal):
        TableWriter(BookSide).write(BookSide(), [("1", "x")])
