"""Rows behind sign-in. Nothing in here can be used by someone who reads the table: only hashes are stored."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing_core.db import Base, Instant
from billing_core.people import Person


class Password(Base):
    """A person's argon2id hash. No row: the person has not created a password yet."""

    __tablename__ = "password"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    hash: Mapped[str] = mapped_column(String(255))
    changed_at: Mapped[datetime] = mapped_column(Instant)


class PasswordLink(Base):
    """A single-use link to create or reset a password; the SHA-256 of its 256-bit token."""

    __tablename__ = "password_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    voided_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)

    person: Mapped[Person] = relationship(lazy="raise_on_sql")


class SignInSession(Base):
    """A signed-in browser in one realm; found by the SHA-256 of the random 256-bit id that its cookie holds."""

    __tablename__ = "sign_in_session"
    __table_args__ = (Index("ix_session_person", "person_id", "realm"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    realm: Mapped[str] = mapped_column(String(8))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    """The account chosen in this session."""
    created_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    proven_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the person last proved to be there. None: another site handed the session over and asks by its own rules."""
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ip: Mapped[str] = mapped_column(String(45), default="")
    user_agent: Mapped[str] = mapped_column(String(256), default="")

    person: Mapped[Person] = relationship(lazy="raise_on_sql")


class HandOff(Base):
    """A token of an outside My Account that was used: it opened one session and opens no second one.

    Kept until a day after the token's own end (credentials.tidy); it is refused by its time alone from then on.
    """

    __tablename__ = "hand_off"

    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of issuer and token id."""
    session_id: Mapped[int] = mapped_column(ForeignKey("sign_in_session.id"), unique=True)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime] = mapped_column(Instant)


class Throttle(Base):
    """Attempts counted against one key: a rule's name and the hash of whom it watches (throttles.py)."""

    __tablename__ = "throttle"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    count: Mapped[int]
    window_start: Mapped[datetime] = mapped_column(Instant)
    blocked_until: Mapped[datetime | None] = mapped_column(Instant)
