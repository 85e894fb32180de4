"""Passkeys as second factors: adding one, and the answers that they give.

What a passkey signs is made from facts that change with every answer that was taken (`challenge`), so nothing has to be
kept between the page and its form, and no answer counts twice.
"""

from collections.abc import Sequence

from sqlalchemy import select

from billing_core import clock, db, templating
from billing_core.credentials.factors import ceremonies, seals
from billing_core.credentials.factors.ceremonies import Answer, Site
from billing_core.credentials.factors.models import Passkey
from billing_core.credentials.identifiers import shown_user_id
from billing_core.people import Person

MOST = 10
"""Passkeys of one person; more than anybody keeps apart."""

challenge = seals.challenge


def passkeys_of(person_id: int) -> Sequence[Passkey]:
    """The person's passkeys, the oldest first. One statement."""
    return db.session().scalars(select(Passkey).where(Passkey.person_id == person_id).order_by(Passkey.id)).all()


def to_create(person: Person, site: Site, signs: bytes) -> str:
    """What the browser needs to make another passkey for the person; as JSON."""
    handle = seals.challenge("handle", person.public_id)
    user = (handle, shown_user_id(person.id) or person.email, person.name)
    return ceremonies.to_create(site, templating.brand().name, user, signs, _ids(person.id))


def to_use(person_id: int, site: Site, signs: bytes) -> str:
    """What the browser needs to ask one of the person's passkeys; as JSON, empty where there is none."""
    known = _ids(person_id)
    return ceremonies.to_use(site, signs, known) if known else ""


def keep_passkey(person_id: int, answer: Answer, signs: bytes, name: str) -> Passkey | None:
    """Keep the passkey that the browser has made; none where its answer does not hold, or it is there already."""
    made = ceremonies.created(answer, signs)
    if made is None:
        return None
    kept = db.add_if_absent(
        Passkey, public_id=db.public_id("psk"), person_id=person_id, credential_id=made.credential_id,
        public_key=made.public_key, sign_count=made.sign_count, name=name, added_at=clock.real_now(),
    )  # fmt: skip
    if not kept:
        return None
    return db.session().scalars(select(Passkey).where(Passkey.credential_id == made.credential_id)).one()


def use_passkey(person_id: int, answer: Answer, signs: bytes) -> bool:
    """Whether the answer is of one of the person's passkeys and holds; its counter moves on then."""
    named = ceremonies.credential_in(answer)
    if named is None:
        return False
    mine = select(Passkey).where(Passkey.person_id == person_id, Passkey.credential_id == named)
    passkey = db.session().scalar(mine.with_for_update(), execution_options={"populate_existing": True})
    if passkey is None:
        return False
    count = ceremonies.count_after(answer, signs, passkey.public_key, passkey.sign_count)
    if count is None:
        return False
    passkey.sign_count, passkey.used_at = count, clock.real_now()
    return True


def _ids(person_id: int) -> list[bytes]:
    return [passkey.credential_id for passkey in passkeys_of(person_id)]
