"""Three ways to fail; a refusal is not one of them: that is a Verdict."""


class MegawattsError(Exception):
    """Base of every error raised on purpose. Its text is one sentence naming what, where and the fix."""


class Unavailable(MegawattsError):  # noqa: N818  (reads as a word of the domain)
    """The outside did not answer; the same call may work later."""

    def __init__(self, door: str, because: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(f"{door} is unavailable" + (f": {because}" if because else ""))
        self.door = door
        self.retry_after = retry_after


class Denied(MegawattsError):  # noqa: N818  (reads as a word of the domain)
    """The outside answered no; the same call will fail again (conflict, stale head, protected branch)."""


class Misconfigured(MegawattsError):  # noqa: N818  (reads as a word of the domain)
    """Our input is wrong: settings, charter, tuning file, command line. Raised before anything is done."""
