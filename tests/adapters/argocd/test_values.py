"""What values files name, read as Helm reads them: a later file wins, and nobody guesses."""

from collections.abc import Mapping
from pathlib import PurePosixPath

import pytest

from bot.adapters.argocd.values import named
from bot.core.ids import Sha
from bot.policy.promotion import Data, with_data, written
from bot.policy.rollouts import UNKNOWN, Version

SOURCE, CODE, DATA = (Sha(char * 40) for char in "abc")
ONE, TWO = PurePosixPath("one.yaml"), PurePosixPath("two.yaml")
PLAIN = 'bot:\n  image:\n    digest: ""\n    commit: ""\n'
OPEN = PLAIN + '  data:\n    enabled: true\n    revision: ""\n    sha256: ""\n    content: ""\n'
RAN = written(OPEN, f"sha256:{'1' * 64}", CODE)
WITH = with_data(RAN, Data(DATA, "e" * 64, "x"))


class Repo:
    """Files of one commit."""

    def __init__(self, files: Mapping[PurePosixPath, str]) -> None:
        self._files = files

    def read(self, sha: Sha, path: PurePosixPath) -> bytes | None:
        assert sha == SOURCE
        text = self._files.get(path)
        return None if text is None else text.encode()


def said(**files: str) -> Version:
    repo = Repo({PurePosixPath(f"{name}.yaml"): text for name, text in files.items()})
    return named(repo, SOURCE, (ONE, TWO))  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "then"), [
    ("a: b\n", Version(SOURCE, SOURCE)),
    (RAN, Version(SOURCE, CODE)),
    (WITH, Version(SOURCE, DATA, CODE)),
    (WITH.replace("true", "false"), Version(SOURCE, CODE)),
    (WITH.replace(DATA, CODE), Version(SOURCE, CODE)),
    (WITH.replace(CODE, "unknown"), Version(SOURCE, UNKNOWN)),
    (WITH + "--- x\n", Version(SOURCE, CODE)),
])  # fmt: skip
def test_the_data_counts_where_it_is_in_force(text: str, then: Version) -> None:
    assert said(one=text) == then


def test_the_file_that_names_the_image_last_names_its_data() -> None:
    assert said(one=WITH, two=RAN) == Version(SOURCE, CODE), "an image without data ends that of a file before"
    assert said(one=RAN, two=WITH) == Version(SOURCE, DATA, CODE)
    assert said(one=WITH, two="shards: 2\n") == Version(SOURCE, DATA, CODE)
