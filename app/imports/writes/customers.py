"""Write people with what they sign in with, accounts, memberships and billing contacts, subscriptions."""

from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import delete, select, tuple_, update

from app.imports.book import Facts, Run, identifiers_of, known
from app.imports.checks.rows import fresh
from app.imports.columns import smallest_units
from app.imports.files import ACCOUNTS, CONTACTS, PEOPLE, SUBSCRIPTIONS
from app.imports.staging import Row
from app.imports.writes.rows import ACTOR, Written, change, counted, facts_of, ids, remember, upsert
from billing_core import audit, clock, db
from billing_core.accounts import Account
from billing_core.catalogue.models import Product
from billing_core.credentials import links, sessions
from billing_core.db import folded
from billing_core.people import BillingContact, LoginIdentifier, Membership, Person, canonical_identifier
from billing_core.sellers.models import Seller
from billing_core.subscriptions.models import Subscription

STANDARD_DISCOUNT_LIMIT = 1000
"""Basis points, of a representative whose row says nothing."""


def give_up_identifiers(run: Run, chunk: list[Row]) -> None:
    """Take from changed people what they no longer sign in with, before others get it."""
    rows = fresh(run, PEOPLE, chunk)
    mine = ids(run, Person, (row.key for row in rows))
    for row in rows:
        if row.key in mine:
            kept = identifiers_of(_facts(run, row))
            own = (LoginIdentifier.person_id == mine[row.key], LoginIdentifier.canonical.not_in(kept))
            given_up = delete(LoginIdentifier).where(*own).returning(LoginIdentifier.shown)
            gone = sorted(db.session().scalars(given_up))
            if gone:
                person = db.session().get_one(Person, mine[row.key])
                audit.record(ACTOR, "person.changed", person.public_id, before={"user_ids": gone})
                _shut_out(person.id)


def _facts(run: Run, row: Row) -> Facts:
    return known(run, PEOPLE, [row.key])[row.key] or {}


def write_people(run: Run, chunk: list[Row]) -> tuple[int, int]:
    """Insert or update the people. Sessions and mailed links end with what somebody signs in with, and with a role."""
    facts = known(run, PEOPLE, [row.key for row in chunk])
    disabled = {key: person["disabled_at"] for key, person in facts.items() if person and person.get("disabled_at")}

    def attributes(values: Facts, is_new: bool) -> Facts:
        names = ("name", "email", "phone", "locale", "staff_role")
        wanted = {name: values[name] for name in names if name in values}
        if "discount_limit" in values:
            limit = values["discount_limit"]
            wanted["discount_limit"] = STANDARD_DISCOUNT_LIMIT if limit is None else limit
        if "disabled" in values:
            since = disabled.get(values["external_id"], clock.now())
            wanted["disabled_at"] = since if values["disabled"] else None
        return wanted | ({"public_id": db.public_id("per")} if is_new else {})

    written = upsert(run, PEOPLE, Person, chunk, attributes)
    for one in written:
        person: Person = one.item
        before = _write_identifiers(person.id, identifiers_of(facts[one.row.key] or {}))
        if before is not None and not one.is_new:
            one.changed["user_ids"] = ", ".join(before)
        if _ENDS_SESSIONS & one.changed.keys() or person.disabled_at is not None:
            _shut_out(person.id)
        _record("person", person.public_id, None, one)
    return counted(written)


_ENDS_SESSIONS = {"email", "disabled_at", "staff_role", "user_ids"}


def _shut_out(person_id: int) -> None:
    """What was signed in or mailed under the former circumstances counts no longer."""
    sessions.end_sessions_of(person_id)
    links.void_links(person_id)


def name_managers(run: Run, chunk: list[Row]) -> None:
    """Give representatives their managers, once all people are there."""
    told = {row.key: row.values for row in chunk if row.values and "manager" in row.values}
    named = {key: str(values["manager"] or "") for key, values in told.items()}
    managers = ids(run, Person, named.values())
    mine = select(Person).where(Person.source == run.source, Person.external_id.in_(named))
    for person in db.session().scalars(mine):
        manager, before = managers.get(named[person.external_id]), person.manager_id
        if manager != before:
            person.manager_id = manager
            audit.record(ACTOR, "person.changed", person.public_id, before={"manager_id": before})


