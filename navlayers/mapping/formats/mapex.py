"""What the Mappings Explorer formats have in common: the fields of a row. Facts of the published JSON Schema."""

from __future__ import annotations

import msgspec

NON_MAPPABLE = "non_mappable"
COMPLETE = "complete"


class Row(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """One row of a Mappings Explorer file, field for field; what a row leaves out is None."""

    capability_id: str | None = None
    capability_description: str | None = None
    capability_group: str | None = None
    attack_object_id: str | None = None
    attack_object_name: str | None = None
    mapping_type: str | None = None
    status: str | None = None
    score_category: str | None = None
    score_value: str | None = None
    related_score: str | None = None
    comments: str | None = None
    references: tuple[str, ...] | None = None
    author: str | None = None
    author_contact: str | None = None
    author_organization: str | None = None
    attack_version: str | None = None
    mapping_framework: str | None = None
    mapping_framework_version: str | None = None
    technology_domain: str | None = None


MEANINGLESS = Row.__struct_fields__[12:]
"""Fields that repeat metadata of the set or say who wrote the row; kept in `other`."""
