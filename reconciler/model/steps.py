"""Pipelines as graphs: references resolved, everything that can change a result in hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, fields

from reconciler.model.digests import digest_of
from reconciler.model.manifests import Scalar
from reconciler.model.pipelines import JobOutput, OnNewRevision, Promotion
from reconciler.model.releases import Resolution
from reconciler.model.resources import Processes, Resources
from reconciler.model.snapshot import Entry
from reconciler.model.sweeps import EarlyTermination, SamplingAlgorithm, SamplingRule, Sweep

FINGERPRINT_FORMAT = 1


@dataclass(frozen=True, slots=True)
class CodeFolder:
    """A Git tree: `files` maps relative paths to blob ids, to say which of them changed.

    Attributes:
        entries: all that is in it, where it is no tree of Git: put together, or without what is ignored.
        paths: of the files and folders of the repository that it is made of.
    """

    path: str
    tree: str
    files: Mapping[str, str] = field(compare=False, default_factory=dict)
    entries: Mapping[str, Entry] | None = field(compare=False, default=None)
    paths: tuple[str, ...] = field(compare=False, default=())


@dataclass(frozen=True, slots=True)
class EnvironmentSpec:
    """An environment of one revision.

    Attributes:
        digest: of the recipe and of what the images that it builds on are pinned to.
        conda_blob: id of the conda file's blob; `conda` is the inline one as canonical JSON.
        context_tree: id of the build context's tree; `dockerfile_blob` is the Dockerfile in it.
        recipe: digest of what the repository says: the name of an image, the conda file, the build context.
        bases: images that it builds on with what they are pinned to, "" for one that nothing is known of; none for
            engines without images.
    """

    name: str
    version: str | None
    digest: str
    file: str
    image: str | None = None
    conda: str | None = None
    conda_blob: str | None = None
    context_tree: str | None = None
    dockerfile: str | None = None
    dockerfile_blob: str | None = None
    recipe: str = ""
    bases: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class DataSource:
    """Data of the repository (`oid`), of this machine (`local`) or at a URL, known by the digest of its content.

    Attributes:
        file: the manifest that names it.
        is_kept: it is an output that a step registered, kept in the store under its digest.
    """

    label: str
    type: str
    digest: str
    path: str
    oid: str | None = None
    is_folder: bool = False
    local: str | None = None
    file: str = ""
    url: str | None = None
    is_kept: bool = False


@dataclass(frozen=True, slots=True)
class StepSource:
    """An output of an earlier step."""

    step: str
    output: str


InputSource = DataSource | StepSource


@dataclass(frozen=True, slots=True)
class Definition:
    """All of a step that can change its result, save the content of its inputs.

    Names and versions are kept to explain a difference; the digest leaves them out.
    """

    component: str
    version: str | None
    command: str
    code: CodeFolder | None
    environment: str
    environment_digest: str
    ports: tuple[tuple[str, str], ...]  # data inputs: name, type
    literals: tuple[tuple[str, Scalar], ...]
    outputs: tuple[tuple[str, str], ...]  # name, type
    variables: tuple[tuple[str, str], ...] = ()
    sweep: Sweep | None = None
    distribution: Processes | None = None
    digest: str = ""


def define(definition: Definition) -> str:
    """The digest of a definition: equal for steps that give equal results from equal inputs.

    What was added to the language later counts only where it is used, so that earlier results stay known.
    """
    processes = definition.distribution
    added = {} if processes is None else {"distribution": astuple(processes)}
    return digest_of(
        {
            "format": FINGERPRINT_FORMAT,
            "command": definition.command,
            "code": definition.code.tree if definition.code else None,
            "environment": definition.environment_digest,
            "ports": definition.ports,
            "literals": [[name, type(value).__name__, value] for name, value in definition.literals],
            "outputs": definition.outputs,
            "variables": definition.variables,
            "sweep": sweep_identity(definition.sweep) if definition.sweep else None,
            **added,
        }
    )


def sweep_identity(sweep: Sweep) -> object:
    """What of a sweep decides which trials run and which is best; how long they may take does not.

    How many run at once counts for bayesian sampling alone: it says how many results each draw knows.
    """
    identity = [
        [[name, d.type, list(d.values), list(d.arguments)] for name, d in sweep.search_space],
        sweep.algorithm,
        sweep.seed,
        sweep.metric,
        sweep.maximize,
        sweep.max_total_trials,
    ]
    added = _added_to_sweeps(sweep)
    return [*identity, added] if added else identity


def _added_to_sweeps(sweep: Sweep) -> dict[str, object]:
    """What came to sweeps later, as far as it is used: other sweeps stay what they were."""
    added: dict[str, object] = {}
    if sweep.algorithm is SamplingAlgorithm.BAYESIAN:
        added["at_once"] = min(sweep.max_concurrent_trials, sweep.max_total_trials)
    if sweep.rule is not SamplingRule.RANDOM:
        added["rule"] = sweep.rule
    if sweep.logbase is not None:
        added["logbase"] = sweep.logbase
    policy = sweep.early_termination
    if policy is not None:
        unused = EarlyTermination(policy.policy)
        added["early_termination"] = {"policy": policy.policy} | {
            field.name: value
            for field in fields(policy)
            if (value := getattr(policy, field.name)) != getattr(unused, field.name)
        }
    return added


def fingerprint_of(definition_digest: str, inputs: Mapping[str, str]) -> str:
    """The key of the step cache: the definition and the content digests of the inputs, by name."""
    return digest_of([definition_digest, sorted(inputs.items())])


@dataclass(frozen=True, slots=True)
class Step:
    """One node of a pipeline's graph.

    Attributes:
        sources: where each data input comes from.
        after: the steps that must end first, by data or by `depends_on`.
        closure: digest of the definition and of all that comes before, data included.
        resources: what it asks of the machine.
        outputs: what becomes of its outputs besides being kept.
        retries: how many times it is begun anew after it failed.
        file: the manifest of its component.
    """

    name: str
    definition: Definition
    environment: EnvironmentSpec
    sources: tuple[tuple[str, InputSource], ...]
    after: tuple[str, ...]
    is_deterministic: bool
    closure: str
    timeout_seconds: float | None = None
    resources: Resources = field(default_factory=Resources)
    outputs: tuple[JobOutput, ...] = ()
    retries: int = 0
    file: str = ""

    @property
    def kind(self) -> str:
        return "sweep" if self.definition.sweep else "command"


@dataclass(frozen=True, slots=True)
class Graph:
    """A pipeline with its steps in an order in which each comes after those it needs.

    Attributes:
        closure: digest of everything that can change what the pipeline gives.
        nested: the nodes that are pipelines themselves; their steps are named `node.step`.
        unsupported: why the pipeline cannot run as a whole, by job; its steps are the others.
        waiting: for what jobs wait that another pipeline has to make first; its steps are the others.
        lock: what the references were resolved to, each once.
        promotion: when a model that it registers becomes the champion, None where its steps decide.
        is_suspended: whether Git says that no run is to start; part of no closure.
    """

    pipeline: str
    version: str | None
    file: str
    experiment: str
    steps: tuple[Step, ...]
    closure: str
    continue_on_step_failure: bool = False
    force_rerun: bool = False
    on_new_revision: OnNewRevision = OnNewRevision.FINISH
    nested: tuple[str, ...] = ()
    unsupported: tuple[tuple[str, str], ...] = ()
    waiting: tuple[tuple[str, str], ...] = ()
    lock: tuple[Resolution, ...] = ()
    promotion: Promotion | None = None
    is_suspended: bool = False

    @property
    def hindrances(self) -> tuple[str, ...]:
        """Why it does not run as a whole, one line for each job in the way."""
        return tuple(f"job {name}: {why}" for name, why in (*self.unsupported, *self.waiting))

    def may_reuse(self, step: Step) -> bool:
        """Whether an earlier result of the step, or of one of its trials, may stand for another execution."""
        return step.is_deterministic and not self.force_rerun
