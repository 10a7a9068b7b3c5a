"""How a machine asks to join a cloud: the client's side."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

import httpx
import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from stratolith.kernel.agent.client import by_tls, tls_context
from stratolith.kernel.agent.failures import in_words
from stratolith.kernel.agent.member import Member, Membership, new_request
from stratolith.kernel.agent.protocol import Join, Joined


class CannotJoin(Exception):
    """The text gives the reason."""


@dataclass(frozen=True)
class Admission:
    """The result of a successful join; ``keep`` writes it to files."""

    member: Member
    authority: str
    key: str
    certificate: str
    cloud: str

    def keep(self, membership: Membership) -> None:
        membership.write(self.member, self.authority, self.key, self.certificate)


def ask(server: str, token: str, name: str) -> Admission:
    """Join the cloud whose server is at ``server`` (ADDRESS:PORT) under this name.

    The authority that the server shows must have the fingerprint in the token. The secret is sent
    only after this check, and only to a server with a certificate of that authority. Raises
    CannotJoin.
    """
    _, dot, wanted = token.partition(".")
    if not dot or not wanted:
        raise CannotJoin("The token is incomplete: it must have two parts separated by a dot.")
    try:
        authority = _authority(server, wanted)
        key, request = new_request()
        body = msgspec.json.encode(Join(token=token, name=name, request=request))
        with by_tls(server, lambda: tls_context(authority))() as client:
            answer = client.post("/v1/join", content=body)
    except httpx.TransportError as error:
        raise CannotJoin(f"No server of a cloud answers at {server}: {in_words(error)}.") from None
    if answer.status_code != 200:
        raise CannotJoin(f"The server at {server} refuses: {answer.text.strip()}")
    joined = msgspec.json.decode(answer.content, type=Joined)
    member = Member(id=joined.id, name=name, server=server)
    return Admission(member, authority, key, joined.certificate, joined.cloud)


def _authority(server: str, wanted: str) -> str:
    """The certificate with this fingerprint; raises CannotJoin for another certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # verified by its fingerprint below
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with by_tls(server, lambda: context)() as client:
        answer = client.get("/v1/authority")
    try:
        shown = x509.load_pem_x509_certificate(answer.content).fingerprint(hashes.SHA256()).hex()
    except ValueError:
        raise CannotJoin(
            f"The program that answers at {server} is not a server of a cloud."
        ) from None
    if shown != wanted:
        raise CannotJoin(
            f"The server at {server} belongs to another cloud than the token, or the connection is "
            "intercepted. The secret was not sent."
        )
    return answer.text
