"""Machines join by a token, come by mutual TLS, renew, leave, and are shut out."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from stratolith.kernel.agent import admission
from stratolith.kernel.agent.admission import CannotJoin
from stratolith.kernel.agent.client import Refused, Unreachable, by_tls, tls_context
from stratolith.kernel.agent.member import Membership, Renewal, new_request
from stratolith.kernel.clock import utcnow
from stratolith.kernel.hosts import records
from stratolith.kernel.hosts.authority import Authority, fingerprint
from stratolith.kernel.hosts.authority_store import authority
from stratolith.kernel.hosts.records import HostRecord, JoinToken
from tests.api.kernel.joining import Served, served
from tests.testcloud import TestCloud


@pytest.fixture
def door(cloud: TestCloud, tmp_path: Path) -> Iterator[Served]:
    with served(cloud.env, tmp_path) as found:
        yield found


def row(door: Served, name: str) -> HostRecord:
    with door.env.db.read() as session:
        found = records.named(session, name)
        session.expunge_all()
    assert found is not None
    return found


def change(door: Served, name: str, **values: object) -> None:
    with door.env.db.write() as session:
        found = records.named(session, name)
        assert found is not None
        for key, value in values.items():
            setattr(found, key, value)


def test_a_machine_joins_and_works(door: Served, tmp_path: Path) -> None:
    agent = door.join(tmp_path / "a", "host-a")
    joined = row(door, "host-a")
    assert joined.state == records.JOINING and joined.certificates
    assert agent.hints("host-a", "", 0, 0.0).everything
    agent.seen("host-a", "1", ["guests"], utcnow())
    assert agent.view("host-a", "guests", None)
    assert agent.report("host-a", "guests", {"unknown": []}) == {"destroy": []}
    found = row(door, "host-a")
    assert (found.id, found.state) == (joined.id, records.ACTIVE)
    held = x509.load_pem_x509_certificate((tmp_path / "a/host/host.pem").read_bytes())
    assert found.certificates == [f"{held.serial_number:x}"]
    assert found.certificate_ends_at == held.not_valid_after_utc


def test_what_a_machine_keeps_is_for_its_owner_alone(door: Served, tmp_path: Path) -> None:
    door.join(tmp_path / "a", "host-a")
    folder = tmp_path / "a" / "host"
    assert sorted(path.name for path in folder.iterdir()) == [
        "authority.pem", "host.json", "host.pem",
    ]  # fmt: skip
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.iterdir())
    if door.env.db.is_sqlite:
        path = door.env.settings.state_dir / "authority.pem"
        assert path.stat().st_mode & 0o777 == 0o600


def test_the_certificate_is_the_identity_not_the_path(door: Served, tmp_path: Path) -> None:
    agent = door.join(tmp_path / "a", "host-a")
    other = door.join(tmp_path / "b", "host-b")
    for ask in (
        lambda: agent.hints("host-b", "", 0, 0.0),
        lambda: agent.seen("host-b", "1", [], utcnow()),
        lambda: agent.view("host-b", "guests", None),
        lambda: agent.report("host-b", "guests", {}),
        lambda: agent.renew("host-b", new_request()[1]),
    ):
        with pytest.raises(Refused, match="403 Host host-a may not access"):
            ask()
    other.seen("host-b", "1", [], utcnow())


def test_the_socket_is_the_host_of_the_server(door: Served) -> None:
    here = socket.gethostname()
    assert door.as_admin("GET", f"/v1/hosts/{here}/hints?timeout=0").status_code == 200
    assert door.as_admin("GET", "/v1/hosts/elsewhere/hints?timeout=0").status_code == 403


def test_without_a_certificate_nothing_is_answered(door: Served) -> None:
    pem = authority(door.env).pem
    with by_tls(door.address, lambda: tls_context(pem))() as client:
        assert client.get("/v1/hosts/host-a/hints").status_code == 401
        assert client.get("/v1/cloud/hosts").status_code == 401
        assert client.get("/v1/authority").text == pem


def test_plain_http_is_not_answered(door: Served) -> None:
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://{door.address}/v1/authority")


# -- tokens ----------------------------------------------------------------------------------------


def test_a_token_lets_one_machine_in(door: Served, tmp_path: Path) -> None:
    token = door.token()
    door.join(tmp_path / "a", "host-a", token)
    with pytest.raises(CannotJoin, match="already used"):
        door.join(tmp_path / "b", "host-b", token)
    assert not (tmp_path / "b").exists()


def test_a_token_is_never_taken_for_an_option(door: Served) -> None:
    assert all(door.token()[0].isalnum() for _ in range(300))


def test_a_token_ends(door: Served, tmp_path: Path) -> None:
    token = door.token(minutes=1)
    with door.env.db.write() as session:
        session.query(JoinToken).update({"ends_at": utcnow() - timedelta(seconds=1)})
    with pytest.raises(CannotJoin, match="has expired"):
        door.join(tmp_path / "a", "host-a", token)


def test_a_token_of_nobody_is_refused(door: Served, tmp_path: Path) -> None:
    print_ = authority(door.env).fingerprint
    with pytest.raises(CannotJoin, match="is unknown"):
        door.join(tmp_path / "a", "host-a", f"guessed.{print_}")
    with pytest.raises(CannotJoin, match="is incomplete"):
        door.join(tmp_path / "a", "host-a", "guessed")


def test_the_database_does_not_hold_the_secret(door: Served) -> None:
    secret = door.token().partition(".")[0]
    with door.env.db.read() as session:
        (kept,) = session.query(JoinToken).all()
        assert secret not in kept.hash and len(kept.hash) == 64


def test_the_secret_is_told_to_no_other_cloud(door: Served, tmp_path: Path) -> None:
    """The token has the fingerprint of its cloud's authority; this server shows another."""
    secret = door.token().partition(".")[0]
    elsewhere = Authority.make("another", utcnow()).fingerprint
    with pytest.raises(CannotJoin, match="another cloud"):
        door.join(tmp_path / "a", "host-a", f"{secret}.{elsewhere}")
    with door.env.db.read() as session:  # nobody was told: it is not spent
        assert session.query(JoinToken).one().host is None


