"""Where templates are loaded and how they write what both languages write alike."""

import jinja2


def environment(language: str) -> jinja2.Environment:
    """The templates of a language, with the filter `quoted`."""
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("codegen", f"templates/{language}"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  what is written is code, not HTML
    )
    found.filters.update(quoted=_quoted)
    return found


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
