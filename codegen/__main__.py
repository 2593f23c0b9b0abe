"""The command `python -m codegen [--check]`."""

import argparse
import sys

from codegen import python, rust
from codegen.output import ROOT, Output
from pragma_contracts.errors import ContractError
from pragma_contracts.governance.compiler import compile_folder
from pragma_contracts.governance.export.descriptor_set import descriptor_set


def main() -> int:
    """Generates everything, or with --check prints what differs; 0 when up to date, 1 when stale, 2 on an error."""
    parser = argparse.ArgumentParser(prog="python -m codegen", description="Generate code from the .proto files.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail with a diff when anything is stale")
    check = parser.parse_args().check
    try:
        schemas = compile_folder(ROOT / "schemas")
        output = Output(ROOT)
        output.folder("pragma_contracts/messages", python.render(schemas))
        output.folder("rust/pragma-contracts/src/generated", rust.render(schemas))
        contracts = [message for _, message, _ in schemas.contracts()]
        output.file("pragma_contracts/messages/contracts.binpb", descriptor_set(schemas, contracts))
        # What the Rust of any schema looks like is compared with prost-build's, so it has to be there to be compiled.
        odd = compile_folder(ROOT / "schemas", ROOT / "tests/schemas")
        output.folder("rust/conformance/src/generated", rust.render_messages(odd))
    except ContractError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return output.finish(check=check)


if __name__ == "__main__":
    sys.exit(main())
