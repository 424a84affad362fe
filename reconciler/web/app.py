"""The application: all routes put together."""

from __future__ import annotations

from fastapi import FastAPI

from reconciler.web import acts, health, hooks, logs, metrics, reads, stream
from reconciler.web.bodies import BoundedBodies
from reconciler.web.place import Place
from reconciler.web.refusals import tell_problems

_DESCRIPTION = """\
What the command line tells and does, over HTTP. Bodies are those of its `-o json`; refusals are problem details
(RFC 9457) whose `hint` says how to mend it. Tokens of viewers look, those of operators act as well.
"""


def make_app(place: Place, body_seconds: float) -> FastAPI:
    """The application of one server."""
    app = FastAPI(
        title="reconciler",
        version="1",
        description=_DESCRIPTION,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # its page takes scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.place, app.state.metrics = place, metrics.Metrics(place)
    for module in (health, metrics, hooks, stream, logs, reads, acts):
        app.include_router(module.routes)
    tell_problems(app)
    app.add_middleware(BoundedBodies, deadline_seconds=body_seconds)
    return app
