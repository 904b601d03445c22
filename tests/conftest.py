"""Settings of all tests."""

from hypothesis import settings

# The gate and a developer's run draw few and always the same examples: a flaky referee would blame innocents.
# CI draws many (`--hypothesis-profile=thorough`), the same again when it is run again.
settings.register_profile("steady", max_examples=12, derandomize=True, deadline=None)
settings.register_profile("thorough", max_examples=150, derandomize=True, deadline=None)
settings.load_profile("steady")
