"""Random contents of repositories."""

from __future__ import annotations

from hypothesis import strategies as st

from .git_repository import Content, Executable, Link, Submodule

# Few names, so that files, folders and links take each other's places; with characters that git quotes.
_NAME = st.sampled_from(["a", "b", "a.b", "ü ", 'q"\\', "new\nline", "tab\t", "a-b"])
_PATH = st.lists(_NAME, min_size=1, max_size=3).map("/".join)
_CONTENT: st.SearchStrategy[Content] = st.one_of(
    st.binary(max_size=3),
    st.binary(max_size=3).map(Executable),
    st.sampled_from(["a", "b", "nowhere"]).map(Link),
)
_WITH_SUBMODULES = st.one_of(_CONTENT, st.sampled_from(["1" * 40, "2" * 40]).map(Submodule))


def _without_clashes(files: dict[str, Content]) -> dict[str, Content]:
    """A path is a file or a folder, not both."""
    folders = {path[:place] for path in files for place, letter in enumerate(path) if letter == "/"}
    return {path: content for path, content in files.items() if path not in folders}


def files(submodules: bool = True, max_size: int = 6) -> st.SearchStrategy[dict[str, Content]]:
    """All files of one commit; at least one, for git keeps no empty folders."""
    contents = _WITH_SUBMODULES if submodules else _CONTENT
    return st.dictionaries(_PATH, contents, min_size=1, max_size=max_size).map(_without_clashes)
