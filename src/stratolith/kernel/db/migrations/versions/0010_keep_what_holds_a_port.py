"""Keep what holds a port."""

import sqlalchemy as sa
from alembic import op

from stratolith.kernel.db import types

revision = "0010"
down_revision = "0009"

# What held the ports of a cloud so far, found by what only this cloud's own services wrote:
# a router's interface has its router's project, a server's port the server's or was made for it.
HELD = (
    """
    UPDATE network_ports SET holder = 'dhcp', holder_id = network_id
    WHERE device_owner = 'network:dhcp' AND device_id = 'reserved_dhcp_port'
    """,
    """
    UPDATE network_ports SET holder = 'gateway', holder_id = device_id
    WHERE id IN (SELECT gateway_port_id FROM network_routers)
    """,
    """
    UPDATE network_ports SET holder = 'floatingip', holder_id = device_id
    WHERE id IN (SELECT floating_port_id FROM network_floatingips)
    """,
    """
    UPDATE network_ports SET holder = 'interface', holder_id = device_id
    WHERE device_owner = 'network:router_interface' AND EXISTS (
        SELECT 1 FROM network_routers r
        WHERE r.id = network_ports.device_id AND r.project_id = network_ports.project_id
    )
    """,
    """
    UPDATE network_ports SET holder = 'server', holder_id = device_id
    WHERE device_owner LIKE 'compute%' AND EXISTS (
        SELECT 1 FROM compute_servers s WHERE s.id = network_ports.device_id
        AND (s.project_id = network_ports.project_id OR network_ports.binding_host <> '')
    )
    """,
)


def upgrade() -> None:
    with op.batch_alter_table("network_ports", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("holder", sa.String(length=16), nullable=False, server_default="")
        )
        batch_op.add_column(
            sa.Column("holder_id", sa.String(length=36), nullable=False, server_default="")
        )
        batch_op.create_index("ix_network_ports_holder", ["holder_id", "holder"], unique=False)
    for statement in HELD:
        op.execute(sa.text(statement))


def downgrade() -> None:
    with op.batch_alter_table("network_ports", schema=None) as batch_op:
        batch_op.drop_index("ix_network_ports_holder")
        batch_op.drop_column("holder_id")
        batch_op.drop_column("holder")
