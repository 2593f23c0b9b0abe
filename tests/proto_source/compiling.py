"""Compiles .proto sources in this process, which takes milliseconds."""

from pathlib import Path

import grpc_tools
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_tools import protoc

from pragma_contracts.descriptors import parse_set

_WELL_KNOWN = Path(grpc_tools.__path__[0]) / "_proto"


def compiled(folder: Path, sources: dict[str, str]) -> dict[str, FileDescriptorProto]:
    """The descriptors of sources by name, and of what they import; they are written into the folder."""
    for name, text in sources.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    out = folder / "descriptors"
    arguments = ["protoc", f"-I{folder}", f"-I{_WELL_KNOWN}", "--include_imports", f"--descriptor_set_out={out}"]
    assert protoc.main([*arguments, *sources]) == 0, "\n".join(f"--- {name}\n{text}" for name, text in sources.items())
    return {file.name: file for file in parse_set(out.read_bytes()).file}
