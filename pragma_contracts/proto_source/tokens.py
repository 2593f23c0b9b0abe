"""The tokens of a .proto source: equal for sources that differ in comments, layout and separators alone."""

import re

# https://protobuf.dev/reference/protobuf/proto3-spec/
_TOKEN = re.compile(
    r"""
    (?P<comment>//[^\n]*|/\*.*?\*/)
    | (?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    | (?P<word>[\w.+-]+)
    | (?P<separator>[,;])
    | (?P<sign>[^\s\w])
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens(text: str) -> list[str]:
    """Words, numbers, texts and signs of a source, in their order.

    Without separators, of which the values of options may have one kind or another, or none.
    """
    found = []
    for match in _TOKEN.finditer(text):
        if match.lastgroup == "text":
            found.append(f'"{match["text"][1:-1]}"')
        elif match.lastgroup in ("word", "sign"):
            found.append(match[0])
    return found
