"""What a licence asks for: never less than it says, and what nobody knows is not free."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy.licences import Terms, terms

FREE = [
    "MIT", "MIT License", "Apache-2.0", "Apache Software License", "BSD-3-Clause", "BSD License",
    "3-Clause BSD License",
    "ISC License (ISCL)", "PSF-2.0", "Python Software Foundation License", "Python-2.0", "Zlib", "zlib/libpng License",
    "The Unlicense (Unlicense)", "0BSD", "CC0-1.0", "MIT-0", "MIT-CMU", "BSL-1.0", "MIT License, BSD License",
    "MIT OR GPL-3.0-only", "(Apache-2.0 OR MIT) AND BSD-2-Clause", "Universal Permissive License (UPL)",
]  # fmt: skip
LESSER = [
    "LGPL-3.0-or-later", "GNU Lesser General Public License v3 (LGPLv3)", "MPL-2.0", "EPL-2.0", "MIT AND MPL-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)", "GPL-2.0-only WITH Classpath-exception-2.0", "GPL-3.0 OR LGPL-2.1",
]  # fmt: skip
COPYLEFT = [
    "GPL-3.0-only", "AGPL-3.0-or-later", "GNU General Public License v3 (GPLv3)", "SSPL-1.0", "MIT AND GPL-2.0-only",
    "GNU Affero General Public License v3", "MIT License, GNU General Public License (GPL)", "GPLv3",
    "(GPL-3.0-only OR AGPL-3.0-only) AND MIT", "GPL-2.0-only WITH Fun-exception",
]  # fmt: skip
UNKNOWN = [
    "", "  ", "Proprietary", "Other/Proprietary License", "MITRE", "MIT, but pay me", "MIT-like", "BUSL-1.1",
    "LicenseRef-Ours", "CC-BY-NC-4.0", "Apache-2.0 with Commons Clause", "see LICENSE", "MIT OR", "(MIT", "AND MIT",
    "MIT AND LicenseRef-Ours", "LGPL-3.0 AND Non-commercial",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "asked"),
    [(text, kind) for kind, texts in zip(Terms, (FREE, LESSER, UNKNOWN, COPYLEFT), strict=True) for text in texts],
)
def test_what_a_licence_asks_for(text: str, asked: Terms) -> None:
    assert terms(text) is asked


NAMES = st.sampled_from(["MIT", "ISC", "MPL-2.0", "LicenseRef-Ours", "GPL-3.0-only"])
EXPRESSIONS = st.recursive(
    NAMES.map(lambda name: (name, terms(name))),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda two: (f"({two[0][0]} OR {two[1][0]})", min(two[0][1], two[1][1]))),
        st.tuples(inner, inner).map(lambda two: (f"({two[0][0]} AND {two[1][0]})", max(two[0][1], two[1][1]))),
    ),
    max_leaves=8,
)


@given(EXPRESSIONS)
def test_of_or_the_milder_counts_and_of_and_the_stricter(pair: tuple[str, Terms]) -> None:
    text, asked = pair
    assert terms(text) is asked


@given(st.text(max_size=60))
def test_any_text_has_an_answer(text: str) -> None:
    assert terms(text) in Terms


def test_a_deep_expression_is_no_end_of_the_program() -> None:
    assert terms("(" * 3_000 + "MIT OR MIT" + ")" * 3_000) is Terms.UNKNOWN
