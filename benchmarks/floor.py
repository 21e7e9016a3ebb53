"""The least that a build can cost: import the libraries, decode the input, encode and write the same bytes.

usage: floor.py INPUT_FOLDER_OR_FILE OUTPUT_FOLDER SCRATCH_FOLDER

OUTPUT_FOLDER holds what navlayers made of the input. Reading it back, so that there is something to encode, is not
part of the floor: its CPU seconds are printed, for the caller to take off.
"""

from __future__ import annotations

import hashlib
import sys
import time
from pathlib import Path

# Nothing of navlayers itself: the modules that it adds to its libraries are part of what it costs.
import click  # noqa: F401 - imported for its cost
import msgspec

source, made, scratch = map(Path, sys.argv[1:4])
started = time.process_time()
documents = {
    path.relative_to(made): msgspec.json.decode(path.read_bytes()) for path in sorted(made.rglob("*.json"))
}
taken_off = time.process_time() - started

inputs = sorted(source.glob("*attack-*.json")) if source.is_dir() else [source]
for path in inputs:
    msgspec.json.decode(path.read_bytes())
encode = msgspec.json.Encoder().encode
for name, document in documents.items():
    target = scratch / name
    target.parent.mkdir(parents=True, exist_ok=True)
    data = encode(document)
    hashlib.sha256(data).hexdigest()
    target.write_bytes(data)
print(taken_off)
