"""Servers that tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.daemon.source_settings import SourceSettings
from reconciler.model.http import Forge, Hook, HttpSettings

from .fake_forge import SECRET
from .serving import ANYWHERE, OPERATOR, VIEWER, Serving, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One whose state is empty, with a hook for each forge, at sources that are named after them."""
    hooks = {str(forge): Hook(forge, SECRET) for forge in Forge}
    settings = HttpSettings(ANYWHERE, (VIEWER, OPERATOR), hooks)
    with serving(tmp_path_factory.mktemp("served") / "state", settings) as server:
        names = ["main", *map(str, Forge)]
        server.loops.settings = {name: SourceSettings(name, "/srv/origin.git", "main") for name in names}
        yield server
