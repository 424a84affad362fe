"""The images that names stand for, as far as quick verbs know them."""

from __future__ import annotations

from reconciler.cli.engine_choice import DOCKER
from reconciler.environments.base_images import BaseImages
from reconciler.model.configuration import Configuration
from reconciler.state.store import State


def pinned_images(state: State, configuration: Configuration) -> BaseImages | None:
    """The images as the engine of this state has pinned them; nothing is asked of any engine or registry."""
    if state.settings.engine != DOCKER:
        return None
    return BaseImages(state.image_pins, None, configuration.docker.build)