def test_a_host_cannot_pretend_to_be_the_server(door: Served, tmp_path: Path) -> None:
    door.join(tmp_path / "a", "host-a")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "a/host/host.pem")
    client = tls_context(authority(door.env).pem)
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(to_client, to_server, server_hostname="server.stratolith.internal")
    pretender = context.wrap_bio(to_server, to_client, server_side=True)
    with pytest.raises(ssl.SSLCertVerificationError):
        for side in (asking, pretender) * 4:
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue


def test_the_name_of_another_host_is_not_given_away(door: Served, tmp_path: Path) -> None:
    door.join(tmp_path / "a", "host-a").seen("host-a", "1", [], utcnow())
    token = door.token()
    with pytest.raises(CannotJoin, match="There is a host host-a already"):
        door.join(tmp_path / "b", "host-a", token)
    with pytest.raises(CannotJoin, match="name of the server's machine"):
        door.join(tmp_path / "b", socket.gethostname(), token)
    for name in ("", "a b", "../x", "x" * 64):
        with pytest.raises(CannotJoin, match="cannot be the name of a host"):
            door.join(tmp_path / "b", name, token)
    door.join(tmp_path / "b", "host-b", token)  # what was refused did not use it up


def test_names_of_hosts_differ_in_more_than_case(door: Served, tmp_path: Path) -> None:
    door.join(tmp_path / "a", "host-a").seen("host-a", "1", [], utcnow())
    token = door.token()
    with pytest.raises(CannotJoin, match="There is a host host-a already"):
        door.join(tmp_path / "b", "Host-A", token)
    with pytest.raises(CannotJoin, match="name of the server's machine"):
        door.join(tmp_path / "b", socket.gethostname().swapcase(), token)
    assert door.as_admin("DELETE", "/v1/cloud/hosts/host-a").status_code == 204
    door.join(tmp_path / "b", "Host-A", token)


def test_a_name_is_kept_for_the_machine_that_joins(door: Served, tmp_path: Path) -> None:
    """The second of two machines with one name is refused, until the first is late."""
    agent = door.join(tmp_path / "a", "host-a")
    token = door.token()
    with pytest.raises(CannotJoin, match="is joining as host-a now"):
        door.join(tmp_path / "b", "host-a", token)
    agent.hints("host-a", "", 0, 0.0)  # the certificate of the first is valid as before
    change(door, "host-a", joined_at=utcnow() - timedelta(minutes=3))
    door.join(tmp_path / "b", "host-a", token)
    with pytest.raises(CannotJoin, match="host remove host-a"):
        door.join(tmp_path / "a", "host-a")
    assert door.as_admin("DELETE", "/v1/cloud/hosts/host-a").status_code == 204
    door.join(tmp_path / "a", "host-a").seen("host-a", "1", [], utcnow())


# -- certificates ----------------------------------------------------------------------------------


def hold(door: Served, folder: Path, authority: Authority, begun: datetime) -> None:
    """Give host-a a certificate of this authority that is listed in its row, and is good a day."""
    key, request = new_request()
    host_id = row(door, "host-a").id
    signed = authority.sign_host(request, host_id, "host-a", begun, timedelta(days=1))
    change(door, "host-a", certificates=[signed.serial])
    Membership(folder).take(key, signed.pem)


