"""A promotion writes two values of one file; everything else is refused, and nothing else moves."""

from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.core.change import FileChange, Origin, Proposal
from bot.core.charter import Promotion
from bot.core.errors import Misconfigured
from bot.core.verdict import Status, Verdict
from bot.policy.promotion import Data, Seen, by_promoter, data_of, images, judge, proof, runs, with_data, written
from tests.policy.builders import proposal

VALUES = """# The bot in staging.
bot:
  image:
    repository: ghcr.io/OWNER/megawatts-bot
    digest: ""  # the promotion writes it
    tag: unreleased
    commit: unknown
  settings: {A: b}
other:
  image:
    digest: ""
    commit: mine
"""
DIGEST, COMMIT = "sha256:" + "a" * 64, "1" * 40
FILE = PurePosixPath("deploy/environments/staging/bot.yaml")
HEX = st.text("0123456789abcdef", min_size=40, max_size=40)
DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64).map("sha256:{}".format)


def status(before: str | None, after: str | None, path: PurePosixPath = FILE) -> Status:
    return proof({path: (before, after)}).status


def test_the_two_keys_are_written_and_the_rest_stays() -> None:
    text = written(VALUES, DIGEST, COMMIT)
    changed = [(a, b) for a, b in zip(VALUES.splitlines(), text.splitlines(), strict=True) if a != b]
    assert [b for _, b in changed] == [
        f'    digest: "{DIGEST}"  # the promotion writes it',
        f'    commit: "{COMMIT}"',
    ]


@given(DIGESTS, HEX)
def test_yaml_reads_what_was_written_as_text(digest: str, commit: str) -> None:
    found: Any = yaml.safe_load(written(VALUES, digest, commit))
    before: Any = yaml.safe_load(VALUES)
    assert (found["bot"]["image"].pop("digest"), found["bot"]["image"].pop("commit")) == (digest, commit)
    assert (before["bot"]["image"].pop("digest"), before["bot"]["image"].pop("commit")) == ("", "unknown")
    assert found == before


@given(DIGESTS, HEX)
def test_writing_twice_is_writing_once_and_is_proven(digest: str, commit: str) -> None:
    once = written(VALUES, digest, commit)
    assert written(once, digest, commit) == once
    assert status(VALUES, once) is Status.PASS
    assert status(written(VALUES, DIGEST, COMMIT), once) is Status.PASS


@pytest.mark.parametrize("path", sorted((Path(__file__).parents[2] / "deploy" / "environments").glob("*/bot.yaml")))
def test_our_own_environments_can_be_promoted(path: Path) -> None:
    before = path.read_text(encoding="utf-8")
    after = written(before, DIGEST, COMMIT)
    assert yaml.safe_load(after)["bot"]["image"]["digest"] == DIGEST
    assert status(before, after, PurePosixPath("deploy/environments", path.parent.name, "bot.yaml")) is Status.PASS


@pytest.mark.parametrize(
    "digest",
    ["", "latest", "sha256:" + "a" * 63, "sha256:" + "A" * 64, DIGEST + "\n", f'{DIGEST}"\nx: y', "sha512:" + "a" * 64],
)
def test_what_is_no_digest_is_refused(digest: str) -> None:
    with pytest.raises(Misconfigured, match="no image digest"):
        written(VALUES, digest, COMMIT)


@pytest.mark.parametrize("commit", ["", "main", "1" * 39, "1" * 41, "G" * 40, COMMIT + "\n"])
def test_what_is_no_commit_is_refused(commit: str) -> None:
    with pytest.raises(Misconfigured, match="no full commit id"):
        written(VALUES, DIGEST, commit)


ODD = {
    "no digest": VALUES.replace('    digest: ""  #', "    dijest: x  #"),
    "twice": VALUES.replace("    tag: unreleased", '    digest: ""'),
    "twice in two blocks": VALUES + 'bot:\n  image:\n    digest: ""\n',
    "flow style": "bot: {image: {digest: x, commit: y}}\n",
    "an anchor": VALUES.replace("other:", "&a other:"),
    "a merge": VALUES.replace("    tag: unreleased", "    <<: *a"),
    "a tag": VALUES.replace("other:", "!x other:"),
    "two documents": VALUES + "---\nbot: {}\n",
    "a tab": VALUES.replace("    tag", "\ttag"),
    "carriage returns": VALUES.replace("\n", "\r\n"),
    "a value that is an alias": VALUES.replace("commit: unknown", "commit: *x"),
    "a value in a block": VALUES.replace("commit: unknown", "commit: |\n      x"),
    "no value": VALUES.replace("commit: unknown", "commit:"),
    "empty": "",
}


