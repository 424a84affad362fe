"""Random histories of a repository, with tags, in which everything refers to something else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hypothesis import strategies as st

from tests.manifests.documents import SCHEMAS, component, data, environment, pipeline, sweep

from .history import Content, Files, as_text

LOCAL = "/data/local.csv"
_OUT = "${{parent.jobs.split.outputs.train}}"
_SPLIT_INPUTS = {"data": {"type": "uri_file"}, "seed": {"type": "integer", "default": 1}}
_SPLIT: dict[str, object] = {
    "code": "src",
    "command": "python run.py ${{inputs.data}} ${{outputs.train}}",
    "inputs": _SPLIT_INPUTS,
    "outputs": {"train": {"type": "uri_folder"}},
}
_TRAIN: dict[str, object] = {
    "name": "train",
    "command": "python train.py ${{inputs.train}} $[[--rate ${{inputs.rate}}]]",
    "inputs": {"train": {"type": "uri_folder"}, "rate": {"type": "number", "optional": True}},
    "outputs": {"model": {"type": "uri_folder"}},
    "environment": "azureml:trainer@latest",
}
_SPARK = "$schema: https://azuremlschemas.azureedge.net/latest/sparkComponent.schema.json\nname: count\n"
_CONDA = {"dependencies": ["pip", {"pip": ["iniconfig"]}]}


def _chain(split: object, data_in: object, train: object = "azureml:train@latest", **of_train: object) -> Content:
    jobs = {
        "split": {"component": split, "inputs": {"data": data_in}},
        "train": {"component": train, "inputs": {"train": _OUT}, **of_train},
    }
    return pipeline(jobs, version="1.0.0")


def _learn(split: Mapping[str, object], more: Mapping[str, object] | None = None, **changes: object) -> Content:
    """A pipeline component."""
    bound = {"data": "${{parent.inputs.table}}", "seed": "${{parent.inputs.seed}}"}
    return component(
        **{
            "$schema": f"{SCHEMAS}/pipelineComponent.schema.json",
            "name": "learn",
            "command": ...,
            "environment": ...,
            "inputs": {"table": {"type": "uri_file"}, "seed": {"type": "integer", "default": 1}},
            "outputs": {"part": {"type": "uri_folder"}},
            "jobs": {
                "split": {"inputs": bound, "outputs": {"train": "${{parent.outputs.part}}"}, **split},
                **(more or {}),
            },
            **changes,
        }
    )


def _nesting(learn: object, **jobs: object) -> Content:
    node = {"type": "pipeline", "component": learn, "inputs": {"table": "${{parent.inputs.raw}}"}}
    train = {
        "component": "azureml:train@latest",
        "inputs": {"train": "${{parent.jobs.learn.outputs.part}}"},
        "depends_on": ["learn"],
    }
    inputs = {"raw": {"type": "uri_file", "path": "azureml:loans@latest"}}
    return pipeline({"learn": node, "train": train, **jobs}, name="nesting", inputs=inputs)


# Each path with what it may hold; None stands for a file that is not there.
_CHOICES: Mapping[str, tuple[Content | None, ...]] = {
    "components/split/component.yaml": (
        component(**_SPLIT),
        component(**_SPLIT, version="1.0.1"),
        component(**_SPLIT, version="1.1.0", description="the same"),
        component(**{**_SPLIT, "outputs": {"train": {"type": "uri_file"}}}, version="2.0.0"),
        component(**{**_SPLIT, "outputs": {"rest": {"type": "uri_folder"}}, "command": "run"}),
        component(**{**_SPLIT, "inputs": {**_SPLIT_INPUTS, "ratio": {"type": "number"}}}),
        component(**_SPLIT, name="divide"),
        "command: [broken",
        None,
    ),
    "components/split2.yaml": (
        component(**{**_SPLIT, "code": "split/src"}, version="1.2.0"),
        component(**{**_SPLIT, "code": "../shared"}, version="1.0.0"),
        component(**{**_SPLIT, "code": ".."}, version="1.0.3"),
        component(**_SPLIT, name="other"),
        environment(name="sklearn", version="1.5.0"),
        None,
    ),
    "components/split/src/run.py": ("print(1)", "print(2)", None),
    "shared/run.py": ("print(1)", None),
    "components/train.yaml": (
        component(**_TRAIN),
        component(**_TRAIN, version="1.1.0", is_deterministic=False),
        component(**{**_TRAIN, "environment": {"image": "python:3", "conda_file": _CONDA}}),
        component(**{**_TRAIN, "environment": "azureml:AzureML-sklearn-1.5@latest"}),
        component(**{**_TRAIN, "environment": "../environments/trainer.yaml"}),
        component(**{**_TRAIN, "environment": ...}),
        None,
    ),
    "environments/sklearn.yaml": (
        environment(),
        environment(version="1.1.0"),
        environment(version="2.0.0", image="python:3.12"),
        environment(image="python:3.10"),
        None,
    ),
    "environments/trainer.yaml": (
        environment(name="trainer", conda_file="conda.yaml"),
        environment(name="trainer", image=..., build={"path": "context"}),
        environment(name="trainer", version=...),
        environment(name="sklearn", version="1.3.0"),
        data(name="trainer", path="../loans.csv"),
    ),
    "environments/conda.yaml": ("dependencies: [pip]", "dependencies: [pip, python]", None),
    "environments/context/Dockerfile": ("FROM python", "FROM scratch", None),
    "environments/context/requirements.txt": ("iniconfig", None),
    "data/loans.yaml": (
        data(path="../loans.csv"),
        data(path="../loans.csv", version="1.1.0"),
        data(path=LOCAL),
        data(path="../raw", type="uri_folder", version="2.0.0"),
        None,
    ),
    "loans.csv": ("1,2", "3,4", None),
    "raw/a.csv": ("1", "2"),
    "pipelines/lending.yaml": (
        _chain("azureml:split@^1.0", {"path": "azureml:loans@latest", "type": "uri_file"}),
        _chain("../components/split/component.yaml", "../loans.csv", environment="azureml:sklearn@^1.0"),
        _chain("azureml:split@latest", {"path": "../raw", "type": "uri_folder"}, inputs={"train": _OUT, "rate": "no"}),
        _chain("azureml:split:1.2.0", LOCAL, depends_on=["split"]),
        _chain("azureml:divide@latest", {"path": "../data/loans.yaml", "type": "uri_file"}),
        _chain("azureml:split@stable", {"path": "azureml:loans@^1.1", "type": "uri_file"}, "azureml:train@^1.0"),
        _chain("azureml:split:1.1.0", {"path": "azureml:loans:1.0.0", "type": "uri_file"}, "azureml:train:1.2.0"),
        None,
    ),
    "pipelines/sweeping.yaml": (
        pipeline(
            {
                "split": {"component": "azureml:split@latest", "inputs": {"data": "${{parent.inputs.raw}}"}},
                "train": sweep(
                    trial="azureml:train@^1.0",
                    inputs={"train": _OUT},
                    search_space={"rate": {"type": "choice", "values": [0.1, 0.2]}},
                ),
            },
            name="sweeping",
            inputs={"raw": {"type": "uri_file", "path": "../loans.csv"}},
        ),
        pipeline({"split": {"component": "azureml:split@1.x", "inputs": {"data": _OUT}}}, name="sweeping"),
        pipeline(
            {
                "a": {"command": "true", "environment": {"image": "python:3"}, "depends_on": ["b"]},
                "b": {"command": "true", "environment": {"image": "python:3"}},
                "c": {"type": "command", "command": "true", "code": "../shared", "environment": "azureml:sklearn"},
            },
            name="lending",
        ),
        None,
    ),
    "components/learn.yaml": (
        _learn({"component": "azureml:split@latest"}),
        _learn({"component": "./split/component.yaml"}, version="1.1.0"),
        _learn({"component": "azureml:split@^1.0"}, {"more": {"component": "./count.yaml", "depends_on": "split"}}),
        _learn({"component": "azureml:split@latest"}, {"more": {"type": "spark"}}),
        _learn({"component": "azureml:split@latest"}, name="other"),
        _learn({"component": "azureml:learn@latest"}),
        _learn({"type": "spark"}),
        None,
    ),
    "components/count.yaml": (
        _SPARK,
        component(name="count", command="count"),
        component(name="count", command="count", environment="azureml:trainer@latest"),
        _learn({"component": "azureml:split@latest"}, name="count"),
        None,
    ),
    "pipelines/nesting.yaml": (
        _nesting("azureml:learn@latest"),
        _nesting("../components/learn.yaml", count={"component": "../components/count.yaml"}),
        _nesting("./lending.yaml"),
        pipeline(
            ...,
            name="nesting",
            component="azureml:learn@latest",
            inputs={"table": {"type": "uri_file", "path": "../loans.csv"}, "seed": 3},
            outputs={"part": {"type": "uri_folder"}},
        ),
        None,
    ),
    "reconciler.yaml": (
        "environments: {'AzureML-*': sklearn}",
        "environments: {'AzureML-*': trainer}\nversions: warn",
        "environments: {'AzureML-*': sklearn}\nregistry: tags-only",
        "tags: '{name}@v{version}'\nlabels: {component/split: {stable: ^1.0}}",
        None,
    ),
    LOCAL: ("sha256:1", "sha256:2", None),
}

_RELEASED: Files = {
    "components/split/component.yaml": component(**_SPLIT, version="1.1.0"),
    "components/split/src/run.py": "print(3)",
    "components/train.yaml": component(**_TRAIN, version="1.2.0"),
    "components/learn.yaml": _learn({"component": "./split/component.yaml"}, version="1.2.0"),
    "environments/trainer.yaml": environment(name="trainer", version="1.0.1", conda_file="conda.yaml"),
    "environments/conda.yaml": "dependencies: [pip, r]",
    "data/loans.yaml": data(path="../loans.csv", version="1.1.0"),
    "loans.csv": "5,6",
}
_AS_AT_FIRST: Files = {
    "components/split/component.yaml": component(**_SPLIT),
    "components/split/src/run.py": "print(1)",
    "data/loans.yaml": data(path="../loans.csv"),
    "loans.csv": "1,2",
    "environments/sklearn.yaml": environment(),
}
_ELSEWHERE: Files = {
    "old/split.yaml": component(**{**_SPLIT, "code": "../shared", "environment": "../old/trainer.yaml"}, version=...),
    "old/train.yaml": component(**{**_TRAIN, "environment": "./trainer.yaml"}, version="1.2.0"),
    "old/trainer.yaml": environment(name="trainer", image=..., build={"path": "../context"}),
    "old/loans.yaml": data(type="uri_folder", path="../raw", version="1.1.0"),
    "old/learn.yaml": _learn({"component": "azureml:split@^1.0"}, {"more": {"component": "train.yaml"}}, version=...),
    "context/Dockerfile": "FROM old",
    "raw/a.csv": "7",
    "shared/run.py": "print(4)",
}
_BROKEN: Files = {
    "components/split/component.yaml": component(**{**_SPLIT, "code": "nowhere"}, version="1.1.0"),
    "components/train.yaml": component(**_TRAIN, version="9.0.0"),
    "data/loans.yaml": data(path="../../loans.csv", version="1.1.0"),
    "loans.csv": "",
}

# Each tag with what it may lead to; None stands for a tag that is not there.
_TAGGED: Mapping[str, tuple[Files | None, ...]] = {
    "component/split/v1.0.0": (None, _AS_AT_FIRST, _RELEASED),
    "component/split/v1.1.0": (None, _RELEASED, _ELSEWHERE, _BROKEN),
    "component/split/v1.3.0-rc.1": (None, _ELSEWHERE),
    "component/train/v1.2.0": (None, _RELEASED, _ELSEWHERE, _BROKEN),
    "component/learn/v1.2.0": (None, _RELEASED, _ELSEWHERE),
    "environment/sklearn/v1.0.0": (None, _AS_AT_FIRST),
    "environment/trainer/v1.0.1": (None, _RELEASED),
    "data/loans/v1.0.0": (None, _AS_AT_FIRST),
    "data/loans/v1.1.0": (None, _RELEASED, _ELSEWHERE, _BROKEN),
    "split@v1.1.0": (None, _RELEASED, _ELSEWHERE),
    "v1": (None, _RELEASED),
}

CHOICES = {path: [None if each is None else as_text(each) for each in choices] for path, choices in _CHOICES.items()}
Choice = Mapping[str, int]
_COUNTS = {path: len(choices) for path, choices in (*_CHOICES.items(), *_TAGGED.items())}
TAGS = tuple(_TAGGED)


def _edits(paths: Iterable[str]) -> st.SearchStrategy[tuple[str, int]]:
    return st.sampled_from([(path, number) for path in paths for number in range(_COUNTS[path])])


_EDITS = _edits(_COUNTS) | _edits(TAGS) | _edits(["pipelines/lending.yaml", "components/train.yaml", "reconciler.yaml"])
HISTORIES = st.tuples(
    st.lists(_EDITS, max_size=4).map(dict), st.lists(st.lists(_EDITS, max_size=2).map(dict), min_size=1, max_size=5)
)


def revisions_of(history: tuple[Choice, list[Choice]]) -> list[Choice]:
    """What each path and tag holds at each revision; the first choice of each where no edit says otherwise."""
    first, edits = history
    chosen: list[Choice] = [{**dict.fromkeys(_COUNTS, 0), **first}]
    for edit in edits:
        chosen.append({**chosen[-1], **edit})
    return chosen


def files_of(choice: Choice) -> dict[str, str]:
    contents = {path: choices[choice[path]] for path, choices in CHOICES.items() if path != LOCAL}
    return {path: content for path, content in contents.items() if content is not None}


def local_data_of(choice: Choice) -> dict[str, str]:
    digest = CHOICES[LOCAL][choice[LOCAL]]
    return {LOCAL: digest} if digest is not None else {}


def tags_of(choice: Choice) -> dict[str, Files]:
    held = {tag: choices[choice[tag]] for tag, choices in _TAGGED.items()}
    return {tag: files for tag, files in held.items() if files is not None}
