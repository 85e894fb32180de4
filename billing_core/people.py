"""People: who can sign in, which accounts they belong to, and who is a billing contact with which rights."""

import unicodedata
from contextlib import suppress
from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    SQLColumnExpression,
    String,
    UniqueConstraint,
    and_,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, aliased, joinedload, mapped_column, relationship

from billing_core import db
from billing_core.accounts import Account
from billing_core.db import Base, Instant, partial_index

STAFF_ROLES = ("rep", "rep_manager", "finance", "support")


class Person(Base):
    """A human being. `staff_role` is None for customers' people; `email` is where mail goes, not what signs in."""

    __tablename__ = "person"
    __table_args__ = (
        UniqueConstraint("source", "external_id", name="ux_person_source"),
        partial_index("ix_person_manager", "manager_id", where="manager_id IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    source: Mapped[str] = mapped_column(String(40))
    external_id: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254))
    phone: Mapped[str] = mapped_column(String(40), default="")
    locale: Mapped[str] = mapped_column(String(2))
    staff_role: Mapped[str | None] = mapped_column(String(16))
    discount_limit: Mapped[int] = mapped_column(default=1000)
    """Of a representative: the discount in basis points of the list price that needs no manager."""
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", name="fk_person_manager"))
    """Of a representative: who answers for the discounts and sees the accounts. Without one every manager does."""
    disabled_at: Mapped[datetime | None] = mapped_column(Instant)

    @property
    def is_active(self) -> bool:
        """May sign in at all."""
        return self.disabled_at is None


class LoginIdentifier(Base):
    """What a person signs in with. One canonical form belongs to one person (domain.md 3), in any case or form."""

    __tablename__ = "login_identifier"

    canonical: Mapped[str] = mapped_column(String(254), primary_key=True)
    shown: Mapped[str] = mapped_column(String(254))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)


class Membership(Base):
    """A person belongs to an account, as its admin or as one of its users. It gives no billing right by itself (S)."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("person_id", "account_id", name="ux_membership"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    is_admin: Mapped[bool] = mapped_column(default=False)

    account: Mapped[Account] = relationship(lazy="raise_on_sql")
    person: Mapped[Person] = relationship(lazy="raise_on_sql")


class BillingContact(Base):
    """A member who may see billing; each further right is a switch of its own. `user_id` is printed on mail."""

    __tablename__ = "billing_contact"
    __table_args__ = (
        UniqueConstraint("person_id", "account_id", name="ux_billing_contact"),
        partial_index("ux_primary_contact", "account_id", unique=True, where="is_primary"),
        CheckConstraint("removed_at IS NULL OR NOT is_primary", name="ck_primary_is_active"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    user_id: Mapped[str] = mapped_column(String(254))
    """The User ID as the person writes it: a username or an e-mail address."""
    function: Mapped[str] = mapped_column(String(80), default="")
    """Position in the company, shown with every decision."""
    may_accept: Mapped[bool] = mapped_column(default=False)
    may_pay: Mapped[bool] = mapped_column(default=False)
    may_manage: Mapped[bool] = mapped_column(default=False)
    """May change billing details."""
    is_primary: Mapped[bool] = mapped_column(default=False)
    held_until: Mapped[datetime | None] = mapped_column(Instant)
    """Of a new or changed contact: nothing is accepted before (billing_core.contacts.holding)."""
    removed_at: Mapped[datetime | None] = mapped_column(Instant)

    account: Mapped[Account] = relationship(lazy="raise_on_sql")
    person: Mapped[Person] = relationship(lazy="raise_on_sql")


LONGEST_IDENTIFIER = 254
"""Characters of a User ID in its canonical form, as the database keeps it."""


def is_identifier(text: str) -> bool:
    """Whether somebody can sign in with it: it can be kept, and its canonical form is a name or an address as it is."""
    canonical = canonical_identifier(text)
    return 0 < len(canonical) <= LONGEST_IDENTIFIER and ("@" in canonical) == ("@" in text)


def canonical_identifier(text: str) -> str:
    """The one form of a User ID: NFKC, case-folded, trimmed; the domain of an e-mail address in its ASCII form."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()
    local, at, domain = folded.rpartition("@")
    if at:
        with suppress(UnicodeError):  # no domain that exists: the identifier then simply belongs to nobody
            domain = domain.encode("idna").decode("ascii")
        return f"{local}@{domain}"
    return folded


def person_by_identifier(text: str) -> Person | None:
    """Whose User ID this is."""
    found = select(Person).join(LoginIdentifier).where(LoginIdentifier.canonical == canonical_identifier(text))
    return db.session().scalar(found)


def is_manager() -> ColumnElement[bool]:
    """A condition on Person: a manager of representatives who works here."""
    return and_(Person.staff_role == "rep_manager", Person.disabled_at.is_(None))


def managers_of(rep: Person | None) -> list[Person]:
    """The representative's manager; all managers where there is none, or one who does not work here any more."""
    own = db.session().scalar(select(Person).where(Person.id == rep.manager_id, is_manager())) if rep else None
    return [own] if own else list(db.session().scalars(select(Person).where(is_manager()).order_by(Person.id)))


def is_under(rep_id: SQLColumnExpression[int | None], manager_id: int) -> ColumnElement[bool]:
    """Whether a manager answers for what belongs to this representative.

    So for the own representatives, for those who have no manager, and for what has no representative.
    """
    others = select(Person.id).where(is_manager(), Person.id != manager_id)
    rep = aliased(Person)
    of_others = select(rep.id).where(rep.manager_id.in_(others))
    return or_(rep_id.is_(None), rep_id == manager_id, rep_id.not_in(of_others))


def contacts_of(account_id: int) -> list[BillingContact]:
    """The active billing contacts with their persons, the primary one first."""
    active = (
        select(BillingContact)
        .where(BillingContact.account_id == account_id, BillingContact.removed_at.is_(None))
        .options(joinedload(BillingContact.person))
        .order_by(BillingContact.is_primary.desc(), BillingContact.id)
    )
    return [contact for contact in db.session().scalars(active) if contact.person.is_active]
