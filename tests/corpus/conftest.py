"""The corpus, laid out once for all of its tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .repositories import Repositories, laid_out


@pytest.fixture(scope="session")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repositories]:
    with laid_out(tmp_path_factory.mktemp("corpus")) as repositories:
        yield repositories