def _write_identifiers(person_id: int, wanted: dict[str, str]) -> list[str] | None:
    """Give the person their identifiers; contacts whose User ID is no longer one of them get the first.

    What they were before, where one is new or written in another way.
    """
    mine = db.session().scalars(select(LoginIdentifier).where(LoginIdentifier.person_id == person_id))
    present = {identifier.canonical: identifier for identifier in mine}
    before = {canonical: identifier.shown for canonical, identifier in present.items()}
    for canonical, shown in wanted.items():
        if canonical in present:
            present[canonical].shown = shown
        else:
            db.session().add(LoginIdentifier(canonical=canonical, shown=shown, person_id=person_id))
    contacts = db.session().scalars(select(BillingContact).where(BillingContact.person_id == person_id))
    for contact in contacts:
        contact.user_id = wanted.get(canonical_identifier(contact.user_id), next(iter(wanted.values())))
    return sorted(before.values()) if wanted != before else None


def write_accounts(run: Run, chunk: list[Row]) -> tuple[int, int]:
    """Insert or update the accounts. A new VAT ID is unconfirmed unless the row says when it was confirmed."""
    values = [row.values or {} for row in chunk]
    sellers = ids(run, Seller, (_text(v.get("seller")) for v in values))
    reps = ids(run, Person, (_text(v.get("rep")) for v in values))
    before = _vat_ids(run, chunk)

    def attributes(values: Facts, is_new: bool) -> Facts:
        wanted = {name: value for name, value in values.items() if name not in _ACCOUNT_REFERENCES}
        if "seller" in values:
            wanted["seller_id"] = sellers[values["seller"]]
        if "rep" in values:
            wanted["rep_id"] = reps[values["rep"]] if values["rep"] else None
        if "name" in values:
            wanted["name_folded"] = folded(values["name"])
        if values.get("second_above") is not None:
            wanted["second_above"] = smallest_units(values["second_above"], values["currency"])
        if "vat_confirmed_on" in values:
            wanted["vat_confirmed_at"] = _start_of(values["vat_confirmed_on"])
        elif "vat_id" in values and values["vat_id"] != before.get(values["external_id"]):
            wanted["vat_confirmed_at"] = None
        return wanted | ({"public_id": db.public_id("acc")} if is_new else {})

    written = upsert(run, ACCOUNTS, Account, chunk, attributes)
    for one in written:
        _record("account", one.item.public_id, one.item.id, one)
    return counted(written)


_ACCOUNT_REFERENCES = {"external_id", "seller", "rep", "vat_confirmed_on"}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _vat_ids(run: Run, chunk: list[Row]) -> dict[str, str | None]:
    of_source = (Account.source == run.source, Account.external_id.in_([row.key for row in chunk]))
    found = db.session().execute(select(Account.external_id, Account.vat_id).where(*of_source))
    return {row.external_id: row.vat_id for row in found}


def _start_of(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min, UTC)


def write_contacts(run: Run, chunk: list[Row]) -> tuple[int, int]:
    """Insert, change or end memberships and billing contacts."""
    rows = fresh(run, CONTACTS, chunk)
    accounts = ids(run, Account, (str((row.values or {})["account"]) for row in rows))
    people = ids(run, Person, (str((row.values or {})["person"]) for row in rows))
    user_ids = {key: next(iter(identifiers_of(p or {}).values())) for key, p in known(run, PEOPLE, people).items()}
    pairs = {row.key: (accounts[a], people[p]) for row in rows for a, p in [row.key.split("\x1f")]}
    _make_way_for_primaries([pairs[row.key] for row in rows if (row.values or {}).get("is_primary")], [*pairs.values()])
    members, contacts = _present(Membership, pairs), _present(BillingContact, pairs)
    added = 0
    for row in rows:
        pair = pairs[row.key]
        is_new = pair not in members
        facts = facts_of(CONTACTS, row, is_new=is_new and pair not in contacts)
        added += is_new
        changed = _write_membership(members.get(pair), pair, facts["role"])
        changed |= _write_contact(contacts.get(pair), pair, facts, user_ids[row.key.split("\x1f")[1]])
        if facts["role"] == "none" or _RIGHTS & changed.keys():
            _shut_out(pair[1])
        action = "contact.imported" if is_new else "contact.changed"
        audit.record(ACTOR, action, _public_id(run, row), pair[0], role=facts["role"], before=changed)
    remember(run, CONTACTS, [(row.key, row.sha256) for row in rows])
    return added, len(rows) - added


