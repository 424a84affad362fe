"""Semantic versions of models: signatures read, compared, and counted up from."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.plan import Bump
from reconciler.model.versions import Version, parse_version
from reconciler.planning.signatures import (
    Column,
    Signature,
    alias_of,
    compared,
    number,
    required_bump,
    semver_of,
    signature_of,
)

AGE, INCOME, NOTE = Column("age", "long"), Column("income", "double"), Column("note", "string", is_required=False)
SCORE, REASON = Column("score", "double"), Column("reason", "string")
BEFORE = Signature((AGE, INCOME), (SCORE,))
WEIGHT = {Bump.PATCH: 0, Bump.MINOR: 1, Bump.MAJOR: 2}

columns = st.lists(
    st.builds(Column, st.sampled_from("abcdef"), st.sampled_from(["long", "double", "string"]), st.booleans()),
    max_size=4,
    unique_by=lambda column: column.name,
).map(tuple)
outputs = columns.map(lambda found: tuple(replace(column, is_required=True) for column in found))
signatures = st.builds(Signature, columns, outputs)


def v(text: str) -> Version:
    return parse_version(text)


class TestReading:
    """A signature as an `MLmodel` holds it."""

    def test_columns_have_names_types_and_may_be_left_out_where_it_says_so(self) -> None:
        inputs = [
            {"type": "long", "name": "age", "required": True},
            {"type": "double", "name": "income"},
            {"type": "string", "name": "note", "required": False},
        ]
        read = signature_of({"inputs": json.dumps(inputs), "outputs": '[{"type": "double", "name": "score"}]'})
        assert read == Signature((AGE, INCOME, NOTE), (SCORE,))

    def test_what_has_no_name_goes_by_its_position_and_tensors_by_their_shape(self) -> None:
        tensor = {"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 3]}}
        read = signature_of({"inputs": json.dumps([tensor]), "outputs": json.dumps([{"type": "long"}] * 2)})
        assert read == Signature((Column("0", "float64[-1,3]"),), (Column("0", "long"), Column("1", "long")))

    def test_what_is_nested_differs_where_its_inside_does(self) -> None:
        def read(inside: str) -> Signature | None:
            listed = {"type": "array", "items": {"type": inside, "required": True}, "name": "words"}
            return signature_of({"inputs": json.dumps([listed])})

        assert read("string") == read("string") != read("long")

    def test_parameters_have_defaults_so_they_may_be_left_out(self) -> None:
        read = signature_of({"params": '[{"name": "k", "type": "long", "default": 1, "shape": null}]'})
        assert read == Signature(params=(Column("k", "long", is_required=False),))

    @pytest.mark.parametrize(
        "said",
        [None, {}, "text", [], {"inputs": None}, {"inputs": "[]"}, {"inputs": "{["}, {"inputs": "7"}, {"other": "[]"}],
    )
    def test_what_is_none_is_none(self, said: object) -> None:
        assert signature_of(said) is None

    @given(
        said=st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["name", "type", "tensor-spec", "required"]), inner)
            ),
        )
    )
    def test_garbage_never_fails(self, said: object) -> None:
        signature_of({"inputs": json.dumps(said), "outputs": said, "params": [said]})


class TestBump:
    """What a change of the signature requires."""

    @pytest.mark.parametrize(
        ("after", "bump", "why"),
        [
            (BEFORE, Bump.PATCH, ()),
            (Signature((INCOME, AGE), (SCORE,)), Bump.PATCH, ()),
            (Signature((AGE,), (SCORE,)), Bump.MAJOR, ("input income removed",)),
            (Signature((AGE, Column("income", "string")), (SCORE,)), Bump.MAJOR, ("input income: double → string",)),
            (Signature((AGE, INCOME, REASON), (SCORE,)), Bump.MAJOR, ("input reason added, and required",)),
            (Signature((AGE, INCOME, NOTE), (SCORE,)), Bump.MINOR, ("optional input note added",)),
            (Signature((AGE, INCOME), (SCORE, REASON)), Bump.MINOR, ("output reason added",)),
            (Signature((AGE, INCOME), ()), Bump.MAJOR, ("output score removed",)),
            (Signature((AGE, INCOME), (replace(SCORE, type="long"),)), Bump.MAJOR, ("output score: double → long",)),
            (
                Signature((replace(AGE, is_required=False), INCOME), (SCORE,)),
                Bump.MINOR,
                ("input age is optional now",),
            ),
            (
                Signature((AGE, NOTE), (SCORE, REASON)),
                Bump.MAJOR,
                ("input income removed", "optional input note added", "output reason added"),
            ),
            (
                Signature((AGE, INCOME), (SCORE,), (Column("k", "long", is_required=False),)),
                Bump.MINOR,
                ("optional parameter k added",),
            ),
        ],
    )
    def test_as_those_who_call_it_see_it(self, after: Signature, bump: Bump, why: tuple[str, ...]) -> None:
        assert required_bump(BEFORE, after) == (bump, why)

    def test_an_input_that_becomes_required_breaks(self) -> None:
        old, new = Signature((NOTE,)), Signature((replace(NOTE, is_required=True),))
        assert required_bump(old, new) == (Bump.MAJOR, ("input note is required now",))

    @pytest.mark.parametrize(("old", "new"), [(None, BEFORE), (BEFORE, None), (None, None)])
    def test_without_a_signature_it_is_a_patch_and_says_so(self, old: Signature | None, new: Signature | None) -> None:
        bump, why = required_bump(old, new)
        assert bump is Bump.PATCH
        assert why == ("without signatures on both sides nothing can be compared",)

    @given(signature=signatures)
    def test_the_same_signature_is_a_patch_without_reasons(self, signature: Signature) -> None:
        assert required_bump(signature, signature) == (Bump.PATCH, ())

    @given(old=signatures, new=signatures)
    def test_reasons_come_the_gravest_first_and_there_are_none_only_for_a_patch(
        self, old: Signature, new: Signature
    ) -> None:
        bump, why = required_bump(old, new)
        assert (bump is Bump.PATCH) == (not why)

    @given(first=signatures, second=signatures, third=signatures)
    def test_additions_compose(self, first: Signature, second: Signature, third: Signature) -> None:
        steps = [required_bump(first, second)[0], required_bump(second, third)[0]]
        if Bump.MAJOR in steps:
            return  # what was broken may have been mended
        assert WEIGHT[required_bump(first, third)[0]] == max(WEIGHT[step] for step in steps)


class TestNumber:
    """The version that comes next."""

    def given_to(self, new: Signature | None, champion: str, **known: Signature | None) -> str:
        versions = {v(name[1:].replace("_", ".")): signature for name, signature in known.items()}
        return str(number(new, v(champion), versions, versions).version)

    def test_the_first_is_1_0_0(self) -> None:
        assert str(number(BEFORE, None, {}, ()).version) == "1.0.0"

    def test_it_follows_the_champion(self) -> None:
        wider, other = replace(BEFORE, outputs=(SCORE, REASON)), replace(BEFORE, inputs=(AGE,))
        assert self.given_to(BEFORE, "1.4.0", v1_4_0=BEFORE) == "1.4.1"
        assert self.given_to(wider, "1.4.0", v1_4_0=BEFORE) == "1.5.0"
        assert self.given_to(other, "1.4.0", v1_4_0=BEFORE) == "2.0.0"
        assert self.given_to(None, "1.4.0", v1_4_0=BEFORE) == "1.4.1"

    def test_versions_that_were_not_promoted_are_passed_over_as_honestly(self) -> None:
        other, third = replace(BEFORE, inputs=(AGE,)), replace(BEFORE, inputs=(INCOME,))
        assert self.given_to(BEFORE, "1.0.0", v1_0_0=BEFORE, v1_0_1=BEFORE, v1_0_2=BEFORE) == "1.0.3"
        assert self.given_to(other, "1.0.0", v1_0_0=BEFORE, v2_0_0=other) == "2.0.1"
        assert self.given_to(third, "1.0.0", v1_0_0=BEFORE, v2_0_0=other) == "3.0.0"
        assert self.given_to(BEFORE, "1.0.0", v1_0_0=BEFORE, v2_0_0=other) == "1.0.1"

    def test_what_widens_as_another_did_not_breaks_that_one(self) -> None:
        with_reason = replace(BEFORE, outputs=(SCORE, REASON))
        with_odds = replace(BEFORE, outputs=(SCORE, Column("odds", "double")))
        assert self.given_to(with_reason, "1.0.0", v1_0_0=BEFORE, v1_1_0=with_reason) == "1.1.1"
        assert self.given_to(with_odds, "1.0.0", v1_0_0=BEFORE, v1_1_0=with_reason) == "2.0.0"

    @given(history=st.lists(st.tuples(signatures, st.booleans()), min_size=1, max_size=6), new=signatures)
    def test_a_version_is_free_and_right_after_the_newest_of_its_line(
        self, history: list[tuple[Signature, bool]], new: Signature
    ) -> None:
        known: dict[Version, Signature | None] = {}
        champion: Version | None = None
        for signature, is_promoted in [*history, (new, False)]:
            told = {version: known[version] for version in compared(champion or max(known, default=None), known)}
            given_version = number(signature, champion or max(known, default=None), told, known).version
            assert given_version not in known
            line = [version for version in known if version.major == given_version.major and version < given_version]
            if line:  # who takes the newest of a major version can take this one
                assert required_bump(known[max(line)], signature)[0] is not Bump.MAJOR
            known[given_version] = signature
            champion = given_version if is_promoted else champion


def test_a_version_is_an_alias_without_dots() -> None:
    assert alias_of("1.4.0") == "v1-4-0"
    assert semver_of("1.4.0") == v("1.4.0")
    assert semver_of("") is semver_of("four") is None
