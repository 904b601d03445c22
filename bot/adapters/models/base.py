"""What all providers have in common: names to candidates, calls through pydantic-ai, errors in our words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bot.adapters.models.faults import fault
from bot.agent import catalogue
from bot.agent.loading import beside, load
from bot.agent.wire import Heard, ModelFault, Request, Response
from bot.policy.routing import FREE, Candidate, Price, Size

if TYPE_CHECKING:
    from pydantic_ai.models import Model


class PydanticProvider:
    """A provider whose models pydantic-ai knows how to call. `setting` is the environment's name for its models.

    The client library is imported at the first call. Calls are never repeated here: the chain above does that.
    """

    setting = ""
    local = False
    """Whether its models run on own machines. An address in the own network is not enough: it may be a proxy of a paid
    service."""

    def __init__(self, name: str, models: Sequence[str]) -> None:
        self.name = name
        self._names = tuple(dict.fromkeys(models))
        self._models: dict[str, Model[Any]] = {}

    async def candidates(self) -> Sequence[Candidate]:
        """The models of the setting, the small before the large."""
        return await self._offered(sized(self._names))

    async def prepare(self, model: str) -> None:
        """Load the client library and make the model's client."""
        if model not in self._models:
            await load("bot.agent.calling", "bot.adapters.models.faults")
            await beside(lambda: self._models.setdefault(model, self._build(model)))

    async def call(self, model: str, request: Request, heard: Heard) -> Response:
        """One call. Raises ModelFault."""
        try:
            await self.prepare(model)
            from bot.agent import calling  # noqa: PLC0415  (loaded by then)

            return await calling.call(self._models[model], request, heard)
        except ModelFault:
            raise
        except Exception as error:  # noqa: BLE001  (client libraries raise more than they say)
            raise fault(error, self.name, model, self.setting) from None

    async def close(self) -> None:
        """Let go of the connections."""
        self._models.clear()

    def _build(self, model: str) -> "Model[Any]":
        raise TypeError(f"{type(self).__name__} does not say how to build {model}")

    async def _offered(self, names: Sequence[tuple[str, Size]]) -> Sequence[Candidate]:
        if not all(self._own(name) for name, _size in names):
            await load("bot.adapters.models.prices", "genai_prices")
        return [self._candidate(name, size) for name, size in names]

    def _candidate(self, model: str, size: Size) -> Candidate:
        known = catalogue.load()
        own = self._own(model)
        price, assumed, context = self._priced(model, own=own)
        return Candidate(self.name, model, size, own, price, assumed, context, known.tools(model), known.capable(model))

    def _own(self, _model: str) -> bool:
        return self.local

    def _priced(self, model: str, *, own: bool) -> tuple[Price, bool, int]:
        """Price, whether it is assumed, tokens that fit."""
        if own:
            return FREE, False, catalogue.load().context(model)
        from bot.adapters.models import prices  # noqa: PLC0415  (a large table)

        price, assumed = prices.price(self.name, model)
        return price, assumed, prices.context(self.name, model)


def sized(names: Sequence[str]) -> Sequence[tuple[str, Size]]:
    """The first is the small one, the others are large; a single one is for everything."""
    if len(names) == 1:
        return [(names[0], "only")]
    return [(name, "small" if number == 0 else "large") for number, name in enumerate(names)]


def words(setting: str) -> tuple[str, ...]:
    """The names in a setting, by commas."""
    return tuple(dict.fromkeys(word.strip() for word in setting.split(",") if word.strip()))
