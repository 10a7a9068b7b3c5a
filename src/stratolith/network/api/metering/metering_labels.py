"""/metering/metering-labels"""

from __future__ import annotations

from stratolith.kernel.http.resource import Listing, Resource, Verb, boolean, each, exact, named
from stratolith.network import models as m
from stratolith.network.api.filters import or_all
from stratolith.network.api.style import STYLE
from stratolith.network.exceptions.metering import MeteringLabelNotFound
from stratolith.network.managers import abilities
from stratolith.network.managers.metering import metering_labels
from stratolith.network.schemas.metering import METERING_LABEL, render_label

_KEYS = ("id", "name", "description", "project_id", "shared")
METERING_LABELS = Resource(
    METERING_LABEL.name,
    STYLE,
    path="/metering/metering-labels",
    load=metering_labels.get,
    rendered=each(lambda ctx, label: render_label(label)),
    attributes=METERING_LABEL,
    listing=Listing(
        m.MeteringLabel,
        visible=or_all(lambda ctx: ctx.own(m.MeteringLabel.project_id)),
        filters={
            "id": exact(m.MeteringLabel.id),
            "name": named(m.MeteringLabel.name),
            "description": exact(m.MeteringLabel.description),
            "project_id": exact(m.MeteringLabel.project_id),
            "tenant_id": exact(m.MeteringLabel.project_id),
            "shared": boolean(m.MeteringLabel.shared),
        },
        sort_keys={
            **{name: getattr(m.MeteringLabel, name) for name in _KEYS},
            "tenant_id": m.MeteringLabel.project_id,
        },
        default_sort=[("id", "asc")],
        missing=lambda marker: MeteringLabelNotFound(label_id=marker),
    ),
    create=Verb(abilities.of(abilities.METERING, metering_labels.create)),
    delete=Verb(metering_labels.delete),
)
ROUTES = METERING_LABELS.routes
