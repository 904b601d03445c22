"""Servers that speak TLS badly in one way each, and say who spoke to them all the same."""

import socket
import ssl
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SSL_REQUEST = bytes.fromhex("0000000804d2162f")
"""How a client of PostgreSQL asks for TLS: https://www.postgresql.org/docs/current/protocol-message-formats.html"""
NOTHING = (
    b"HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"
)
Key = ec.EllipticCurvePrivateKey
Alt = x509.IPAddress | x509.DNSName
HERE = x509.IPAddress(ip_address("127.0.0.1"))


class Authority:
    """One that nobody knows who is not told, and the certificates that it signs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ours")])
        self.file = folder / "ca.crt"
        made = self._begun(self.name, self.key, 1).add_extension(x509.BasicConstraints(True, None), critical=True)
        self.file.write_bytes(made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _begun(self, name: x509.Name, key: Key, days: int) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder().subject_name(name).issuer_name(self.name).public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=9)).not_valid_after(now + timedelta(days=days))
        )  # fmt: skip

    def leaf(self, names: Alt, days: int = 1) -> Path:
        """A certificate with its key, for these names, that ends in so many days."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
        made = self._begun(subject, key, days).add_extension(x509.SubjectAlternativeName([names]), critical=False)
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = self.folder / f"{x509.random_serial_number()}.pem"
        path.write_bytes(made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM) + secret)
        return path


@dataclass
class Server:
    """Takes connections until it is closed. `log`: one line for each that said something within TLS."""

    context: ssl.SSLContext
    log: Path
    listening: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self.log.touch()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listening.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Take no more."""
        self.listening.close()

    def _serve(self) -> None:
        while True:
            try:
                taken, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self._hear, args=(taken,), daemon=True).start()

    def _hear(self, taken: socket.socket) -> None:
        try:
            taken.settimeout(5)
            if taken.recv(8, socket.MSG_PEEK) == SSL_REQUEST:
                taken.recv(8)
                taken.sendall(b"S")
            with self.context.wrap_socket(taken, server_side=True) as inside:
                if inside.recv(4096):
                    with self.log.open("a") as lines:
                        lines.write(f"{inside.version()}\n")
                    inside.sendall(NOTHING)
        except OSError:
            return  # it hung up, which is what it shall do
        finally:
            taken.close()


def speaking(certificate: Path, least: ssl.TLSVersion, most: ssl.TLSVersion) -> ssl.SSLContext:
    """A server's side that speaks these versions, old ones included."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.set_ciphers("ALL:@SECLEVEL=0")  # else OpenSSL itself refuses what is old
    context.minimum_version, context.maximum_version = least, most
    return context
