"""Who we are on GitHub: an App with a short-lived installation token, or a person's token for trials."""

from dataclasses import dataclass, field

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from github import GithubIntegration
from github.Auth import AppAuth, Token
from github.Auth import Auth as LibraryAuth

from bot.core.errors import Misconfigured

API_URL = "https://api.github.com"


@dataclass(frozen=True, slots=True)
class PersonalToken:
    """A person's token. It cannot make check runs, and what it opens is that person's to approve: for trials."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AppKey:
    """A GitHub App as installed in one account. The key signs for ten minutes; the token it gives lives an hour.

    Source: docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
    """

    app_id: int
    private_key: str = field(repr=False)
    """PEM, RSA."""
    installation_id: int = 0


Auth = PersonalToken | AppKey


def library_auth(auth: Auth) -> LibraryAuth:
    """PyGithub's form of it; an installation token is fetched and renewed there. Misconfigured if it cannot sign."""
    if isinstance(auth, PersonalToken):
        if not auth.token.strip() or not auth.token.isprintable():
            raise Misconfigured("the GitHub token is empty or not one line: set GITHUB_TOKEN to the token alone")
        return Token(auth.token.strip())
    if auth.app_id <= 0 or auth.installation_id <= 0:
        raise Misconfigured("a GitHub App needs its number and its installation's: see the App's settings page")
    return _signing(auth).get_installation_auth(auth.installation_id)


def app_identity(auth: AppKey, base_url: str) -> tuple[str, int]:
    """Login and number of the App, asked with its own signature. Raises PyGithub's exceptions."""
    app = GithubIntegration(
        auth=_signing(auth),
        base_url=base_url,
        timeout=15,
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
    ).get_app()
    return f"{app.slug}[bot]", int(app.id)


def _signing(auth: AppKey) -> AppAuth:
    """The App, signing with a key that was read once: reading it takes thirty times as long as signing."""
    key = _read(auth.private_key)
    return AppAuth(auth.app_id, sign_func=lambda payload: jwt.encode(payload, key, algorithm="RS256"))


def _read(pem: str) -> RSAPrivateKey:
    fix = "download a new private key from the App's settings page and give it whole, with its first and last line"
    try:
        # Its numbers are checked when it signs; here only that it is a key.
        key = load_pem_private_key(pem.strip().encode(), password=None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError) as error:
        raise Misconfigured(f"the GitHub App's private key cannot be read: {fix}") from error
    if not isinstance(key, RSAPrivateKey):
        raise Misconfigured(f"the GitHub App's private key is not an RSA key: {fix}")
    return key
