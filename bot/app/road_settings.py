"""The settings of the road: forge, deployer, metrics. The controller alone reads them; no bot process is given one."""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field

from bot.app.environment import Secret, note, read, secret, take_out, text


@dataclass(frozen=True, slots=True)
class RoadSettings:
    """What the environment may set of the road. Field names are the environment's names in lower case."""

    github_repository: str = text("Repository on GitHub, owner/name; unset: the embedded forge")
    github_api_url: str = text("Address of GitHub's REST API, for an enterprise server", "https://api.github.com")
    github_git_url: str = text("Address that git clones from and pushes to; unset: as the API says")
    github_base_branch: str = text("Branch that is deployed; unset: the repository's default branch")
    github_required_checks: str = text("Checks that must pass, with commas, beside those that the branch's rules name")
    github_trusted_apps: str = text("Ids of the Apps whose checks count, with commas: GitHub Actions'", "15368")
    github_auto_merge: bool = field(
        default=False, metadata=note("Whether a merge that waits for GitHub's own rules is left to GitHub")
    )
    github_token: Secret = secret("Personal token, for trials; an App is safer")
    github_app_id: str = text("Id of the engine's GitHub App")
    github_app_installation_id: str = text("Id of its installation; unset: the one of the repository")
    github_app_private_key: Secret = secret("Its private key: the PEM text, or the path of the file that holds it")
    github_revert_app_id: str = text("Id of the second App, whose one extra right is to pass the review rule")
    github_revert_app_installation_id: str = text("Id of its installation")
    github_revert_app_private_key: Secret = secret("Its private key: the PEM text, or the path of its file")
    github_webhook_secret: Secret = secret("Secret of the webhook; while it is exchanged: new and old, with a comma")
    provenance_key_file: str = text("File with the key that signs the record of each change; unset: it is not signed")
    controller_port: int = field(
        default=0, metadata=note("Port of the controller for webhooks, metrics and health; 0: none", ge=0, le=65535)
    )
    controller_host: str = text("Address that this port is on", "127.0.0.1")
    argocd_server: str = text("Address of Argo CD; unset: the embedded deployer")
    argocd_auth_token: Secret = secret("Token of an Argo CD account that may get, sync and update the application")
    argocd_application: str = text("The application that runs the bot", "megawatts")
    argocd_namespace: str = text("Its namespace, where applications live in several")
    argocd_project: str = text("Its project; unset: any")
    argocd_ca_file: str = text("Certificates to trust for it; unset: the system's")
    prometheus_url: str = text("Address of Prometheus; unset: the bot's own metrics page is read")
    prometheus_token: Secret = secret("Token for it, if it wants one")
    prometheus_labels: str = text("Labels that its series must have, such as namespace=prod; unset: any")
    prometheus_ca_file: str = text("Certificates to trust for it; unset: the system's")
    osv_api_base: str = text("Address that known vulnerabilities are asked of; `off`: nobody", "https://api.osv.dev")
    pypi_json_base: str = text("Address of the package index's JSON: licences, dates, hashes", "https://pypi.org/pypi")
    audit_severity: str = text("Least severity that refuses a dependency: low, medium, high, critical", "medium")
    audit_min_age_days: int = field(
        default=7, metadata=note("Days that a dependency's files must have been on the index", ge=0, le=365)
    )


def taken(environment: MutableMapping[str, str]) -> RoadSettings:
    """The settings in force. Their secrets are taken out of `environment`: no program that is started later has one."""
    found = road(environment)
    take_out(RoadSettings, environment)
    return found


def road(environment: Mapping[str, str] | None = None) -> RoadSettings:
    """The settings in force. Raises Misconfigured with every wrong one, each with what is allowed."""
    return read(RoadSettings, environment)
