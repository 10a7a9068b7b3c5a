"""Names of ports in the cloud's domain, which the DHCP servers answer.

The domain is the setting ``network.dhcp_domain``. As upstream, users of a cloud with the default
domain cannot choose names: ``dns_name`` of a port is checked and then ignored there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stratolith.kernel.context import Context
from stratolith.network.exceptions.general import HTTPBadRequest
from stratolith.network.models import Port
from stratolith.network.settings import NetworkSettings

DEFAULT_DOMAIN = "openstacklocal."
MAX_LENGTH = 255


def domain_of(ctx: Context) -> str:
    """The cloud's domain with a dot at its end; "" for none."""
    domain = ctx.env.settings.of(NetworkSettings).dhcp_domain
    return domain if not domain or domain.endswith(".") else f"{domain}."


def is_chosen(domain: str) -> bool:
    """Whether ports may have names in the domain."""
    return domain not in ("", DEFAULT_DOMAIN)


def values_for(ctx: Context, values: Mapping[str, Any]) -> dict[str, str]:
    """The names in ``values`` that a port stores; raises HTTPBadRequest for a name elsewhere."""
    domain = domain_of(ctx)
    given = {name: values[name] for name in ("dns_name", "dns_domain") if name in values}
    if not given or not is_chosen(domain):
        return {}
    reason = _fault(given.get("dns_name", ""), domain)
    if reason:
        raise HTTPBadRequest(f"Invalid input for dns_name. Reason: {reason}")
    return given


def name_server_port(ctx: Context, port: Port, hostname: str) -> None:
    """Name a server's port after the server; a host name outside the domain names no port."""
    domain, name = domain_of(ctx), hostname.lower()
    if is_chosen(domain) and not _fault(name, domain):
        port.dns_name = name


def assignments(
    domain: str, dns_name: str, fixed_ips: Iterable[Mapping[str, str]]
) -> list[dict[str, str]]:
    """``dns_assignment`` of a port: the name of each of its addresses."""
    rows, chosen = [], dns_name if is_chosen(domain) else ""
    for fixed_ip in fixed_ips:
        address = fixed_ip["ip_address"]
        name = chosen or "host-" + address.replace(".", "-").replace(":", "-")
        fqdn = name if name.endswith(".") or not domain else f"{name}.{domain}"
        rows.append({"ip_address": address, "hostname": name, "fqdn": fqdn})
    return rows


def _fault(name: str, domain: str) -> str:
    """What is wrong with a port's name in this domain, "" for nothing."""
    if not name:
        return ""
    if not name.endswith("."):
        if len(name) + 1 + len(domain) > MAX_LENGTH:
            return (
                f"The dns_name passed is a PQDN of {len(name)} characters. With the cloud's domain "
                f"'{domain}' it exceeds the {MAX_LENGTH} characters of a FQDN."
            )
    elif not name.endswith(f".{domain}"):
        return (
            "The dns_name passed is a FQDN. Its higher level labels must be equal to the cloud's "
            f"domain '{domain}', with at least one label to the left of it."
        )
    return ""
