"""Keys that people make with ssh-keygen or openssl: what is taken, what is refused, and what is never said."""

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from bot.adapters.signing.ed25519 import Key, Ring, keyid
from bot.core.errors import Misconfigured
from tests.servers.absent import absent

pytestmark = pytest.mark.integration  # imports cryptography, runs ssh-keygen where it is there
RFC8032_SECRET = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
RFC8032_PUBLIC = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
RFC8032_SIGNATURE = (
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def public(private: Ed25519PrivateKey, name: str = "controller") -> str:
    return private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() + f" {name}\n"


def stored(path: Path, private: Ed25519PrivateKey, shape: PrivateFormat = PrivateFormat.PKCS8) -> Path:
    path.write_bytes(private.private_bytes(Encoding.PEM, shape, NoEncryption()))
    path.chmod(0o600)
    return path


def test_the_rfc_s_own_vector() -> None:
    private = Ed25519PrivateKey.from_private_bytes(RFC8032_SECRET)
    assert private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex() == RFC8032_PUBLIC
    key, ring = Key(private), Ring.read(public(private))
    assert key.sign(b"\x72").hex() == RFC8032_SIGNATURE
    assert ring.ids == {key.keyid}
    assert ring.check(key.keyid, b"\x72", bytes.fromhex(RFC8032_SIGNATURE))


@pytest.mark.parametrize("shape", [PrivateFormat.PKCS8, PrivateFormat.OpenSSH])
def test_a_key_of_openssl_and_one_of_ssh_keygen_sign(tmp_path: Path, shape: PrivateFormat) -> None:
    private = Ed25519PrivateKey.generate()
    key = Key.load(stored(tmp_path / "key", private, shape))
    assert key.keyid == keyid(private.public_key())
    assert Ring.read("# keys\n\n" + public(private)).check(key.keyid, b"m", key.sign(b"m"))


def test_what_ssh_keygen_makes_is_taken_as_it_is(tmp_path: Path) -> None:
    try:
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "k")], check=True)
    except FileNotFoundError:
        absent("ssh-keygen is not installed")
    key = Key.load(tmp_path / "k")
    assert Ring.read((tmp_path / "k.pub").read_text()).check(key.keyid, b"m", key.sign(b"m"))


def test_another_message_key_or_signature_does_not_pass() -> None:
    mine, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    key, ring = Key(mine), Ring.read(public(mine) + public(other))
    made = key.sign(b"m")
    assert not ring.check(key.keyid, b"n", made)
    assert not ring.check(keyid(other.public_key()), b"m", made)
    assert not ring.check("0" * 64, b"m", made)
    assert not ring.check(key.keyid, b"m", made[:-1])
    assert not ring.check(key.keyid, b"m", b"")


@pytest.mark.parametrize("line", ["ssh-rsa AAAA x", "ssh-ed25519 AAAA", "nonsense", "ssh-ed25519"])
def test_a_line_that_is_no_key_is_named(line: str) -> None:
    with pytest.raises(Misconfigured, match="line 2"):
        Ring.read(f"# keys\n{line}\n")


def test_a_private_key_that_others_may_read_or_of_another_kind_is_refused_without_a_word_of_it(tmp_path: Path) -> None:
    loose = stored(tmp_path / "loose", Ed25519PrivateKey.generate())
    loose.chmod(0o640)
    wrong = tmp_path / "wrong"
    wrong.write_bytes(
        generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    wrong.chmod(0o600)
    text = tmp_path / "text"
    text.write_text("hunter2")
    text.chmod(0o600)
    for path, why in ((loose, "chmod 600"), (wrong, "ed25519"), (text, "no private key"), (tmp_path / "none", "read")):
        with pytest.raises(Misconfigured, match=why) as said:
            Key.load(path)
        assert "hunter2" not in str(said.value)
        assert str(tmp_path) not in str(said.value)