@pytest.mark.parametrize("name", ODD)
def test_values_that_are_not_plain_are_refused(name: str) -> None:
    with pytest.raises(Misconfigured):
        written(ODD[name], DIGEST, COMMIT)


GOOD = written(VALUES, DIGEST, COMMIT)
MORE = {
    "another key": GOOD.replace("tag: unreleased", "tag: v9"),
    "another repository": GOOD.replace("OWNER", "eve"),
    "a line more": GOOD + "privileged: true\n",
    "a line less": GOOD.replace("  settings: {A: b}\n", ""),
    "a comment": GOOD.replace("# The bot", "# A bot"),
    "the other image": GOOD.replace("commit: mine", 'commit: "x"'),
    "no newline at the end": GOOD.rstrip("\n"),
    "a tag for a digest": GOOD.replace(DIGEST, "latest"),
    "nothing plain": ODD["two documents"],
}


@pytest.mark.parametrize("name", MORE)
def test_a_change_of_anything_else_is_no_promotion(name: str) -> None:
    assert status(VALUES, MORE[name]) is Status.FAIL


@pytest.mark.parametrize(
    "path",
    [
        "deploy/environments/staging/controller.yaml", "deploy/environments/../environments/staging/bot.yaml",
        "deploy/environments/Staging/bot.yaml", "deploy/bot.yaml", "charts/megawatts/values.yaml", "bot.yaml",
        "x/deploy/environments/staging/bot.yaml", ".github/workflows/bot.yaml",
    ],
)  # fmt: skip
def test_other_files_are_none_of_its_business(path: str) -> None:
    assert status(VALUES, GOOD, PurePosixPath(path)) is Status.FAIL


def test_a_file_beside_it_spoils_the_proof() -> None:
    assert proof({FILE: (VALUES, GOOD), PurePosixPath("README.md"): ("a", "b")}).status is Status.FAIL


def test_a_new_or_a_deleted_file_is_no_promotion_and_nothing_is_none() -> None:
    assert status(None, GOOD) is Status.FAIL
    assert status(VALUES, None) is Status.FAIL
    assert not proof({}).passed


LANE = Promotion("Promoter[bot]", ("staging",))
CHANGED = FileChange(FILE, FILE, "modify", added=2, removed=2)
SEEN = Seen((CHANGED,), {FILE: (VALUES, GOOD)}, one_commit=True, merged=True, forward=True)
README = PurePosixPath("README.md")


def promoted(**changed: Any) -> Proposal:
    return proposal(str(FILE), **{"origin": Origin.PERSON, "author": "promoter[bot]", **changed})


def judged(seen: Seen = SEEN, lane: Promotion | None = LANE, **changed: Any) -> Verdict:
    return judge(promoted(**changed), lane, seen)


def test_the_promoters_one_file_is_proven_with_its_reasons() -> None:
    verdict = judged()
    assert verdict.passed
    assert [child.name for child in verdict.children] == [
        "author", "commits", "change", "environment", "promotion", "image", "direction", "data"
    ]  # fmt: skip
    assert verdict.find(str(FILE)) is not None


def placed(path: str) -> dict[str, Any]:
    where = PurePosixPath(path)
    change = replace(CHANGED, path=where, old_path=where)
    return {"seen": replace(SEEN, changes=(change,), files={where: (VALUES, GOOD)}), "paths": frozenset({where})}


NOT: dict[str, dict[str, Any]] = {
    "another author": {"author": "mallory"},
    "a person with the App's name": {"author": "promoter"},
    "the engine itself": {"origin": Origin.ANALYST},
    "no lane in the charter": {"lane": None},
    "another environment": placed("deploy/environments/production/bot.yaml"),
    "the controller's values": placed("deploy/environments/staging/controller.yaml"),
    "two commits": {"seen": replace(SEEN, one_commit=False)},
    "an image of a branch": {"seen": replace(SEEN, merged=False)},
    "a step back": {"seen": replace(SEEN, forward=False)},
    "a link": {"seen": replace(SEEN, changes=(replace(CHANGED, mode="120000"),))},
    "another mode": {"seen": replace(SEEN, changes=(replace(CHANGED, action="type"),))},
    "a rename": {"seen": replace(SEEN, changes=(replace(CHANGED, action="rename", old_path=README),))},
    "bytes": {"seen": replace(SEEN, changes=(replace(CHANGED, binary=True),))},
    "a file more": {
        "seen": replace(SEEN, changes=(CHANGED, FileChange(README, README, "modify"))),
        "paths": frozenset({FILE, README}),
    },
    "a path that git does not show": {"paths": frozenset({FILE, README})},
    "no text": {"seen": replace(SEEN, files={FILE: (VALUES, None)})},
    "no file": {"seen": replace(SEEN, changes=(), files={}), "paths": frozenset()},
    "more than the image": {"seen": replace(SEEN, files={FILE: (VALUES, MORE["another key"])})},
}


