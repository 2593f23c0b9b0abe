"""Who a Kafka client is and whom it trusts: security options from config or environment, and secrets that stay so."""

import re
from collections.abc import Mapping
from typing import Any

from pragma_contracts.errors import ConfigurationError, shown
from pragma_contracts.stream.options import Option

ENVIRONMENT = "PRAGMA_CONTRACTS_KAFKA_"

_PROTOCOL = "security.protocol"
FAMILIES = ("security.", "ssl.", "sasl.", "https.", "enable.ssl.", "enable.sasl.")
_SECRET = re.compile(r"password|passphrase|secret|\.pem$|oauthbearer\.config$")
_HIDDEN = "***"
# librdkafka cuts its texts; fewer characters of a secret than this are no secret any more.
_TELLING = 4

OPTIONS = (
    Option(_PROTOCOL, "plaintext, ssl, sasl_plaintext or sasl_ssl", "plaintext", "sasl_plaintext shows the password"),
    Option("ssl.ca.location", "file or folder with the authorities to trust, PEM", "", "empty: those of the system"),
    Option("ssl.ca.pem", "the authorities to trust, as PEM text", "", "where there are no files"),
    Option("ssl.certificate.location", "file with the client's certificate, PEM", "", "mTLS"),
    Option("ssl.certificate.pem", "the client's certificate, as PEM text", "", "mTLS"),
    Option("ssl.key.location", "file with the client's private key, PEM", "", "mTLS"),
    Option("ssl.key.pem", "the client's private key, as PEM text", "", "mTLS"),
    Option("ssl.key.password", "what the private key is encrypted with", "", "mTLS"),
    Option("ssl.keystore.location", "file with certificate and key, PKCS#12", "", "mTLS"),
    Option("ssl.keystore.password", "what the keystore is encrypted with", "", "mTLS"),
    Option(
        "ssl.endpoint.identification.algorithm",
        "https checks that the certificate names the host, none does not",
        "https",
        "leave it: without it any certificate of the authority passes for the broker's",
    ),
    Option("enable.ssl.certificate.verification", "whether the broker's certificate is checked", "true", "leave it"),
    Option("sasl.mechanisms", "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER", "GSSAPI", "has to be given for SASL"),
    Option("sasl.username", "user for PLAIN and SCRAM", "", ""),
    Option("sasl.password", "password for PLAIN and SCRAM", "", ""),
    Option(
        "sasl.oauthbearer.method", "oidc: fetch tokens, default: make them from sasl.oauthbearer.config", "default", ""
    ),
    Option("sasl.oauthbearer.config", "what unsecured tokens are made from", "", "development only"),
    Option("sasl.oauthbearer.token.endpoint.url", "where tokens come from", "", "OIDC"),
    Option("sasl.oauthbearer.client.id", "who asks for tokens", "", "OIDC"),
    Option("sasl.oauthbearer.client.secret", "the secret of who asks", "", "OIDC"),
    Option("sasl.oauthbearer.assertion.private.key.pem", "the key that assertions are signed with", "", "OIDC by JWT"),
    Option("sasl.oauthbearer.assertion.private.key.passphrase", "what that key is encrypted with", "", "OIDC by JWT"),
)


def is_secret(name: str) -> bool:
    """Whether the value of an option is never shown."""
    return _SECRET.search(name) is not None


def variable(name: str) -> str:
    """The environment variable of an option; exact, because no name that may be set has an underscore."""
    return ENVIRONMENT + name.upper().replace(".", "_")


def from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The security options that stand in environment variables, by librdkafka's names.

    Raises ConfigurationError for an empty one, and for one that is no security option.
    """
    found = {}
    for given, value in sorted(environment.items()):
        if not given.startswith(ENVIRONMENT):
            continue
        name = given.removeprefix(ENVIRONMENT).lower().replace("_", ".")
        if not name.startswith(FAMILIES):
            problem = f"{name} is no security option, and only those are read from the environment; put it into config"
            raise ConfigurationError(given, problem)
        if not value:
            raise ConfigurationError(given, "is empty; give it a value, or unset it")
        found[name] = value
    return found


def check(settings: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    """Raises ConfigurationError for security options that security.protocol leaves unused.

    own: what the user gave in config. A protocol given there is meant, whatever else stands in the environment.
    """
    protocol = str(settings.get(_PROTOCOL, "plaintext")).lower()
    for name in own if _PROTOCOL in own else settings:
        family = "ssl" if name.startswith(("ssl.", "enable.ssl.")) else "sasl"
        if name.startswith(("ssl.", "enable.ssl.", "sasl.")) and family not in protocol:
            problem = f"is given, but {_PROTOCOL} {shown(protocol)} does not use it; set it to sasl_ssl, or to ssl"
            raise ConfigurationError(f"config[{name!r}]" if name in own else variable(name), problem)


def redacted(text: str, settings: Mapping[str, Any]) -> str:
    """A text of librdkafka without the secrets among the settings, also where it cut one off."""
    secrets = {str(value).strip() for name, value in settings.items() if is_secret(name)} - {""}
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
        for length in range(min(len(secret), len(text)), _TELLING - 1, -1):
            if text.endswith(secret[:length]):
                text = text[:-length] + _HIDDEN
                break
    return text


class Settings(dict[str, Any]):
    """Settings of a client whose repr shows no secret."""

    def __repr__(self) -> str:
        return repr({name: _HIDDEN if is_secret(name) else value for name, value in self.items()})
