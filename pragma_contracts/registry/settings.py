"""Where a registry is and who asks it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pragma_contracts.errors import ConfigurationError
from pragma_contracts.registry.subjects import context_of
from pragma_contracts.registry.urls import roots

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
# What the HTTP client says itself.
_TAKEN = {"accept", "connection", "content-length", "content-type", "host", "transfer-encoding"}


@dataclass(frozen=True, slots=True)
class RegistrySettings:
    """Where a registry is and who asks. Secrets are not part of its repr.

    url: root of Confluent's API, http or https, without credentials; of a registry that has several, all of them with
    commas between them.

    user, password: basic auth.
    token: bearer token, or what gives one: it is called for the first request, and again when the registry answers 401.
    oauth_url, oauth_client_id, oauth_client_secret, oauth_scope: bearer tokens by OAuth 2.0 client credentials, from
    the token endpoint at that URL.
    ca_file: PEM file with the authorities to trust.
    cert_file, key_file, key_password: PEM files of a client certificate, and the password of an encrypted key.
    headers: further HTTP headers for the registry; their values are secrets.
    context: the context of all subjects, where a registry has contexts.

    Raises:
        ConfigurationError: the URL cannot be used, or the credentials are not whole.
    """

    url: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | Callable[[], str] | None = field(default=None, repr=False)
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = field(default=None, repr=False)
    key_password: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    oauth_url: str | None = None
    oauth_client_id: str | None = None
    oauth_client_secret: str | None = field(default=None, repr=False)
    oauth_scope: str | None = None
    context: str | None = None

    def __post_init__(self) -> None:
        if (self.user is None) != (self.password is None):
            raise ConfigurationError("registry", "basic auth needs both a user and a password")
        if isinstance(self.token, str):
            check_token(self.token)
        self._check_oauth()
        ways = [way for way in (self.user, self.token, self.oauth_url) if way is not None]
        if len(ways) > 1:
            problem = "give either a user and a password, or a token, or the oauth settings"
            raise ConfigurationError("registry", problem)
        if self.key_file is not None and self.cert_file is None:
            raise ConfigurationError("registry", "a key file needs its certificate file too")
        if self.key_password is not None and self.cert_file is None:
            raise ConfigurationError("registry", "a key password needs the certificate and key files that it is for")
        _check_headers(self.headers, taken=_TAKEN | ({"authorization"} if ways else set()))
        self._check_context()

    @property
    def identity(self) -> str:
        """What contracts.lock calls this registry: its first URL, normalised, with the context if there is one."""
        root = roots(self.url)[0]
        return root if self.context is None or context_of(root) else f"{root}/contexts/.{self.context}"

    def _check_oauth(self) -> None:
        whole = (self.oauth_url, self.oauth_client_id, self.oauth_client_secret)
        if whole == (None, None, None) and self.oauth_scope is None:
            return
        if None in whole:
            problem = "OAuth needs all of oauth_url, oauth_client_id and oauth_client_secret"
            raise ConfigurationError("registry", problem)
        try:
            parts = urlsplit(self.oauth_url or "")
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable or "@" in parts.netloc:
            problem = "is no http or https URL of a token endpoint, without credentials"
            raise ConfigurationError("oauth_url", problem)

    def _check_context(self) -> None:
        if self.context is not None and not re.fullmatch(r"[^:/\s.][^:/\s]*", self.context):
            problem = f"{self.context!r} is no name of a context; give it without the dot and the colons"
            raise ConfigurationError("context", problem)
        named = {context_of(root) for root in roots(self.url)}
        if len(named) > 1 or (self.context is not None and not named <= {None, self.context}):
            found = ", ".join(sorted(each or "the default one" for each in named | {self.context or None}))
            raise ConfigurationError("context", f"more than one is named, in the URL or beside it: {found}")


def check_token(token: str) -> None:
    """Raises ConfigurationError for a token that cannot be sent; the HTTP client's own error would show it."""
    if not (token and token.isascii() and token.isprintable()):
        problem = "the token has characters that an HTTP header cannot carry, such as a line end"
        raise ConfigurationError("registry", problem if token else "the token is empty")


def _check_headers(headers: Mapping[str, str], taken: set[str]) -> None:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            # What is no name may be a secret.
            raise ConfigurationError("headers", "one of them has a name that HTTP does not allow; write 'Name: value'")
        if name.lower() in taken:
            raise ConfigurationError("headers", f"{name} is not for you to set: it is the client's own")
        if not (value.isascii() and value.isprintable()):
            problem = f"the value of {name} has characters that an HTTP header cannot carry, such as a line end"
            raise ConfigurationError("headers", problem)
