"""Outputs that a pipeline registers: versions in the state, by which others refer to them; models in MLflow too."""

from __future__ import annotations

from reconciler.execution.record import RunRecord
from reconciler.execution.site import Site
from reconciler.model.manifests import MODEL_TYPES
from reconciler.model.pipelines import JobOutput
from reconciler.model.runs import RegisteredData, Result
from reconciler.model.steps import Step
from reconciler.tracking.base import ModelRequest


class Registration:
    """Registers what a step of one run gave, executed or reused; content that is registered already stays so."""

    def __init__(self, site: Site, run_id: str, record: RunRecord) -> None:
        self._site = site
        self._run_id = run_id
        self._record = record

    def register(self, step: Step, result: Result) -> list[str]:
        """Register the outputs that are to be, and return what has to be said about it."""
        said = []
        declared = dict(step.definition.outputs)
        for output in step.outputs:
            if not output.asset_name or output.name not in result.outputs:
                continue
            kind = output.type or declared[output.name]
            said.extend(self._register_version(step, output, kind, result))
            if kind in MODEL_TYPES:
                self._register_model(step, output, result)
        return said

    def _register_version(self, step: Step, output: JobOutput, kind: str, result: Result) -> list[str]:
        wanted = RegisteredData(
            output.asset_name,
            output.asset_version or "",
            kind,
            result.outputs[output.name],
            self._run_id,
            step.name,
            output.name,
        )
        try:
            kept = self._site.state.assets.register(wanted, self._site.clock())
        except ValueError:
            return [f"{output.name} is not registered: {output.asset_version!r} is no version, write 1.0.0"]
        if kept.digest == wanted.digest:
            return []
        what = "model" if kind in MODEL_TYPES else "data asset"
        there = f"{what} {kept.name} {kept.version} holds other content since {kept.run_id}"
        return [f"{output.name} is not registered: {there}; raise `version:` or leave it out"]

    def _register_model(self, step: Step, output: JobOutput, result: Result) -> None:
        if not result.mlflow_run_id:
            return  # without MLflow there is no registry
        digest = result.outputs[output.name]
        tags = {
            "reconciler.fingerprint": result.fingerprint,
            "reconciler.run": result.run_id,
            "reconciler.step": step.name,
            **({"reconciler.version": output.asset_version} if output.asset_version else {}),
        }
        path = self._site.state.outputs.path(digest)
        place = f"registered/{output.name}"  # apart from what the step itself left in `outputs`
        self._record.register_model(ModelRequest(output.asset_name, result.mlflow_run_id, path, digest, place, tags))
