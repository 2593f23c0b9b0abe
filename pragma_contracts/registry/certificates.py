"""Which certificates are trusted, and which one is shown."""

import ssl

from pragma_contracts.errors import ConfigurationError
from pragma_contracts.registry.settings import RegistrySettings


def tls_of(settings: RegistrySettings) -> ssl.SSLContext:
    """The TLS side of settings. Raises ConfigurationError: a file cannot be used, or its key not be opened."""
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.cert_file is not None:
            context.load_cert_chain(settings.cert_file, settings.key_file, lambda: _password(settings))
    except (OSError, ssl.SSLError) as error:
        shown = ", ".join(file for file in (settings.ca_file, settings.cert_file) if file)
        problem = f"certificate files {shown} cannot be used: {error}"
        if settings.key_password is not None:
            problem = f"{problem}; is key_password the password of the key?"
        raise ConfigurationError("registry", problem) from error
    return context


def _password(settings: RegistrySettings) -> str:
    # Asked for encrypted keys alone; without an answer OpenSSL asks on the terminal.
    if settings.key_password is None:
        problem = "the key of the client certificate is encrypted; give its password as key_password (--key-password)"
        raise ConfigurationError("registry", problem)
    return settings.key_password