@pytest.mark.parametrize("name", NOT)
def test_everything_else_of_the_promoter_is_an_ordinary_change(name: str) -> None:
    verdict = judged(**NOT[name])
    assert verdict.status is Status.FAIL
    assert verdict.because


def test_whose_it_is_goes_by_the_login_as_the_forge_shows_it() -> None:
    assert by_promoter(promoted(author="PROMOTER[bot]"), LANE)
    assert not by_promoter(promoted(), None)
    assert not by_promoter(promoted(origin=Origin.REVERT), LANE)


def test_the_image_in_a_file_is_read_as_it_is_written() -> None:
    assert images(GOOD) == (DIGEST, COMMIT)
    assert images(VALUES) == ("", "unknown")
    with pytest.raises(Misconfigured):
        images(ODD["no digest"])


OPEN = VALUES.replace(
    "  settings:", '  data:\n    enabled: true\n    revision: ""\n    sha256: ""\n    content: ""\n  settings:'
)
RAN = written(OPEN, DIGEST, COMMIT)
NEWS = Data("2" * 40, "e" * 64, "eJx-_9")
WITH = with_data(RAN, NEWS)


def test_data_is_written_beside_the_image_and_the_image_stays() -> None:
    assert data_of(WITH) == NEWS
    assert (images(WITH), runs(WITH), runs(RAN)) == ((DIGEST, COMMIT), (COMMIT, NEWS.revision), (COMMIT, COMMIT))
    found: Any = yaml.safe_load(WITH)["bot"]["data"]
    assert found == {"enabled": True, "revision": NEWS.revision, "sha256": NEWS.sha256, "content": NEWS.content}
    assert proof({FILE: (RAN, WITH)}).facts == {}
    assert proof({FILE: (RAN, WITH)}).find(str(FILE)).facts["commit"] == NEWS.revision  # type: ignore[union-attr]


def test_an_image_ends_what_was_beside_it() -> None:
    other = "sha256:" + "b" * 64
    after = written(WITH, other, NEWS.revision)
    assert data_of(after) == Data("", "", "")
    assert status(WITH, after) is Status.PASS
    kept = WITH.replace(DIGEST, other)
    assert status(WITH, kept) is Status.FAIL, "another image with the data of before"


@pytest.mark.parametrize("after", [
    WITH.replace("enabled: true", "enabled: false"),
    WITH.replace("settings: {A: b}", "settings: {A: c}"),
    WITH.replace(COMMIT, "3" * 40),
    WITH.replace(NEWS.content, 'x" # "'),
    WITH.replace(f'"{NEWS.content}"', "|"),
    WITH.replace(NEWS.sha256, "no"),
    WITH.replace(NEWS.revision, "main"),
    WITH + '    content: "more"\n',
])  # fmt: skip
def test_data_carries_nothing_else_along(after: str) -> None:
    assert after != WITH, "or nothing was tried"
    assert status(RAN, after) is Status.FAIL


@pytest.mark.parametrize("closed", [
    VALUES,
    OPEN.replace("enabled: true", "enabled: false"),
    OPEN.replace('    content: ""\n', ""),
    OPEN.replace("enabled: true", "enabled: yes"),
])  # fmt: skip
def test_values_that_people_did_not_open_take_none(closed: str) -> None:
    before = written(closed, DIGEST, COMMIT)
    assert data_of(before) is None
    with pytest.raises(Misconfigured, match="enabled"):
        with_data(before, NEWS)
    assert status(before, WITH) is Status.FAIL, "the promoter does not open them"


def test_data_that_git_does_not_show_is_not_proven() -> None:
    verdict = judged(replace(SEEN, data=False))
    assert verdict.status is Status.FAIL
    assert "differs from the image's by data alone" in verdict.because
