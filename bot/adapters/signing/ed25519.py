"""Ed25519 (RFC 8032): the controller's key signs records, and the keys that the base names check them."""

import hashlib
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_ssh_private_key,
    load_ssh_public_key,
)

from bot.core.errors import Misconfigured

KEYS = ".github/provenance.keys"
"""Public keys, one a line as in OpenSSH's `.pub` files: `ssh-ed25519 AAAA... whose it is`."""
_LOOSE = 0o077


class Key:
    """A private key in memory. It is never printed, and neither is where it lies."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.keyid = keyid(private.public_key())

    @classmethod
    def load(cls, path: Path) -> "Key":
        """From a file of `ssh-keygen -t ed25519 -N ''` or `openssl genpkey -algorithm ed25519`.

        Misconfigured if it is not there, others may read it, or it is no such key.
        """
        try:
            mode, data = path.stat().st_mode, path.read_bytes()
        except OSError as error:
            raise Misconfigured("the provenance key cannot be read: check PROVENANCE_KEY_FILE") from error
        if mode & _LOOSE:
            raise Misconfigured("others may read the provenance key: run `chmod 600` on it")
        load = load_ssh_private_key if b"OPENSSH PRIVATE KEY" in data else load_pem_private_key
        try:
            private = load(data, None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise Misconfigured("the provenance key is no private key without a passphrase") from error
        if not isinstance(private, Ed25519PrivateKey):
            raise Misconfigured("the provenance key is not of the kind ed25519: make one with ssh-keygen -t ed25519")
        return cls(private)

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the signature."""
        return self._private.sign(message)


class Ring:
    """Public keys by their id."""

    def __init__(self, keys: dict[str, Ed25519PublicKey]) -> None:
        self._keys = keys

    @classmethod
    def read(cls, *texts: str) -> "Ring":
        """The keys of such files. Misconfigured names the line that is none."""
        keys: dict[str, Ed25519PublicKey] = {}
        for text in texts:
            for number, line in enumerate(text.splitlines(), start=1):
                if line.strip() and not line.lstrip().startswith("#"):
                    key = _public(number, line)
                    keys[keyid(key)] = key
        return cls(keys)

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all keys."""
        return frozenset(self._keys)

    def check(self, key: str, message: bytes, signature: bytes) -> bool:
        """Whether that key made the signature. A key that is not here made none."""
        public = self._keys.get(key)
        if public is None:
            return False
        try:
            public.verify(signature, message)
        except InvalidSignature:
            return False
        return True


def keyid(key: Ed25519PublicKey) -> str:
    """SHA-256 of the raw key, in hex."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()


def _public(number: int, line: str) -> Ed25519PublicKey:
    try:
        key = load_ssh_public_key(line.strip().encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Misconfigured(f"{KEYS}, line {number}, is no public key: write `ssh-ed25519 AAAA... name`") from error
    if not isinstance(key, Ed25519PublicKey):
        raise Misconfigured(f"{KEYS}, line {number}, is not of the kind ssh-ed25519")
    return key
