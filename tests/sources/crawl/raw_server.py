"""A server that says exactly the bytes it is told to, over plain sockets or TLS.

Web frameworks repair what they send; here answers are broken on purpose.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

# Gets a connection and the head of the request.
Speaker = Callable[[socket.socket, str], None]


def response(
    body: bytes, status: str = "200 OK", length: int | None = None, **headers: str
) -> bytes:
    """An answer as bytes; `content_type="a/b"` stands for `content-type: a/b`."""
    named = {"content_type": "application/json", **headers}
    lines = [f"{name.replace('_', '-')}: {text}" for name, text in named.items()]
    head = [f"HTTP/1.1 {status}", *lines]
    head.append(f"content-length: {len(body) if length is None else length}")
    return "\r\n".join([*head, "connection: close", "", ""]).encode() + body


def says(data: bytes) -> Speaker:
    """Say the same to everybody."""
    return lambda connection, head: connection.sendall(data)


@contextmanager
def speaking(
    speaker: Speaker, tls: ssl.SSLContext | None = None
) -> Iterator[tuple[int, list[str]]]:
    """Serve on a free port; gives it and the heads of the requests."""
    listener = socket.create_server(("127.0.0.1", 0))
    heads: list[str] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        # Callers hang up on what they don't like.
        with contextlib.suppress(OSError), connection:
            if tls is not None:
                connection = tls.wrap_socket(connection, server_side=True)
            data = b""
            while b"\r\n\r\n" not in data:
                part = connection.recv(65_536)
                if not part:
                    return
                data += part
            heads.append(data.decode())
            speaker(connection, heads[-1])
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65_536):
                pass

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1], heads
    finally:
        # Wakes the thread that accepts.
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def certificate(folder: Path) -> Path:
    """A certificate for localhost that nobody else has signed, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file
