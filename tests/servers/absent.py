"""What a test does where a program or server that it needs is absent."""

import os
from typing import NoReturn

import pytest


def absent(reason: object) -> NoReturn:
    """Skip the test on a developer's machine, fail it in CI (a `CI` that is not empty, as scripts/test reads it).

    CI installs all that tests need: what is absent there no longer starts, and a skip would hide it for good.
    """
    if os.environ.get("CI"):
        pytest.fail(f"CI must have what this test needs: {reason}", pytrace=False)
    pytest.skip(str(reason))
