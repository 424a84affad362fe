"""The images that environments build on: each name means what it meant when it was first needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from reconciler.environments.base_images import BaseImages, names_of, with_bases
from reconciler.model.configuration import BuildSettings
from reconciler.model.desired import Desired
from reconciler.model.digests import digest_of
from reconciler.model.errors import EngineError
from reconciler.model.steps import EnvironmentSpec
from reconciler.planning.environment_specs import environment_spec
from tests.manifests.documents import component, environment, pipeline
from tests.planning.history import Content, as_text, desired_of

PYTHON, DEBIAN = "python:3.12", "debian:12"


class Pins(dict[str, str]):
    """What was pinned, in a dictionary; a name that is pinned stays as it is."""

    def all(self) -> Mapping[str, str]:
        return dict(self)

    def save(self, name: str, pinned: str) -> None:
        self.setdefault(name, pinned)


class Registry:
    """Knows what tags mean now, and counts how often it is asked."""

    def __init__(self) -> None:
        self.tags: dict[str, str] = {PYTHON: "1", DEBIAN: "2"}
        self.asked: list[str] = []

    def resolve(self, name: str) -> str:
        self.asked.append(name)
        if name not in self.tags:
            raise EngineError(f"nobody knows {name}")
        return f"{name.partition(':')[0]}@sha256:{self.tags[name]:0>64}"


class Files(dict[str, bytes]):
    """The objects of a repository by their ids."""

    def read(self, oid: str) -> bytes:
        return self[oid]


def _spec(**said: str | None) -> EnvironmentSpec:
    recipe = digest_of(said)
    return EnvironmentSpec("tiny", "1.0.0", recipe, "environment.yaml", recipe=recipe, **said)  # type: ignore[arg-type]


def _image(name: str) -> EnvironmentSpec:
    return _spec(image=name)


def _pins_of(base_images: BaseImages, *names: str) -> dict[str, str]:
    """What each image is pinned to, by its name."""
    found = base_images.of([_image(name) for name in names], Files().read)
    return {name: pinned for bases in found.values() for name, pinned in bases}


@pytest.fixture
def registry() -> Registry:
    return Registry()


class TestPinning:
    def test_a_name_is_resolved_once_and_kept(self, registry: Registry) -> None:
        pins = Pins()
        base_images = BaseImages(pins, registry, BuildSettings())
        pinned = {PYTHON: f"python@sha256:{1:064}", DEBIAN: f"debian@sha256:{2:064}"}
        assert _pins_of(base_images, PYTHON, DEBIAN) == _pins_of(base_images, PYTHON, DEBIAN) == pinned
        assert pins == pinned
        assert sorted(registry.asked) == [DEBIAN, PYTHON]

    def test_a_tag_that_was_moved_changes_nothing_of_what_is_pinned(self, registry: Registry) -> None:
        pins = Pins()
        before = _pins_of(BaseImages(pins, registry, BuildSettings()), PYTHON)
        registry.tags[PYTHON] = "3"
        assert _pins_of(BaseImages(pins, registry, BuildSettings()), PYTHON) == before

    def test_a_name_whose_pin_was_forgotten_means_what_it_means_now(self, registry: Registry) -> None:
        pins = Pins()
        base_images = BaseImages(pins, registry, BuildSettings())
        _pins_of(base_images, PYTHON)
        registry.tags[PYTHON] = "3"
        pins.clear()
        assert _pins_of(base_images, PYTHON) == {PYTHON: f"python@sha256:{3:064}"}

    def test_a_name_that_cannot_be_resolved_has_no_pin_and_keeps_no_other_from_having_one(
        self, registry: Registry
    ) -> None:
        pins = Pins()
        pinned = _pins_of(BaseImages(pins, registry, BuildSettings()), "missing", PYTHON)
        assert pinned == {"missing": "", PYTHON: f"python@sha256:{1:064}"}
        assert set(pins) == {PYTHON}

    def test_a_registry_that_did_not_know_a_name_is_not_asked_for_it_again_at_once(self, registry: Registry) -> None:
        base_images = BaseImages(Pins(), registry, BuildSettings())
        for _ in range(3):
            assert _pins_of(base_images, "missing") == {"missing": ""}
        registry.tags["missing"] = "3"
        assert _pins_of(base_images, "missing") == {"missing": ""}
        assert registry.asked == ["missing"]

    def test_it_is_asked_again_after_a_while(self, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
        base_images = BaseImages(Pins(), registry, BuildSettings())
        _pins_of(base_images, "missing")
        registry.tags["missing"] = "3"
        monkeypatch.setattr("reconciler.environments.base_images._FORGET_SECONDS", -1.0)
        assert _pins_of(base_images, "missing") == {"missing": f"missing@sha256:{3:064}"}

    def test_the_next_process_asks_for_it_again(self, registry: Registry) -> None:
        pins = Pins()
        _pins_of(BaseImages(pins, registry, BuildSettings()), "missing")
        registry.tags["missing"] = "3"
        pinned = {"missing": f"missing@sha256:{3:064}"}
        assert _pins_of(BaseImages(pins, registry, BuildSettings()), "missing") == pinned

    def test_without_a_resolver_what_is_pinned_is_known_and_nothing_else(self) -> None:
        pins = Pins({PYTHON: "python@sha256:1"})
        assert _pins_of(BaseImages(pins, None, BuildSettings()), PYTHON, DEBIAN) == {
            PYTHON: "python@sha256:1",
            DEBIAN: "",
        }
        assert set(pins) == {PYTHON}

    def test_nothing_is_pinned_for_the_sake_of_a_plan(self, registry: Registry) -> None:
        pins = Pins()
        images = BaseImages(pins, registry, BuildSettings())
        _pins_of(images, PYTHON)
        known = _pins_of(images.as_pinned(), PYTHON, DEBIAN)
        assert known[PYTHON]
        assert known[DEBIAN] == ""
        assert {*pins} == {PYTHON}

    def test_the_files_of_a_recipe_are_read_once(self, registry: Registry) -> None:
        read: list[str] = []

        def reading(oid: str) -> bytes:
            read.append(oid)
            return b"FROM python:3.12\n"

        base_images = BaseImages(Pins(), registry, BuildSettings())
        specs = [_spec(dockerfile_blob="a"), _spec(dockerfile_blob="a"), _spec(dockerfile_blob="b")]
        for _ in range(2):
            assert len(base_images.of(specs, reading)) == 2
        assert read == ["a", "b"]


class TestNames:
    files = Files(
        dockerfile=b"ARG VERSION=12\nFROM debian:$VERSION AS build\nFROM build\nCOPY --from=python:3.12 /a /a\n",
        conda=b"dependencies: [python=3.11, pip, {pip: [a]}]\n",
        packages=b"dependencies: [python=3.11, numpy]\n",
        broken=b"dependencies: [python=3.11\n",
        odd=b"dependencies: numpy\n",
        latin="# Größe\nFROM debian:12\n".encode("latin-1"),
    )

    def _names(self, **said: str) -> tuple[str, ...]:
        """With the arguments and the micromamba of an operator's configuration."""
        settings = BuildSettings(arguments={"VERSION": "13"}, micromamba="micromamba:2")
        return names_of(_spec(**said), self.files.read, settings)

    def test_an_image_by_itself_is_its_own_base(self) -> None:
        assert self._names(image="ubuntu") == ("ubuntu",)

    def test_a_dockerfile_names_its_bases_with_the_arguments_of_the_configuration(self) -> None:
        assert self._names(dockerfile_blob="dockerfile") == ("debian:13", "python:3.12")

    @pytest.mark.parametrize("said", [{"conda_blob": "conda"}, {"conda": '{"dependencies":["python=3.11"]}'}])
    def test_a_conda_file_is_installed_on_its_image_or_on_the_python_it_asks_for(self, said: dict[str, str]) -> None:
        assert self._names(**said) == ("python:3.11-slim",)
        assert self._names(**said, image="ubuntu") == ("ubuntu",)

    def test_conda_packages_need_micromamba_too(self) -> None:
        assert self._names(conda_blob="packages", image="ubuntu") == ("ubuntu", "micromamba:2")

    def test_files_that_cannot_be_read_are_for_the_build_to_tell_of(self) -> None:
        assert self._names(conda_blob="odd") == ()
        assert self._names(dockerfile_blob="latin") == ("debian:12",)
        assert isinstance(self._names(conda_blob="broken"), tuple)


