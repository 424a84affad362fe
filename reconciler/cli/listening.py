"""Where the daemon listens: what the command line says, else what the configuration does."""

from __future__ import annotations

from dataclasses import replace

from reconciler.configuration.http import LISTEN_HINT
from reconciler.model.configuration import Configuration
from reconciler.model.errors import UsageError
from reconciler.model.http import HttpSettings, Listen


def http_settings(configuration: Configuration, said: str | None) -> HttpSettings:
    """How the daemon is spoken to.

    Args:
        said: the address on the command line.

    Raises:
        UsageError: it is none, or others could look who have no token.
    """
    settings = configuration.http
    if said is not None:
        try:
            settings = replace(settings, listen=Listen.parse(said))
        except ValueError as error:
            raise UsageError(str(error), place="--listen", hint=LISTEN_HINT) from error
    listen = settings.listen
    if listen is not None and not listen.is_private and not settings.tokens:
        hint = (
            "configure one, `http: {tokens: [{name: ME, role: viewer, secret: {file: PATH}}]}`; or listen at 127.0.0.1"
        )
        place = f"{listen}" if said is not None else f"{configuration.file}: http.listen"
        raise UsageError("other machines could reach this without a token", place=place, hint=hint)
    if listen is None and settings.hooks:
        hint = "say where with `http: {listen: 127.0.0.1:8420}` or --listen"
        raise UsageError("webhooks are configured, but nothing listens for them", place=configuration.file, hint=hint)
    return settings
