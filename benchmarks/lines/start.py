"""Starting: time and memory of imports, each in an interpreter that has loaded nothing yet."""

import compileall
import json
import subprocess
import sys
import time
from pathlib import Path

import pragma_contracts
from benchmarks.forms import protobuf
from benchmarks.line import Column, Line, Measures, Target
from benchmarks.market import Tick
from benchmarks.place import nowhere
from pragma_contracts import Feed
from pragma_contracts.testing import Stack

# What neither a decoder nor a producer of feeds needs.
_HEAVY = ("click", "jinja2", "grpc", "grpc_tools", "confluent_kafka", "httpx", "requests", "rich", "numpy")

_BUILDER, _DECODE, _PRODUCER, _STOCK = (
    "google.protobuf.internal.builder",
    "pragma_contracts and a first decode",
    "pragma_contracts: Producer and Consumer",
    "stock protobuf serializer and producer",
)
# Statements, and whether they may load what is heavy.
_SCRIPTS = {
    _DECODE: "import pragma_contracts as p; assert p.decode({frame!r}, p.Price).price == '65432.10'",
    _PRODUCER: "from pragma_contracts import Producer, Consumer",
    _STOCK: "from confluent_kafka import SerializingProducer\n"
    "from confluent_kafka.schema_registry import SchemaRegistryClient\n"
    "from confluent_kafka.schema_registry.protobuf import ProtobufSerializer",
    _BUILDER: "import google.protobuf.internal.builder",
}

# /proc has the memory of this moment; elsewhere there is only the highest so far.
_MEASURE = """
import sys, time, resource
def kib():
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize() / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before, modules = kib(), len(sys.modules)
begin = time.perf_counter_ns()
{statements}
spent = time.perf_counter_ns() - begin
import json
loaded = [name for name in {heavy!r} if name in sys.modules]
print(json.dumps([spent, kib() - before, len(sys.modules) - modules, loaded]))
"""


def _measure(contender: str, _: Stack, __: float) -> Measures:
    # As pip does it; an editable installation has none where Python may not write them.
    compileall.compile_dir(Path(pragma_contracts.__file__).parent, quiet=1)
    frame = protobuf.price_frame(Tick(Feed("perp", "unknown", "paradex", "BTC"), time.time_ns(), "65432.10"))
    script = _MEASURE.format(statements=_SCRIPTS[contender].format(frame=frame), heavy=_HEAVY)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    spent, kib, modules, loaded = json.loads(done.stdout)
    if contender == _DECODE and loaded:
        raise AssertionError(f"decoding loads {', '.join(loaded)}")
    return {"ns": spent, "kib": kib, "modules": modules}


_LINE = Line(
    name="start",
    title="Import time and memory",
    what="Each in a fresh interpreter, from the first statement to the last, without the start of Python itself; "
    f"compiled files are there. Importing and decoding loads none of {', '.join(_HEAVY)}: the line fails if it "
    "does.",
    limits="Beside protobuf's own import it is protobuf building the schema files, and the regular expressions of the "
    "checks.",
    columns=(
        Column("ns", "ms", 1_000_000),
        Column("kib", "MiB of memory", 1024),
        Column("modules", "modules", digits=0),
    ),
    contenders=tuple(_SCRIPTS),
    floor=_BUILDER,
    targets=(
        Target(
            "`import pragma_contracts` and a first `decode`, against importing protobuf's builder alone",
            _DECODE,
            _BUILDER,
            "at most",
            1.5,
        ),
    ),
    place=nowhere,
    measure=_measure,
)
LINES = {_LINE.name: _LINE}
