"""Where a registry is and who asks it."""

from dataclasses import dataclass, field

from pragma_contracts.errors import ConfigurationError
from pragma_contracts.registry.urls import normalised_url


@dataclass(frozen=True, slots=True)
class RegistrySettings:
    """Where a registry is and who asks. Secrets are not part of its repr.

    url: root of the Confluent API, http or https, without credentials. user and password: basic auth. token: bearer
    token. ca_file: PEM file with the authorities to trust. cert_file, key_file: PEM files of a client certificate.

    Raises:
        ConfigurationError: the URL cannot be used, or the credentials are not whole.
    """

    url: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        normalised_url(self.url)
        if (self.user is None) != (self.password is None):
            raise ConfigurationError("registry", "basic auth needs both a user and a password")
        if self.user is not None and self.token is not None:
            raise ConfigurationError("registry", "give either a user and a password, or a token")
        # The HTTP client's own error would show the token.
        if self.token is not None and not (self.token.isascii() and self.token.isprintable()):
            problem = "the token has characters that an HTTP header cannot carry, such as a line end"
            raise ConfigurationError("registry", problem)
        if self.key_file is not None and self.cert_file is None:
            raise ConfigurationError("registry", "a key file needs its certificate file too")
