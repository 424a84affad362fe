"""The Docker SDK, imported when it is first needed, and its errors as ours."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reconciler.model.errors import EngineError, EngineGoneError

if TYPE_CHECKING:
    from docker import APIClient

_SECONDS = 60


class Connection:
    """One Docker engine; each thread has a client of its own, for sessions are not made to be shared."""

    def __init__(self, host: str) -> None:
        self.host = host
        self._threads = threading.local()
        self._version = ""

    @property
    def api(self) -> APIClient:
        """This thread's client.

        Raises:
            EngineGoneError: the engine does not answer.
        """
        client: APIClient | None = getattr(self._threads, "client", None)
        if client is None:
            client = self._threads.client = self._connect()
        return client

    def _connect(self) -> APIClient:
        from docker import APIClient
        from docker.utils import kwargs_from_env

        with explained(self.host):
            options = kwargs_from_env(environment={**os.environ, "DOCKER_HOST": self.host})
            client = APIClient(version=self._version or "auto", timeout=_SECONDS, **options)
            self._version = client.api_version
            return client

    def info(self) -> dict[str, Any]:
        """What the engine says of the machine that it runs on.

        Raises:
            EngineGoneError: it does not answer.
        """
        with explained(self.host):
            said: dict[str, Any] = self.api.info()
            return said

    def answers(self) -> bool:
        """Whether the engine is there at the moment."""
        try:
            with explained(self.host):
                self.api.ping()
        except EngineError:
            return False
        return True


def has_our_kernel(info: Mapping[str, Any]) -> bool:
    """Whether an engine's containers run on the kernel that we run on, and not in a virtual machine or elsewhere."""
    return str(info.get("KernelVersion", "")) == platform.release()


class NotThereError(EngineError):
    """The engine has no such image or container."""


@contextmanager
def explained(place: str) -> Iterator[None]:
    """What the SDK raises as an error of ours.

    Raises:
        NotThereError: there is no such thing.
        EngineGoneError: the engine does not answer.
        EngineError: it refuses.
    """
    from docker import errors
    from requests.exceptions import RequestException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except errors.NotFound as error:
        raise NotThereError(_said(error), place=place, hint="see `docker ps -a` and `docker images`") from error
    except errors.APIError as error:
        hint = "the engine's own log says more"
        raise EngineError(f"the Docker engine refuses: {_said(error)}", place=place, hint=hint) from error
    except (errors.DockerException, RequestException, HTTPError, ConnectionError, TimeoutError) as error:
        hint = "start the engine, or use `--engine process`; `reconciler doctor` says what is wrong"
        raise EngineGoneError("the Docker engine does not answer", place=place, hint=hint) from error


def _said(error: Any) -> str:
    return str(error.explanation or error).strip().rstrip(".")
