"""Who is looking, and what that person may do: read anew for every request, so that a change counts at once.

A viewer is a value, not a row. Queries take it as their first argument and find only what belongs to its accounts.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from billing_core import clock, db
from billing_core.errors import NotAllowed
from billing_core.people import BillingContact, Membership, Person
from billing_core.words import mark


class Realm(StrEnum):
    """The three separate places to be signed in to."""

    PORTAL = "portal"
    MY = "my"
    DESK = "desk"


class Right(StrEnum):
    """What a billing contact may do in the account beyond being a member."""

    VIEW = "view"
    ACCEPT = "accept"
    PAY = "pay"
    MANAGE = "manage"


@dataclass(frozen=True)
class Standing:
    """A person's place in one account: member, perhaps admin, perhaps billing contact with rights."""

    account_id: int
    account_public_id: str
    account_name: str
    account_kind: str
    is_admin: bool = False
    contact_id: int | None = None
    user_id: str = ""
    function: str = ""
    rights: frozenset[Right] = frozenset()
    requires_factor: bool = False
    """The account's contacts must have a second factor."""

    @property
    def is_contact(self) -> bool:
        """An active billing contact of the account."""
        return self.contact_id is not None


@dataclass(frozen=True)
class SessionFacts:
    """What a viewer carries from the session: it becomes part of the evidence of a decision."""

    session_id: int | None = None
    signed_in_at: datetime | None = None
    ip: str = ""
    user_agent: str = ""
    request_id: str = ""
    """The request that decides, as the logs name it."""
    ends_at: datetime | None = None
    """When the session ends by itself if no page is opened any more; in real time, not the demo's."""
    proof_until: datetime | None = None
    """Until when the person counts as proven; in real time. None: nobody can be asked, because there is no session, or
    because another site handed it over and asks by its own rules (ADR 43)."""


@dataclass(frozen=True)
class Looking:
    """Somebody of the vendor's staff looks as this person, and can change nothing (ADR 46)."""

    by: str
    until: datetime


@dataclass(frozen=True)
class Viewer:
    """A signed-in person in one realm. `current` is the chosen account's standing, where there is one."""

    realm: Realm
    person_id: int
    public_id: str
    display_name: str
    email: str
    locale: str
    staff_role: str | None = None
    standings: tuple[Standing, ...] = ()
    current: Standing | None = None
    facts: SessionFacts = SessionFacts()
    looking: Looking | None = None

    @property
    def actor(self) -> str:
        """The name under which the audit trail knows this viewer."""
        return f"{self.realm}:{self.public_id}"

    @property
    def account_ids(self) -> frozenset[int]:
        """The accounts whose objects exist for this viewer in the portal: those it is a billing contact of."""
        return frozenset(s.account_id for s in self.standings if s.is_contact)

    @property
    def administers(self) -> tuple[Standing, ...]:
        """The viewer's places in the accounts whose admin the viewer is."""
        return tuple(s for s in self.standings if s.is_admin)

    def standing_in(self, account_id: int) -> Standing | None:
        """The viewer's place in the account."""
        return next((s for s in self.standings if s.account_id == account_id), None)

    def may(self, right: Right, account_id: int) -> bool:
        """Whether the viewer holds the right as a billing contact of the account."""
        standing = self.standing_in(account_id)
        return standing is not None and standing.is_contact and right in standing.rights

    def is_staff(self, *roles: str) -> bool:
        """Whether the viewer is at the desk in one of the roles (any, where none is named)."""
        return self.realm is Realm.DESK and self.staff_role is not None and (not roles or self.staff_role in roles)


def demand(right: Right, viewer: Viewer, account_id: int) -> None:
    """Raise NotAllowed unless the viewer holds the right."""
    if not viewer.may(right, account_id):
        raise NotAllowed


class ProofNeeded(NotAllowed):
    """The deed takes a fresh proof that the person at the session is who signed in; a page asks for it (web.proof)."""

    message = mark("Confirm first that it is you.")


def demand_proof(viewer: Viewer) -> None:
    """Raise ProofNeeded where the person has not signed in or proven to be there for ten minutes (ASVS 5.0, 7.5.3)."""
    until = viewer.facts.proof_until
    if until is not None and clock.real_now() >= until:
        raise ProofNeeded


def demand_staff(viewer: Viewer, *roles: str) -> None:
    """Raise NotAllowed unless the viewer is at the desk in one of the roles."""
    if not viewer.is_staff(*roles):
        raise NotAllowed


def rights_of(contact: BillingContact) -> frozenset[Right]:
    """The rights that the contact's switches give; every active contact may view."""
    switches = {Right.ACCEPT: contact.may_accept, Right.PAY: contact.may_pay, Right.MANAGE: contact.may_manage}
    return frozenset({Right.VIEW, *(right for right, on in switches.items() if on)})


def standings_of(person_id: int) -> tuple[Standing, ...]:
    """The person's place in each of their open accounts, by account name. Two statements."""
    of_person = select(Membership).where(Membership.person_id == person_id).options(joinedload(Membership.account))
    members = db.session().scalars(of_person).all()
    active = select(BillingContact).where(BillingContact.person_id == person_id, BillingContact.removed_at.is_(None))
    contacts = {contact.account_id: contact for contact in db.session().scalars(active)}
    standings = [_standing(m, contacts.get(m.account_id)) for m in members if m.account.closed_on is None]
    return tuple(sorted(standings, key=lambda s: (s.account_name.casefold(), s.account_id)))


def _standing(member: Membership, contact: BillingContact | None) -> Standing:
    account = member.account
    place = Standing(
        account.id, account.public_id, account.name, account.kind, member.is_admin,
        requires_factor=account.requires_factor,
    )  # fmt: skip
    if contact is None:
        return place
    return replace(
        place, contact_id=contact.id, user_id=contact.user_id, function=contact.function, rights=rights_of(contact)
    )


def viewer_of(
    person: Person, realm: Realm, chosen_account: int | None = None, facts: SessionFacts | None = None
) -> Viewer:
    """The viewer that this person is in the realm now. In the portal only contacts of corporate accounts stand."""
    standings = () if realm is Realm.DESK else standings_of(person.id)
    if realm is Realm.PORTAL:
        standings = tuple(s for s in standings if s.is_contact and s.account_kind == "corporate")
    current = next((s for s in standings if s.account_id == chosen_account), None)
    if current is None and standings and (realm is Realm.PORTAL or len(standings) == 1):
        current = standings[0]
    return Viewer(
        realm=realm,
        person_id=person.id,
        public_id=person.public_id,
        display_name=person.name,
        email=person.email,
        locale=person.locale,
        staff_role=person.staff_role,
        standings=standings,
        current=current,
        facts=facts or SessionFacts(),
    )
