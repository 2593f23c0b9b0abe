"""The one error tree: everything this package raises on purpose is a ContractError.

    ContractError
    ├── ConfigurationError      an option or setting that makes no sense
    ├── SchemaError             .proto files or options that make no sense (file and line)
    ├── RuleCrashed             a rule of the gate failed on a schema, so that there is no verdict
    ├── InvalidDecimal          text that is no plain decimal, or a number too wide to carry exactly
    ├── InvalidFeed             a feed component or a record key that breaks the key layout
    ├── InvalidMessage          a message that breaks its contract (contract, field, value)
    ├── NotAContract            a type, data_type or schema id that belongs to no contract
    ├── InvalidFrame            bytes that are no Confluent frame of a contract
    ├── ForeignSchema           a frame whose schema id the registry gives to another subject
    ├── KeyMismatch             a record key that names another feed than its payload
    ├── BadRecord               a consumed record that cannot be used, with its place in Kafka
    ├── TooManyBadRecords       so many records are bad that the consumer stops before it loses more
    ├── BrokerError             Kafka cannot be reached, or refuses
    ├── Closed                  a producer or consumer was used after it was closed
    ├── RegistryError           the schema registry answered with an error
    │   └── RegistryUnavailable it did not answer at all
    ├── LockError               contracts.lock is missing, damaged, or of another schema
    └── StackError              the real test stack did not download, start or stop

Every error carries its facts as attributes and builds its sentence from all of them.
"""

import reprlib
from collections.abc import Sequence

_SHOWN = 80
_FIELD = 200
_LINE = 2000
_BITS = 256


class _Short(reprlib.Repr):
    """repr() that ends: of nested and of endless values only the beginning."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdict = 4
        self.maxstring = self.maxother = _SHOWN

    def repr_int(self, value: int, level: int) -> str:
        # Python refuses to write an int of more than 4300 digits.
        return repr(value) if value.bit_length() <= _BITS else f"<int of {value.bit_length()} bits>"


_short = _Short().repr


def shown(value: object) -> str:
    """A value as one short printable line, whatever it holds: control characters escaped, cut at 80 characters."""
    if isinstance(value, (str, bytes)) and len(value) > _SHOWN:
        return f"{value[:_SHOWN]!r}… ({len(value)} {'bytes' if isinstance(value, bytes) else 'characters'})"
    text = repr(value) if isinstance(value, (str, bytes)) else printable(_short(value))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def printable(text: str, limit: int = _LINE) -> str:
    """Text as one line that can be printed and encoded: other characters escaped, the middle cut out above `limit`."""
    if len(text) > limit:
        text = f"{text[: limit // 2]} … {text[-limit // 2 :]}"
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


class ContractError(Exception):
    """Root of the tree. `kind` is the short, stable name under which an error is counted.

    Its text is one printable line of bounded length, whatever a message, a frame or a caller put into its facts.
    """

    kind = "error"

    def __str__(self) -> str:
        return printable(self._sentence())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def _sentence(self) -> str:
        return ", ".join(map(shown, self.args))


class ConfigurationError(ContractError):
    """An option was given a value that makes no sense, or a needed one was left out."""

    kind = "configuration"

    def __init__(self, option: str, problem: str) -> None:
        super().__init__(option, problem)
        self.option = option
        self.problem = problem

    def _sentence(self) -> str:
        return f"{self.option}: {self.problem}"


class SchemaError(ContractError):
    """A .proto file, or one of its options, makes no sense. `line` is 1-based, 0 when unknown."""

    kind = "schema"

    def __init__(self, file: str, line: int, problem: str) -> None:
        super().__init__(file, line, problem)
        self.file = file
        self.line = line
        self.problem = problem

    def _sentence(self) -> str:
        place = f"{self.file}:{shown(self.line)}" if self.line else self.file
        return f"{place}: {self.problem}"


class RuleCrashed(ContractError):
    """A rule of the gate failed in a way that nobody thought of; there is no verdict, which is never a pass."""

    kind = "rule"

    def __init__(self, rule: str, symbol: str, error: Exception) -> None:
        super().__init__(rule, symbol, error)
        self.rule = rule
        self.symbol = symbol
        self.error = error

    def _sentence(self) -> str:
        return f"rule {self.rule} crashed on {self.symbol}, so there is no verdict; report it: {shown(self.error)}"


class InvalidDecimal(ContractError):
    """A value cannot be carried as an exact decimal of at most 38 digits and a scale of at most 38."""

    kind = "decimal"

    def __init__(self, value: object, problem: str) -> None:
        super().__init__(value, problem)
        self.value = value
        self.problem = problem

    def _sentence(self) -> str:
        return f"{shown(self.value)} {self.problem}"


class InvalidFeed(ContractError):
    """A feed component or a record key breaks the layout {market_type}-{network_id}-{source_id}-{token_ticker}."""

    kind = "key"

    def __init__(self, field: str, value: object, problem: str) -> None:
        super().__init__(field, value, problem)
        self.field = field
        self.value = value
        self.problem = problem

    def _sentence(self) -> str:
        return f"{self.field} = {shown(self.value)}: {self.problem}"


class InvalidMessage(ContractError):
    """A message breaks its contract; `field` is a dotted path such as `bids.prices.scale`."""

    kind = "content"

    def __init__(self, contract: str, topic: str, field: str, value: object, problem: str) -> None:
        super().__init__(contract, topic, field, value, problem)
        self.contract = contract
        self.topic = topic
        self.field = field
        self.value = value
        self.problem = problem

    def _sentence(self) -> str:
        return f"{self.contract} ({self.topic}): {printable(self.field, _FIELD)} = {shown(self.value)}: {self.problem}"


class NotAContract(ContractError):
    """Something that should name a contract names none; `known` lists what would have."""

    kind = "contract"

    def __init__(self, what: str, value: object, known: Sequence[str]) -> None:
        super().__init__(what, value, known)
        self.what = what
        self.value = value
        self.known = known

    def _sentence(self) -> str:
        return f"{self.what} {shown(self.value)} belongs to no contract; known: {', '.join(self.known) or 'none'}"


class InvalidFrame(ContractError):
    """Bytes are no Confluent frame of a contract; `offset` is the first byte that is wrong."""

    kind = "frame"

    def __init__(self, problem: str, offset: int, size: int) -> None:
        super().__init__(problem, offset, size)
        self.problem = problem
        self.offset = offset
        self.size = size

    def _sentence(self) -> str:
        return f"frame of {shown(self.size)} bytes, at byte {shown(self.offset)}: {self.problem}"


class ForeignSchema(ContractError):
    """The registry gives a frame's schema id to other subjects than the contract's."""

    kind = "schema_id"

    def __init__(self, schema_id: int, expected: str, subjects: Sequence[str]) -> None:
        super().__init__(schema_id, expected, subjects)
        self.schema_id = schema_id
        self.expected = expected
        self.subjects = subjects

    def _sentence(self) -> str:
        found = f"belongs to {', '.join(self.subjects)}" if self.subjects else "is refused as unknown"
        return (
            f"schema id {shown(self.schema_id)} {found}, not to {self.expected}: another producer writes to this topic"
        )


class KeyMismatch(ContractError):
    """A record's key names another feed than its payload does."""

    kind = "key_mismatch"

    def __init__(self, key: str, payload: str) -> None:
        super().__init__(key, payload)
        self.key = key
        self.payload = payload

    def _sentence(self) -> str:
        return f"the record key is {shown(self.key)} but the payload is of {shown(self.payload)}"


