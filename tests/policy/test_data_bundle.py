"""Data on its way to pods: what was sealed opens to the same, and everything else is refused with its reason."""

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.ids import Sha
from bot.policy.data_bundle import DOCUMENT, LONGEST, WHOLE, Bundle, DataRefused, mounted, opened, sealed
from bot.policy.hot_path import FILES, LARGEST, MOST
from tests.policy.builders import PROPERTY

BASE, REVISION, OTHER = (Sha(char * 40) for char in "abc")
NEEDED = {path: f"of = '{path}'\n" for path in FILES}
JOKE = PurePosixPath("intents/joke.toml")
GOOD = Bundle(BASE, REVISION, {**NEEDED, JOKE: 'en = ["<b>&\\u2028"]\n'})
NAMES = st.text("abcdefgh-_", min_size=1, max_size=12)


def letters(rows: object) -> str:
    packed = zlib.compress(json.dumps(rows).encode())
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def document(bundle: Bundle = GOOD, **changed: Any) -> bytes:
    row = {
        "base": bundle.base,
        "revision": bundle.revision,
        "sha256": bundle.sha256,
        "content": bundle.content,
        **changed,
    }
    return json.dumps(row).encode()


def refusal(data: bytes, own: str = BASE) -> tuple[str, str]:
    with pytest.raises(DataRefused) as refused:
        mounted(data, own)
    return refused.value.because, str(refused.value)


def of(files: Mapping[str, object]) -> bytes:
    """Files as an attacker seals them: with the hash that fits."""
    rows = {str(path): text for path, text in NEEDED.items()} | files
    try:
        bundle = Bundle(BASE, REVISION, {PurePosixPath(name): str(text) for name, text in rows.items()})
        return document(bundle, content=letters(rows))
    except UnicodeEncodeError:
        return document(content=letters(rows))


@PROPERTY
@given(st.dictionaries(NAMES, st.text(st.characters(codec="utf-8"), max_size=200), max_size=5))
def test_what_was_sealed_opens_to_the_same(texts: dict[str, str]) -> None:
    files = {**NEEDED, **{PurePosixPath("intents", f"{name}.toml"): text for name, text in texts.items()}}
    bundle = sealed(Bundle(BASE, REVISION, files))
    assert opened(BASE, REVISION, bundle.sha256, bundle.content) == bundle
    assert mounted(document(bundle), BASE) == bundle
    assert set(bundle.content) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@PROPERTY
@given(st.binary(max_size=400))
def test_whatever_is_mounted_is_refused_in_words_or_read(data: bytes) -> None:
    assert refusal(data)[0] == "format"


@PROPERTY
@given(st.integers(0, 10_000), st.sampled_from("AQz_-09"))
def test_one_letter_more_or_another_is_no_data(place: int, letter: str) -> None:
    content = GOOD.content
    place %= len(content)
    edited = content[:place] + letter + content[place + 1 :]
    try:
        found = opened(BASE, REVISION, GOOD.sha256, edited)
    except DataRefused:
        return
    assert found == GOOD, "bits that no file has"


@pytest.mark.parametrize("other", [
    replace(GOOD, base=OTHER),
    replace(GOOD, revision=OTHER),
    replace(GOOD, files={**GOOD.files, JOKE: "x"}),
    replace(GOOD, files={**NEEDED, PurePosixPath("intents/jokes.toml"): GOOD.files[JOKE]}),
])  # fmt: skip
def test_the_hash_is_over_both_commits_and_every_file(other: Bundle) -> None:
    assert other.sha256 != GOOD.sha256
    because, said = refusal(document(other, sha256=GOOD.sha256), other.base)
    assert because == "hash"
    assert "it was edited" in said


def test_data_for_other_code_is_refused_even_if_all_of_it_holds() -> None:
    because, said = refusal(document(), OTHER)
    assert because == "base"
    assert "it is for the code of 'aaaaaaaaaaaa'" in said


def test_without_a_revision_the_own_data_is_meant_and_only_by_the_own_code() -> None:
    none = {"revision": "", "sha256": "", "content": ""}
    assert mounted(document(**none), BASE) is None
    assert refusal(document(**none), OTHER)[0] == "base"


@pytest.mark.parametrize("data", [
    b"",
    b"[]",
    b"{}",
    b'{"base": 1, "revision": "", "sha256": "", "content": ""}',
    document(more=""),
    document(revision="main"),
    document(revision="B" * 40),
    document(content=""),
    document(content="="),
    document(content="ä"),
    document(content="AAAA"),
    document(content=letters([])),
    document(content=letters({"tuning.toml": 1})),
    document(content=GOOD.content + "AAAA"),
    document(content=GOOD.content[:-8]),
    document(content=letters({"tuning.toml": ""}) * 2),
    b"[" * 100_000,
])  # fmt: skip
def test_what_is_no_data_is_told_so(data: bytes) -> None:
    assert refusal(data)[0] == "format"


@pytest.mark.parametrize("name", [
    "../tuning.toml",
    "/etc/passwd",
    "intents/../../app/x.toml",
    "intents/deep/joke.toml",
    "intents/joke.py",
    "intents/./joke.toml",
    "intents//joke.toml",
    "service.py",
    "prompts/a.toml",
    ".",
    "",
    "intents/\0.toml/x",
])  # fmt: skip
def test_no_file_leads_elsewhere_or_carries_code(name: str) -> None:
    assert refusal(of({name: "x"}))[0] == "format"


def test_what_is_too_much_is_refused_before_it_is_unpacked_whole() -> None:
    assert "larger than" in refusal(of({"intents/joke.toml": "x" * (LARGEST + 1)}))[1]
    assert "files of at most" in refusal(of({f"intents/{number}.toml": "" for number in range(MOST)}))[1]
    bomb = base64.urlsafe_b64encode(zlib.compress(b" " * (WHOLE + 1))).decode().rstrip("=")
    assert len(bomb) < LONGEST
    assert refusal(document(content=bomb)) == ("format", "its content is no compressed list of files")
    assert DOCUMENT in refusal(document(content="A" * (LONGEST * 2)))[1]


@pytest.mark.parametrize("path", FILES)
def test_data_without_what_every_bot_reads_is_none(path: PurePosixPath) -> None:
    files = {one: text for one, text in GOOD.files.items() if one != path}
    with pytest.raises(DataRefused, match=f"no {path}"):
        sealed(Bundle(BASE, REVISION, files))


def test_what_does_not_fit_goes_the_way_of_code() -> None:
    noise = "".join(f"{number * 7919:x}" for number in range(LONGEST // 3))
    files = {PurePosixPath(f"intents/{at}.toml"): noise[at * 60_000 : (at + 1) * 60_000] for at in range(6)}
    with pytest.raises(DataRefused, match="even compressed"):
        sealed(Bundle(BASE, REVISION, {**NEEDED, **files}))
