"""The first objects of a new cloud: flavors and the user's keypair."""

from __future__ import annotations

from sqlalchemy import func, select

from stratolith.compute.managers import flavors, keypairs
from stratolith.compute.managers.flavors import FlavorSpec
from stratolith.compute.models import Flavor, Keypair
from stratolith.identity.managers import users
from stratolith.kernel.bootstrap import Seed
from stratolith.kernel.context import Context

# With the names and ids of DevStack and other well-known clouds.
FLAVORS = [
    FlavorSpec("m1.tiny", flavor_id="1", ram=512, disk=1, vcpus=1),
    FlavorSpec("m1.small", flavor_id="2", ram=2048, disk=20, vcpus=1),
    FlavorSpec("m1.medium", flavor_id="3", ram=4096, disk=40, vcpus=2),
    FlavorSpec("m1.large", flavor_id="4", ram=8192, disk=80, vcpus=4),
    FlavorSpec("m1.xlarge", flavor_id="5", ram=16384, disk=160, vcpus=8),
    FlavorSpec("m1.nano", flavor_id="42", ram=192, disk=1, vcpus=1),
    FlavorSpec("m1.micro", flavor_id="84", ram=256, disk=1, vcpus=1),
    FlavorSpec("cirros256", flavor_id="c1", ram=256, disk=1, vcpus=1),
]
USERS = ("demo", "admin")


def make(ctx: Context, seed: Seed) -> None:
    """Create the flavors of an empty cloud, and the seed's keypair if it has one; idempotent."""
    if seed.is_left_to_kolla:
        return
    if not ctx.session.scalar(select(func.count()).select_from(Flavor)):
        for spec in FLAVORS:
            flavors.create(ctx, spec)
    if seed.keypair is None:
        return
    material = keypairs.read_ssh(seed.keypair.public_key)
    for name in USERS:
        user = users.by_name(ctx, name)
        taken = select(Keypair.id).where(
            Keypair.user_id == user.id, Keypair.name == seed.keypair.name
        )
        if ctx.session.scalar(taken) is None:
            ctx.session.add(
                Keypair(
                    user_id=user.id,
                    name=seed.keypair.name,
                    type="ssh",
                    fingerprint=material.fingerprint,
                    public_key=material.public_key,
                )
            )
