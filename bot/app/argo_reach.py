"""How the loop and the doctor reach Argo CD: by the road's settings, the same for both."""

from pathlib import Path
from typing import TYPE_CHECKING

from bot.app.road_settings import RoadSettings

if TYPE_CHECKING:
    from bot.adapters.argocd.client import Target
    from bot.adapters.argocd.transport import Server


def reach(given: RoadSettings) -> "tuple[Server, Target]":
    """The server and the application there. Raises Misconfigured for an address or a token that is none."""
    from bot.adapters.argocd.client import Target  # noqa: PLC0415  (only where there is one)
    from bot.adapters.argocd.transport import Server  # noqa: PLC0415

    ca = Path(given.argocd_ca_file) if given.argocd_ca_file else None
    server = Server.at(given.argocd_server, given.argocd_auth_token.reveal(), ca)
    return server, Target(given.argocd_application, given.argocd_namespace, given.argocd_project)
