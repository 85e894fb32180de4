"""Recovery codes: ten, shown once, each good for one sign-in.

Each has 120 random bits, so a plain hash of it is enough (ASVS 5.0, 6.5.2).
"""

import base64
import hashlib
import secrets

from sqlalchemy import delete, func, select, update

from billing_core import clock, db
from billing_core.credentials.factors.models import RecoveryCode

HOW_MANY = 10
_BYTES = 15
_LENGTH = 24


def make_codes(person_id: int) -> list[str]:
    """Ten new ones, as they are shown; the former ones are void."""
    forget_codes(person_id)
    codes = [_grouped(base64.b32encode(secrets.token_bytes(_BYTES)).decode()) for _ in range(HOW_MANY)]
    db.session().add_all(RecoveryCode(person_id=person_id, code_hash=_hash(code)) for code in codes)
    db.session().flush()
    return codes


def use_code(person_id: int, code: str) -> bool:
    """Use the code up; whether it was one of the person's that was unused. Of two at once one is right."""
    plain = _plain(code)
    if len(plain) != _LENGTH:
        return False
    unused = update(RecoveryCode).where(
        RecoveryCode.person_id == person_id, RecoveryCode.code_hash == _hash(plain), RecoveryCode.used_at.is_(None)
    )
    used = db.session().scalar(unused.values(used_at=clock.real_now()).returning(RecoveryCode.id))
    return used is not None


def codes_left(person_id: int) -> int:
    """How many can still be used."""
    unused = select(func.count()).where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None))
    return db.session().scalar(unused) or 0


def forget_codes(person_id: int) -> None:
    """None of the person's codes counts any more."""
    db.session().execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))


def _grouped(text: str) -> str:
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def _plain(code: str) -> str:
    return "".join(c for c in code.upper() if c not in "-–" and not c.isspace())


def _hash(code: str) -> str:
    return hashlib.sha256(_plain(code).encode("utf-8", "replace")).hexdigest()
