"""What must be true of the audit trail: one chain of hashes from the first entry to the head, without a gap."""

import hashlib
import json
from collections.abc import Iterator

from tests.checker.books import Books, Row
from tests.checker.rules import at_any_time
from tests.checker.till import Till

TEXTS = ("at", "actor", "action", "subject")


@at_any_time(
    "the entries of the audit trail are 1 to n, each seals what it says and the one before it, and the head is n"
)
def _chain(books: Books, _till: Till) -> Iterator[str]:
    if "audit_head" not in books.tables:
        return
    number, seal = 0, b"\0" * 32
    for entry in books.rows("SELECT * FROM audit_entry ORDER BY id"):
        number += 1
        if entry["id"] != number:
            yield f"entry {entry['id']} stands in the place of {number}"
            return
        if bytes(entry["previous_seal"]) != seal:
            yield f"entry {number} follows another one"
            return
        seal = bytes(entry["seal"])
        if _sealed(entry) != seal:
            yield f"entry {number} was changed"
            return
    heads = [(row["entries"], bytes(row["seal"])) for row in books.rows("SELECT entries, seal FROM audit_head")]
    if heads != ([(number, seal)] if number else []):
        yield f"{number} entries, but {heads}"


def _sealed(entry: Row) -> bytes:
    """The canonical form by hand: names in order, no spaces, text as it is, numbers as digits."""
    said = {name: json.dumps(entry[name], ensure_ascii=False) for name in TEXTS}
    said["account"] = "null" if entry["account_id"] is None else str(entry["account_id"])
    said["detail"] = f'"{hashlib.sha256(bytes(entry["detail"])).hexdigest()}"'
    said["form"], said["id"] = "1", str(entry["id"])
    said["previous"] = f'"{bytes(entry["previous_seal"]).hex()}"'
    line = ",".join(f'"{name}":{said[name]}' for name in sorted(said))
    return hashlib.sha256(f"{{{line}}}".encode()).digest()
