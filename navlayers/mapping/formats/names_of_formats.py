"""The formats that are read: one module each."""

from __future__ import annotations

from typing import NamedTuple


class Format(NamedTuple):
    """A format: what people call it, and the module whose `read(source, context)` gives a set and its places.

    A set of a folder format is a folder of its files; one file of it is a set, too.
    """

    title: str
    module: str
    folder: bool = False


FORMATS = {
    "native": Format("native YAML", "navlayers.mapping.formats.native"),
    "mapex-json": Format("Mappings Explorer JSON", "navlayers.mapping.formats.explorer_json"),
    "mapex-yaml": Format("Mappings Explorer YAML", "navlayers.mapping.formats.explorer_yaml"),
    "csv": Format("a table as CSV or TSV", "navlayers.mapping.formats.csv_table"),
    "xlsx": Format("a table as XLSX", "navlayers.mapping.formats.xlsx_table"),
    "stix": Format("a STIX 2.1 bundle", "navlayers.mapping.formats.stix"),
    "security-stack": Format("CTID security stack YAML", "navlayers.mapping.formats.security_stack", folder=True),
    "layer": Format("an ATT&CK Navigator layer", "navlayers.mapping.formats.layer"),
    "dettect": Format("DeTT&CT technique administration", "navlayers.mapping.formats.dettect"),
    "dettect-visibility": Format("the same, for its visibility", "navlayers.mapping.formats.dettect_visibility"),
    "sigma": Format("Sigma rules", "navlayers.mapping.formats.sigma", folder=True),
}
"""Name → format, in the order in which they are listed."""

ENDINGS = (".yaml", ".yml", ".json", ".csv", ".tsv", ".xlsx", ".xlsm")
"""How files end that are looked at where a folder holds several sets."""
