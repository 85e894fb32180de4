"""Rows of second factors: seeds sealed with a key that is not in the database, and of codes and tokens only hashes."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_core.db import Base, Instant


class AuthenticatorApp(Base):
    """A person's confirmed app."""

    __tablename__ = "authenticator_app"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int]
    """The time step of the last code that was used: no code of it or of an earlier one counts again (RFC 6238, 5.2)."""
    added_at: Mapped[datetime] = mapped_column(Instant)


class AppEnrolment(Base):
    """A seed that is shown and not confirmed yet: for the session that asked for it, and for minutes only."""

    __tablename__ = "app_enrolment"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    session_id: Mapped[int]
    """Of SignInSession; no foreign key, because old sessions are forgotten and this row means nothing then."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(Instant)


class Passkey(Base):
    """A passkey of a person: its public key, which opens nothing. `sign_count` is 0 for those that do not count."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(60))
    """What the person calls it, to tell it from others."""
    added_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class PasskeyEnrolment(Base):
    """What a passkey that is being made has to sign: for the session that asked for it, and for minutes only."""

    __tablename__ = "passkey_enrolment"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    session_id: Mapped[int]
    """As of AppEnrolment."""
    challenge: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(Instant)


class RecoveryCode(Base):
    """One of ten codes for the day when app and passkeys are out of reach, each good once.

    `code_hash` is the SHA-256 of 120 random bits.
    """

    __tablename__ = "recovery_code"
    __table_args__ = (UniqueConstraint("person_id", "code_hash", name="ux_recovery_code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class PendingSignIn(Base):
    """A sign-in whose password was right and whose second factor is still asked for. It opens no page."""

    __tablename__ = "pending_sign_in"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    realm: Mapped[str] = mapped_column(String(8))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    throttled_as: Mapped[str] = mapped_column(String(330))
    """Whom the throttle of the first step watched: failures of the second count on there."""
    expires_at: Mapped[datetime] = mapped_column(Instant)