_RIGHTS = {"may_accept", "may_pay", "may_manage", "removed_at"}


def _make_way_for_primaries(pairs: list[tuple[int, int]], written: list[tuple[int, int]]) -> None:
    """An account has one primary contact: the old one steps back before the new one is written.

    Of those who are `written` now the trail gets a row anyway.
    """
    if not pairs:
        return
    in_accounts = BillingContact.account_id.in_({account_id for account_id, _ in pairs})
    demoted = update(BillingContact).where(in_accounts, BillingContact.is_primary).values(is_primary=False)
    back = db.session().execute(demoted.returning(BillingContact.account_id, BillingContact.person_id)).all()
    for account_id, person_id in sorted({(row.account_id, row.person_id) for row in back} - set(written)):
        person = db.session().get_one(Person, person_id)
        audit.record(ACTOR, "contact.changed", person.public_id, account_id, before={"is_primary": "True"})


def _present(table: Any, pairs: dict[str, tuple[int, int]]) -> dict[tuple[int, int], Any]:
    same = tuple_(table.account_id, table.person_id).in_(list(pairs.values()))
    return {(row.account_id, row.person_id): row for row in db.session().scalars(select(table).where(same))}


def _public_id(run: Run, row: Row) -> str:
    person = select(Person.public_id).where(Person.source == run.source, Person.external_id == row.key.split("\x1f")[1])
    return db.session().scalars(person).one()


def _write_membership(member: Membership | None, pair: tuple[int, int], role: str) -> dict[str, Any]:
    if role == "none":
        if member is not None:
            db.session().delete(member)
    elif member is None:
        db.session().add(Membership(account_id=pair[0], person_id=pair[1], is_admin=role == "admin"))
    else:
        return change(member, {"is_admin": role == "admin"})
    return {}


def _write_contact(contact: BillingContact | None, pair: tuple[int, int], facts: Facts, user_id: str) -> dict[str, Any]:
    is_contact = facts["role"] != "none" and facts.get("billing_contact", contact is not None)
    names = ("function", "may_accept", "may_pay", "may_manage", "is_primary")
    wanted = {name: facts[name] for name in names if name in facts}
    if contact is None:
        if is_contact:
            shown = facts.get("user_id") or user_id
            db.session().add(BillingContact(account_id=pair[0], person_id=pair[1], user_id=shown, **wanted))
        return {}
    if not is_contact:
        gone = {"is_primary": False} | ({"removed_at": clock.now()} if contact.removed_at is None else {})
        return {name: str(value) for name, value in change(contact, gone).items()}
    if facts.get("user_id"):
        wanted["user_id"] = facts["user_id"]
    before = change(contact, wanted | {"removed_at": None})
    return {name: str(value) for name, value in before.items()}


def write_subscriptions(run: Run, chunk: list[Row]) -> tuple[int, int]:
    """Insert or update the subscriptions."""
    values = [row.values or {} for row in chunk]
    accounts = ids(run, Account, (_text(v.get("account")) for v in values))
    products = ids(run, Product, (_text(v.get("product")) for v in values))

    def attributes(values: Facts, is_new: bool) -> Facts:
        wanted = {name: value for name, value in values.items() if name not in ("external_id", "account", "product")}
        wanted["account_id"], wanted["product_id"] = accounts[values["account"]], products[values["product"]]
        wanted["unit_price"] = smallest_units(values["unit_price"], values["currency"])
        return wanted | ({"public_id": db.public_id("sub")} if is_new else {})

    written = upsert(run, SUBSCRIPTIONS, Subscription, chunk, attributes)
    for one in written:
        _record("subscription", one.item.public_id, one.item.account_id, one)
    return counted(written)


def _record(what: str, public_id: str, account_id: int | None, one: Written) -> None:
    if one.is_new:
        audit.record(ACTOR, f"{what}.imported", public_id, account_id)
    elif one.changed:
        before = {name: value if value is None else str(value) for name, value in one.changed.items()}
        audit.record(ACTOR, f"{what}.changed", public_id, account_id, before=before)
