"""The road's settings, as the environment of a process has them."""

from dataclasses import fields

from bot.app.environment import Secret
from bot.app.road_settings import RoadSettings
from tests.servers.github.front import ME, SECOND
from tests.servers.github.peer import Place, private_key


def on_github(place: Place) -> RoadSettings:
    """Both Apps on one repository of GitHub's peer."""
    key = Secret(private_key())
    return RoadSettings(
        github_repository=place.house.name,
        github_api_url=place.hub.url,
        github_git_url=place.git_url,
        github_app_id=str(ME),
        github_app_installation_id="1",
        github_app_private_key=key,
        github_revert_app_id=str(SECOND),
        github_revert_app_installation_id="2",
        github_revert_app_private_key=key,
    )


def named(settings: RoadSettings) -> dict[str, str]:
    """What is set, by its name in the environment."""
    values = {one.name.upper(): getattr(settings, one.name) for one in fields(settings)}
    return {k: v.reveal() if isinstance(v, Secret) else str(v) for k, v in values.items() if v}