def test_a_certificate_of_another_authority_is_refused(door: Served, tmp_path: Path) -> None:
    agent = door.join(tmp_path / "a", "host-a")
    hold(door, tmp_path / "a", Authority.make("another", utcnow()), utcnow())
    agent.reconnect()
    with pytest.raises(Unreachable):
        agent.hints("host-a", "", 0, 0.0)


def test_a_certificate_that_ended_is_refused(door: Served, tmp_path: Path) -> None:
    agent = door.join(tmp_path / "a", "host-a")
    assert Membership(tmp_path / "a").lack(utcnow()) == ""
    hold(door, tmp_path / "a", authority(door.env), utcnow() - timedelta(days=2))
    assert "host remove host-a" in Membership(tmp_path / "a").lack(utcnow())
    agent.reconnect()
    with pytest.raises(Unreachable):
        agent.hints("host-a", "", 0, 0.0)


def test_a_certificate_that_is_not_in_the_row_is_refused(door: Served, tmp_path: Path) -> None:
    agent = door.join(tmp_path / "a", "host-a")
    agent.seen("host-a", "1", [], utcnow())
    change(door, "host-a", certificates=["abc"])
    with pytest.raises(Refused, match=r"401 .*no longer valid"):  # on the connection that was open
        agent.seen("host-a", "1", [], utcnow())


def test_an_agent_renews_its_certificate_before_it_ends(door: Served, tmp_path: Path) -> None:
    agent = door.join(tmp_path / "a", "host-a")
    membership = Membership(tmp_path / "a")
    renewal = Renewal(membership, agent)
    first = row(door, "host-a")
    assert first.certificate_ends_at is not None
    assert renewal.look(datetime.now(UTC)) is False
    old = membership.credentials.read_text()
    assert renewal.look(datetime.now(UTC) + timedelta(days=3)) is True
    second = row(door, "host-a")
    assert second.certificates[0] == first.certificates[0] and len(second.certificates) == 2
    assert second.fingerprint == fingerprint(membership.credentials.read_text())
    agent.seen("host-a", "1", [], utcnow())
    # the answer to a renewal was lost: the old one still works, and renews again
    membership.credentials.write_text(old)
    agent.reconnect()
    assert renewal.look(datetime.now(UTC) + timedelta(days=3)) is True
    third = row(door, "host-a")
    assert third.certificates[0] == first.certificates[0] and len(third.certificates) == 2
    assert second.certificates[1] not in third.certificates
    agent.seen("host-a", "1", [], utcnow())


def test_a_certificate_is_for_who_renews_it(door: Served, tmp_path: Path) -> None:
    agent = door.join(tmp_path / "a", "host-a")
    key, request = new_request()
    pem = agent.renew("host-a", request)
    held = x509.load_pem_x509_certificate(pem.encode())
    assert held.subject.rfc4514_string() == "CN=host-a"
    Membership(tmp_path / "a").take(key, pem)
    agent.reconnect()
    agent.seen("host-a", "1", [], utcnow())
    with pytest.raises(Refused, match=r"400 .*not a certificate signing request"):
        agent.renew("host-a", "nonsense")


# -- leaving ---------------------------------------------------------------------------------------


def test_a_removed_host_is_shut_out_at_once_and_may_join_again(
    door: Served, tmp_path: Path
) -> None:
    agent = door.join(tmp_path / "a", "host-a")
    agent.seen("host-a", "1", [], utcnow())
    before = row(door, "host-a").id
    assert door.as_admin("DELETE", "/v1/cloud/hosts/host-a").status_code == 204
    with pytest.raises(Refused, match="401"):
        agent.seen("host-a", "1", [], utcnow())
    assert row(door, "host-a").state == records.LEFT
    assert door.as_admin("DELETE", "/v1/cloud/hosts/host-a").status_code == 404
    door.join(tmp_path / "a", "host-a").seen("host-a", "1", [], utcnow())
    assert (row(door, "host-a").id, row(door, "host-a").state) == (before, records.ACTIVE)


def test_a_host_leaves_by_itself(door: Served, tmp_path: Path) -> None:
    agent = door.join(tmp_path / "a", "host-a")
    agent.seen("host-a", "1", [], utcnow())
    agent.leave("host-a", force=False)
    assert row(door, "host-a").state == records.LEFT
    with pytest.raises(Refused, match="401"):
        agent.view("host-a", "guests", None)


def test_nobody_answers_where_no_server_is() -> None:
    with pytest.raises(CannotJoin, match="No server of a cloud answers"):
        admission.ask("127.0.0.1:9", "a.b", "host-a")