def _with_bases(files: Mapping[str, Content], registry: Registry) -> Desired:
    desired = desired_of(files)
    blobs = {
        entry.oid: as_text(files[path]).encode() for path, entry in desired.snapshot.entries.items() if path in files
    }
    return with_bases(desired, BaseImages(Pins(), registry, BuildSettings()), Files(blobs))


def _names(bases: Iterable[tuple[tuple[str, str], ...]]) -> set[str]:
    return {name for several in bases for name, _ in several}


class TestWithBases:
    def test_an_engine_without_images_has_no_bases(self) -> None:
        desired = desired_of({"environment.yaml": environment()})
        assert with_bases(desired, None, Files()) is desired
        assert desired.bases == {}

    def test_environments_that_stand_inline_in_components_and_jobs_have_theirs_too(self, registry: Registry) -> None:
        job = {"type": "command", "command": "true", "environment": {"image": "in-a-job"}}
        whole = {**component(environment={"image": "in-a-component-of-a-job"})}
        jobs = {"one": job, "two": {"type": "command", "component": whole}}
        files = {
            "environment.yaml": environment(image="in-a-file"),
            "component.yaml": component(environment={"image": "in-a-component"}),
            "pipeline.yaml": pipeline(jobs),
        }
        assert _names(_with_bases(files, registry).bases.values()) == {
            "in-a-file",
            "in-a-component",
            "in-a-job",
            "in-a-component-of-a-job",
        }

    def test_environments_of_one_recipe_share_their_bases(self, registry: Registry) -> None:
        files = {"a.yaml": environment(name="a", image=PYTHON), "b.yaml": environment(name="b", image=PYTHON)}
        desired = _with_bases(files, registry)
        specs = [environment_spec(each, desired) for each in desired.environments]
        assert len(desired.bases) == 1
        assert {spec.bases for spec in specs} == {((PYTHON, f"python@sha256:{1:064}"),)}
        assert registry.asked == [PYTHON]

    def test_files_of_the_repository_are_read_for_them(self, registry: Registry) -> None:
        files: dict[str, Content] = {
            "a.yaml": environment(name="a", image=..., build={"path": "context", "dockerfile_path": "Dockerfile"}),
            "context/Dockerfile": "FROM debian:12\n",
            "b.yaml": environment(name="b", image=..., conda_file="conda.yaml"),
            "conda.yaml": "dependencies: [python=3.12]\n",
        }
        assert _names(_with_bases(files, registry).bases.values()) == {"debian:12", "python:3.12-slim"}

    def test_an_environment_whose_files_are_missing_is_a_problem_of_its_manifest_and_no_base(
        self, registry: Registry
    ) -> None:
        files = {"a.yaml": environment(conda_file="missing.yaml"), "b.yaml": environment(name="b", image=PYTHON)}
        assert _names(_with_bases(files, registry).bases.values()) == {PYTHON}

    def test_a_desired_state_says_whether_an_image_could_not_be_resolved(self, registry: Registry) -> None:
        desired = _with_bases({"a.yaml": environment(image=PYTHON)}, registry)
        assert not desired.has_unpinned_bases
        assert _with_bases({"a.yaml": environment(image="missing")}, registry).has_unpinned_bases
        assert not replace(desired, bases={}).has_unpinned_bases
