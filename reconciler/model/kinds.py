"""All manifests, and the kind of each."""

from __future__ import annotations

from reconciler.model.manifests import Component, Compute, DataAsset, Environment, Kind, Model
from reconciler.model.pipelines import Pipeline, PipelineComponent
from reconciler.model.schedules import Schedule

AnyManifest = Environment | Component | PipelineComponent | DataAsset | Model | Compute | Pipeline | Schedule

_KIND_OF: dict[type, Kind] = {
    Environment: Kind.ENVIRONMENT,
    Component: Kind.COMPONENT,
    PipelineComponent: Kind.COMPONENT,
    DataAsset: Kind.DATA,
    Model: Kind.MODEL,
    Compute: Kind.COMPUTE,
    Pipeline: Kind.PIPELINE,
    Schedule: Kind.SCHEDULE,
}


def kind_of(manifest: AnyManifest) -> Kind:
    return _KIND_OF[type(manifest)]
