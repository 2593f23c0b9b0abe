"""A registry asked over HTTP, with the short schemas that tests of its answers send."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx

OPTIONS = """syntax = "proto3";
package t;

import "google/protobuf/descriptor.proto";

message About {
  string topic = 1;
  int32 level = 2;
  repeated string key = 3;
}

extend google.protobuf.MessageOptions {
  About about = 50001;
}
"""

# A comment, an option of several values without commas, a map, and a name that is not the whole one.
ORDER = """syntax = "proto3";

package t;

import "t/options.proto";

// An order.
message Order {
  option (t.about) = {
    topic: "orders"
    level: 3
    key: ["a", "b"]
  };

  string price = 1 [deprecated = true];
  Side side = 2;
  map<string, string> labels = 3;

  // A side.
  message Side {
    bool is_bid = 1;
  }
}
"""


class Asker:
    """Sends requests to one registry."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Status and body of an answer; a body that is no JSON as text."""
        # Loading certificates, which loopback does not need, takes longer than all the rest.
        answer = httpx.request(method, self.url + path, json=body, verify=False)
        try:
            return answer.status_code, answer.json()
        except ValueError:
            return answer.status_code, answer.text

    def get(self, path: str) -> tuple[int, Any]:
        """Asks with GET."""
        return self.ask("GET", path)

    def register(self, subject: str, schema: str, references: Sequence[str] = (), query: str = "") -> tuple[int, Any]:
        """Registers a schema that refers to the first versions of subjects by their names."""
        return self.ask("POST", f"{path(subject)}/versions{query}", body(schema, references))

    def look_up(self, subject: str, schema: str, references: Sequence[str] = (), query: str = "") -> tuple[int, Any]:
        """Looks a schema up."""
        return self.ask("POST", path(subject) + query, body(schema, references))

    def judge(self, subject: str, schema: str, references: Sequence[str] = (), which: str = "") -> tuple[int, Any]:
        """Asks for a verdict, in words."""
        return self.ask("POST", f"/compatibility{path(subject)}/versions{which}?verbose=true", body(schema, references))

    def stored(self, subject: str, version: str = "latest") -> str:
        """The text of a version."""
        return str(self.get(f"{path(subject)}/versions/{version}")[1]["schema"])


def path(subject: str) -> str:
    """A subject's path."""
    return f"/subjects/{quote(subject, safe='')}"


def body(schema: str, references: Sequence[str] = ()) -> Mapping[str, Any]:
    """What a registry is sent of a schema."""
    named = [{"name": name, "subject": name, "version": 1} for name in references]
    return {"schema": schema, "schemaType": "PROTOBUF"} | ({"references": named} if named else {})


def message(*fields: str, name: str = "M") -> str:
    """A source with one message."""
    return f'syntax = "proto3";\n\nmessage {name} {{\n' + "".join(f"  {field};\n" for field in fields) + "}\n"