class BadRecord(ContractError):
    """A consumed record cannot be used; `error` says why, the rest says where it is."""

    def __init__(self, topic: str, partition: int, offset: int, error: ContractError) -> None:
        super().__init__(topic, partition, offset, error)
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.error = error
        self.kind = error.kind

    def _sentence(self) -> str:
        return f"{self.topic} [{shown(self.partition)}] at offset {shown(self.offset)}: {self.error}"


class TooManyBadRecords(ContractError):
    """More of the records than max_bad_share allows cannot be used; `last` is the last of them."""

    kind = "too_many_bad"

    def __init__(self, bad: int, records: int, limit: float, last: BadRecord) -> None:
        super().__init__(bad, records, limit, last)
        self.bad = bad
        self.records = records
        self.limit = limit
        self.last = last

    def _sentence(self) -> str:
        return (
            f"{shown(self.bad)} of the last {shown(self.records)} records are bad, above max_bad_share={self.limit:g}: "
            f"the consumer stops, and reads the last batch again when it is started; the last of them: {self.last}"
        )


class BrokerError(ContractError):
    """Kafka cannot be reached, lacks a topic, or refuses; `code` is librdkafka's name of the error."""

    kind = "broker"

    def __init__(self, bootstrap: str, code: str, detail: str) -> None:
        super().__init__(bootstrap, code, detail)
        self.bootstrap = bootstrap
        self.code = code
        self.detail = detail

    def _sentence(self) -> str:
        return f"Kafka at {self.bootstrap}: {self.code}: {self.detail}"


class Closed(ContractError):
    """A producer or consumer was used after it was closed; `what` says which."""

    kind = "closed"

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def _sentence(self) -> str:
        return f"the {self.what} is closed; make a new one, or use this one inside its with block"


class RegistryError(ContractError):
    """The registry answered with an error.

    `status` is HTTP's, `code` the registry's own (0 when it gave none), `detail` its own words, `advice` what to do.
    """

    kind = "registry"

    def __init__(self, method: str, url: str, status: int, code: int, detail: str, advice: str = "") -> None:
        super().__init__(method, url, status, code, detail, advice)
        self.method = method
        self.url = url
        self.status = status
        self.code = code
        self.detail = detail
        self.advice = advice

    def _sentence(self) -> str:
        return f"{self.method} {self.url}: {shown(self.status)} {shown(self.code)}: {self._words()}"

    def _words(self) -> str:
        return f"{self.detail}; {self.advice}" if self.advice else self.detail


class RegistryUnavailable(RegistryError):
    """The registry gave no usable answer: no connection, no time left, or asked to come back later at every try."""

    kind = "registry_unavailable"

    def _sentence(self) -> str:
        status = f"{shown(self.status)}: " if self.status else ""
        return f"{self.method} {self.url}: {status}{self._words()}"


class LockError(ContractError):
    """contracts.lock is missing, damaged, or does not hold what the installed contracts need."""

    kind = "lock"

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path = path
        self.problem = problem

    def _sentence(self) -> str:
        return f"{self.path}: {self.problem}"


class StackError(ContractError):
    """The real broker or registry of the test stack did not download, start or stop.

    Its text may go on below the first line, with the last lines of a server's log.
    """

    kind = "stack"

    def __init__(self, what: str, problem: str) -> None:
        super().__init__(what, problem)
        self.what = what
        self.problem = problem

    def _sentence(self) -> str:
        return f"{self.what}: {self.problem}"

    def __str__(self) -> str:
        return "\n".join(map(printable, self._sentence().split("\n")))
