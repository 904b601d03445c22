"""The process's figures for Prometheus, in a registry of their own."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from resource import RUSAGE_SELF, getpagesize, getrusage

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary, generate_latest

from bot.adapters.web.caps import CAP, GROUPS, HOUR, MINUTE, VOICES, Cap, Lately, group_of
from bot.adapters.web.controls import Control, Providers
from bot.adapters.web.flags import FlagFigures
from bot.core.chat import Outcome, Voice
from bot.core.ids import UserId
from bot.policy.figures import BY, DATA_REFUSED, DISTURBED, GROUP

BAD = frozenset({Outcome.REJECTED, Outcome.FAILED})
"""Outcomes that the watch after a deploy counts as bad."""
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5)
_GROUPED = f"`{GROUP}`: one of {GROUPS} groups of members."


class Metrics:
    """`core.chat.Observer` that counts. Pages are small: no label carries a member, a channel or a text."""

    def __init__(self, revision: str, version: str, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._registry = CollectorRegistry()
        self._messages = self._counter("megawatts_messages", "Messages by how they ended.", "outcome")
        self._capped = self._counter(
            "megawatts_messages_by_user_capped",
            f"Messages by how they ended, at most {CAP} a member and minute.",
            "outcome",
        )
        self._tools = self._counter("megawatts_tool_calls", "Tool calls by how they ended.", "tool", "outcome")
        self._voices = self._counter("megawatts_feedback", "Feedback on answers, first voice of each member.", "value")
        self._capped_voices = self._counter(
            "megawatts_feedback_by_user_capped",
            f"Feedback on answers, at most {VOICES} a member and hour. {_GROUPED}",
            "value",
            GROUP,
        )
        self._seconds = self._histogram("megawatts_reply_seconds", "Time to an answer.")
        self._capped_seconds = Summary(
            "megawatts_reply_seconds_by_user_capped",
            f"Time to an answer, at most {CAP} a member and minute. {_GROUPED}",
            [GROUP],
            registry=self._registry,
        )
        self._steps = self._histogram("megawatts_step_seconds", "Time of each step of the pipeline.", "step")
        self._models = self._counter("megawatts_model_calls", "Calls of models by how they ended.", "model", "outcome")
        self._model_seconds = self._histogram(
            "megawatts_model_seconds",
            "Time that models took.",
            "model",
            buckets=(0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 60),
        )
        self._tokens = self._counter("megawatts_model_tokens", "Tokens that models read and wrote.", "model", "kind")
        self._cost = self._counter("megawatts_model_cost_dollars", "US dollars by the price table.", "model")
        self._budget = self._gauge("megawatts_budget_dollars", "US dollars that models may cost.", "of")
        self._disturbed = self._gauge(
            DISTURBED, f"1 while what `{BY}` names is out of order, as this process sees it; no change breaks it.", BY
        )
        self._build = self._gauge("megawatts_build_info", "What runs here; always 1.", "revision", "version")
        self._refused = self._gauge(DATA_REFUSED, "1 while mounted data is not read.", "commit", "because")
        self._version = version
        self.runs(revision)
        self._within, self._first_voice = Cap(CAP, MINUTE, timer), Cap(VOICES, HOUR, timer)
        self._prompt = Cap(CAP, MINUTE, timer)
        self.flags = FlagFigures(self._registry)
        self._late = self._crowd("rejected_users", "Members over a rate limit in the last minute.")
        self._wrote = self._crowd("members_seen", "Members who wrote in the last minute.")
        self._hit = self._crowd(
            "members_hit", "Members of whose messages one was rejected or failed in the last minute."
        )
        self._spoke = self._crowd("members_voiced", "Members who gave feedback in the last hour.", HOUR)
        self._displeased = self._crowd("members_displeased", "Members who gave bad feedback in the last hour.", HOUR)
        self._controls: dict[str, Control] = {}
        self._providers = Providers(timer)
        self.control("models", self._providers)
        self._process()
        self._begin()

    def _begin(self) -> None:
        """Show what nobody met yet as 0."""
        for outcome in Outcome:
            self._messages.labels(outcome)
            self._capped.labels(outcome)
        for group in range(GROUPS):
            self._capped_seconds.labels(str(group))

    def answered(self, user: UserId, outcome: Outcome, seconds: float) -> None:
        """Count one message; a rejection is not a reply and has no reply time."""
        self._messages.labels(outcome).inc()
        if self._within.within(user, outcome):
            self._capped.labels(outcome).inc()
        self._wrote.mark(user)
        if outcome in BAD:
            self._hit.mark(user)
        if outcome is Outcome.REJECTED:
            self._late.mark(user)
            return
        self._seconds.observe(seconds)
        if self._prompt.within(user):
            self._capped_seconds.labels(group_of(user)).observe(seconds)

    def tool_called(self, tool: str, outcome: str) -> None:
        """Count one tool call."""
        self._tools.labels(tool, outcome).inc()

    def voiced(self, voice: Voice, user: UserId | None = None) -> None:
        """Count one voice. Where it is not known whose it is, it is in no group, and the watch takes nothing back."""
        self._voices.labels(voice).inc()
        if not user:
            self._capped_voices.labels(voice, "").inc()
            return
        self._spoke.mark(user)
        if voice == "down":
            self._displeased.mark(user)
        if self._first_voice.within(user):
            self._capped_voices.labels(voice, group_of(user)).inc()

    def stepped(self, step: str, seconds: float) -> None:
        """Count one step of the pipeline."""
        self._steps.labels(step).observe(seconds)

    def modelled(self, model: str, outcome: str, seconds: float, tokens: Mapping[str, int], cost: float) -> None:
        """Count one call of a model. `tokens` by kind: `input`, `output`."""
        self._models.labels(model, outcome).inc()
        self._providers.called(model, outcome)
        self._model_seconds.labels(model).observe(seconds)
        for kind, count in tokens.items():
            self._tokens.labels(model, kind).inc(count)
        self._cost.labels(model).inc(cost)

    def runs(self, revision: str) -> None:
        """What runs here from now on: new data counts as another revision."""
        self._build.clear()
        self._build.labels(revision, self._version).set(1)

    def refused(self, commit: str, because: str) -> None:
        """Data of that commit is there and is not read. `because`: a word of a closed list; empty: none is refused."""
        self._refused.clear()
        if because:
            self._refused.labels(commit, because).set(1)

    def allowed(self, a_day: float) -> None:
        """What all models together may cost a day, in US dollars; 0: no budget is set."""
        self._budget.labels("day").set(a_day)

    def control(self, name: str, read: Control) -> None:
        """Show `read` as `megawatts_disturbed{by="name"}`: quick, and asked at every look at the page."""
        self._controls[name] = read

    def page(self) -> bytes:
        """The page in the exposition format."""
        self._disturbed.clear()
        for name, read in self._controls.items():
            disturbed = read()
            if disturbed is not None:
                self._disturbed.labels(name).set(disturbed)
        return generate_latest(self._registry)

    def _crowd(self, name: str, text: str, span: float = MINUTE) -> Lately:
        found = Lately(span, self._timer)
        self._gauge(f"megawatts_{name}", text).set_function(found.count)
        return found

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self._registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self._registry)

    def _histogram(self, name: str, text: str, *labels: str, buckets: tuple[float, ...] = _BUCKETS) -> Histogram:
        return Histogram(name, text, labels, registry=self._registry, buckets=buckets)

    def _process(self) -> None:
        started = time.time()
        names = {
            "process_resident_memory_bytes": ("Memory in use.", resident_bytes),
            "process_cpu_seconds_total": ("Processor time used.", cpu_seconds),
            "process_start_time_seconds": ("When the process started, in Unix time.", lambda: started),
        }
        for name, (text, read) in names.items():
            Gauge(name, text, registry=self._registry).set_function(read)


def resident_bytes() -> float:
    """Memory in use now; the peak where the system does not tell."""
    try:
        return float(Path("/proc/self/statm").read_text().split()[1]) * getpagesize()
    except (OSError, IndexError, ValueError):
        return getrusage(RUSAGE_SELF).ru_maxrss * 1024.0


def cpu_seconds() -> float:
    """Processor time of this process, user and system."""
    used = getrusage(RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
