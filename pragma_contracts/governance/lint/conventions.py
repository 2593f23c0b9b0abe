"""Conventions: topics named alike, exact numbers, and options where they do something."""

import re
from collections.abc import Iterator

from pragma_contracts.governance.finding import Finding
from pragma_contracts.governance.lint.contracts import held, of_field, of_message
from pragma_contracts.governance.lint.elements import of_value
from pragma_contracts.governance.lint.rules import RULES
from pragma_contracts.governance.model import MARKET_TYPE, OPTIONS_PACKAGE, Field, File, Schemas

_TOPIC = re.compile(r"pragma-[a-z0-9]+(?:-[a-z0-9]+)*-v(?P<major>[1-9][0-9]*)")
_PACKAGE = re.compile(r"(?:.*\.)?v(?P<major>[1-9][0-9]*)")
_INEXACT = frozenset(("float", "double", "google.protobuf.FloatValue", "google.protobuf.DoubleValue"))
# The numbers that descriptor.proto leaves to the use within an organisation, and among them ours.
_IN_HOUSE = range(50000, 100000)
_OURS = range(73541, 73600)


def conventions(schemas: Schemas) -> Iterator[Finding]:
    """What is wrong with schemas from which code could be made all the same."""
    yield from _topics(schemas)
    inexact: dict[str, Finding] = {}
    for _, contract, _ in schemas.contracts():
        for message, field in held(schemas, contract):
            # Of a wrapper, the field that holds it is told.
            is_ours = not message.file.startswith("google/")
            if is_ours and (field.kind in _INEXACT or field.type_name in _INEXACT):
                problem = f"is of {field.type_name or field.kind}, which no decimal survives"
                found = of_field("FIELD_NO_FLOAT", message, field, problem)
                # What two contracts hold is one finding.
                inexact.setdefault(found.symbol, found)
    yield from inexact.values()
    for file in schemas.files:
        yield from _options(file)
        for enum in file.walk_enums():
            for value in enum.values:
                if enum.full_name != MARKET_TYPE and value.key_token != value.text:
                    problem = f"(key_token) is {value.key_token!r}, and no record key holds a {enum.path[-1]}"
                    yield of_value("OPTION_USE", enum, value, problem)


def _topics(schemas: Schemas) -> Iterator[Finding]:
    for file, message, option in schemas.contracts():
        package, topic = _PACKAGE.fullmatch(file.package), _TOPIC.fullmatch(option.topic)
        if package is None:
            problem = f"package {file.package!r} has no major version, such as pragma.market.v1"
        elif topic is None or topic["major"] != package["major"]:
            problem = f"topic {option.topic!r} of package {file.package} is not named pragma-…-v{package['major']}"
        else:
            continue
        yield of_message("CONTRACT_TOPIC_CONVENTION", message, problem)


def _options(file: File) -> Iterator[Finding]:
    for extension in file.extensions:
        if file.package == OPTIONS_PACKAGE:
            taken, range_ = extension.number not in _OURS, _OURS
        else:
            taken, range_ = extension.number in _OURS or extension.number not in _IN_HOUSE, _IN_HOUSE
        if taken:
            yield _number(file, extension, range_)


def _number(file: File, extension: Field, allowed: range) -> Finding:
    ours = "" if allowed is _OURS else f", without {_OURS.start} to {_OURS.stop - 1}, which are those of contracts"
    change = (
        f"option ({extension.name}) has the number {extension.number}; "
        f"allowed are {allowed.start} to {allowed.stop - 1}{ours}"
    )
    return RULES["OPTION_NUMBER"].finding(extension.place, f"{file.package}.{extension.name}", change)
