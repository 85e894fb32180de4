"""What people, accounts, contacts and subscriptions may say."""

from collections.abc import Iterable

from sqlalchemy import select

from app.imports.book import Facts, Run, identifiers_of, known, stored
from app.imports.catalogue_files import PRODUCTS, SELLERS
from app.imports.checks.rows import Rows, check_currency, check_is_rep
from app.imports.files import ACCOUNTS, CONTACTS, PEOPLE, SUBSCRIPTIONS
from app.imports.staging import Row
from billing_core import db
from billing_core.accounts import Account
from billing_core.db import folded
from billing_core.people import LoginIdentifier, Person, is_identifier
from billing_core.subscriptions.models import ONLINE, Subscription
from billing_core.vat_ids import formats


def claim_identifiers(run: Run) -> None:
    """Every row says first what it signs in with, so that two people may exchange theirs, but never share one."""
    for chunk in run.staging.chunks(PEOPLE.name):
        with db.reading():
            people = known(run, PEOPLE, [row.key for row in chunk])
        for row in chunk:
            person = people[row.key]
            for canonical, shown in identifiers_of(person).items() if person is not None else ():
                first = run.staging.claim("identifier", canonical, row.key, row.line)
                if first is not None:
                    column = "email" if "@" in shown else "username"
                    reason = f"{shown!r} signs in another person in line {first} already (see email_signs_in)"
                    run.problems.add(row.file, row.line, column, reason)


def check_people(run: Run, chunk: list[Row]) -> None:
    """Everybody signs in with something, and nobody with what belongs to another."""
    rows = Rows(run, PEOPLE, chunk)
    wanted: dict[str, tuple[Row, str]] = {}
    managers = known(run, PEOPLE, rows.keys("manager"))
    for row, person in rows:
        if person.get("manager"):
            _check_manager(rows, row, person, managers)
        identifiers = identifiers_of(person)
        if not identifiers:
            rows.bad(row, "username", "must not be empty where the e-mail address does not sign in")
        for canonical, shown in identifiers.items():
            column = "email" if "@" in shown else "username"
            if not is_identifier(shown):
                rows.bad(row, column, "cannot be used to sign in: its characters mean others")
            wanted[canonical] = (row, column)
    taken = (
        select(LoginIdentifier.canonical, Person.source, Person.external_id)
        .join(Person, Person.id == LoginIdentifier.person_id)
        .where(LoginIdentifier.canonical.in_(wanted))
    )
    owners = {canonical: (source, key) for canonical, source, key in db.session().execute(taken)}
    # An owner in this directory who no longer names the identifier has given it up.
    here = run.staging.find(PEOPLE.name, {key for source, key in owners.values() if source == run.source})
    for canonical, (source, key) in owners.items():
        row, column = wanted[canonical]
        if (source, key) != (run.source, row.key) and not (source == run.source and key in here):
            rows.bad(row, column, f"already signs in {key!r} of the source {source!r}")


def _check_manager(rows: Rows, row: Row, person: Facts, managers: dict[str, Facts | None]) -> None:
    key = person["manager"]
    manager = rows.referred(row, "manager", key, managers)
    if person.get("staff_role") != "rep":
        rows.bad(row, "manager", "only a representative (staff_role rep) has a manager")
    elif manager is not None and manager["staff_role"] != "rep_manager":
        rows.bad(row, "manager", f"{key!r} is no manager (staff_role rep_manager)")


def check_accounts(run: Run, chunk: list[Row]) -> None:
    """A number belongs to one account, its kind never changes, and only corporate ones have a representative.

    Nor does its currency while it has a subscription from here, whose price would be read in the new one.
    """
    rows = Rows(run, ACCOUNTS, chunk)
    before = stored(run.source, ACCOUNTS, [row.key for row in rows.rows])
    bound = _with_subscriptions_from_here(run, before)
    sellers, reps = known(run, SELLERS, rows.keys("seller")), known(run, PEOPLE, rows.keys("rep"))
    for row, account in rows:
        rows.claim(row, "number", account["number"])
        rows.referred(row, "seller", account["seller"], sellers)
        if row.key in before and before[row.key]["kind"] != account["kind"]:
            rows.bad(row, "kind", f"was {before[row.key]['kind']} and never changes")
        if row.key in bound and before[row.key]["currency"] != account["currency"]:
            reason = f"is {before[row.key]['currency']} until the subscriptions that were bought here have ended"
            rows.bad(row, "currency", reason)
        _check_rep(rows, row, account, reps)
        rows.amount(row, "second_above", account.get("second_above"), account["currency"])
        _check_country_of_vat_id(rows, row, account)
        if len(folded(account["name"])) > 200:
            rows.bad(row, "name", "has characters that stand for several others, and is too long with those")
        _check_confirmation(rows, row, account)
    numbers = [account["number"] for _, account in rows]
    others = select(Account.number, Account.source, Account.external_id).where(Account.number.in_(numbers))
    rows.owned_by_others("number", others)


def _with_subscriptions_from_here(run: Run, accounts: Iterable[str]) -> set[str]:
    """Those of the accounts that use, or still have to pay, a subscription of the Billing Center."""
    goes_on = Subscription.ended_on.is_(None) & (Subscription.is_live | (Subscription.period_end > run.today))
    bought = (Subscription.source == ONLINE, Subscription.is_trial.is_(False), goes_on)
    keys = select(Account.external_id).join(Subscription, Subscription.account_id == Account.id)
    among = (Account.source == run.source, Account.external_id.in_(list(accounts)))
    return set(db.session().scalars(keys.where(*among, *bought)))


def _check_country_of_vat_id(rows: Rows, row: Row, account: Facts) -> None:
    """Reverse charge rests on a VAT ID of the account's own country (domain.md 5), as the forms ask for it too."""
    prefixes = formats.prefixes_of(account["country"])
    if account["vat_id"] and prefixes and not account["vat_id"].startswith(prefixes):
        first = " or ".join(prefixes)
        rows.bad(row, "vat_id", f"is {account['vat_id']!r}, but those of {account['country']} begin with {first}")


def _check_rep(rows: Rows, row: Row, account: Facts, reps: dict[str, Facts | None]) -> None:
    if account["kind"] == "online":
        if account["rep"]:
            rows.bad(row, "rep", "must be empty: an online account has no representative")
    elif not account["rep"]:
        rows.bad(row, "rep", "must not be empty: a corporate account has a representative")
    else:
        check_is_rep(rows, row, account["rep"], reps)


def _check_confirmation(rows: Rows, row: Row, account: Facts) -> None:
    confirmed = (row.values or {}).get("vat_confirmed_on")
    if confirmed and not account["vat_id"]:
        rows.bad(row, "vat_confirmed_on", "must be empty where there is no VAT ID")
    if confirmed and str(confirmed) > rows.run.today.isoformat():
        rows.bad(row, "vat_confirmed_on", "must not be in the future")


def check_contacts(run: Run, chunk: list[Row]) -> None:
    """Rights are for billing contacts, who are members and never staff; an account has one primary contact."""
    rows = Rows(run, CONTACTS, chunk)
    accounts, people = known(run, ACCOUNTS, rows.keys("account")), known(run, PEOPLE, rows.keys("person"))
    for row in chunk:
        # Unchanged rows claim too: a new primary contact must not stand beside one that says so still.
        if row.values is not None and row.values.get("is_primary"):
            _claim_primary(rows, row, str(row.values["account"]))
    for row, contact in rows:
        rows.referred(row, "account", contact["account"], accounts)
        person = rows.referred(row, "person", contact["person"], people)
        if person is not None and person["staff_role"]:
            rows.bad(row, "person", f"{contact['person']!r} is a member of the vendor's staff")
        if contact["billing_contact"] and contact["role"] == "none":
            rows.bad(row, "billing_contact", "must be no where the role is none: a billing contact is a member")
        for column in ("may_accept", "may_pay", "may_manage", "is_primary"):
            if contact[column] and not contact["billing_contact"]:
                rows.bad(row, column, "must be no where billing_contact is no")
        if contact["user_id"] and person is not None:
            _check_user_id(rows, row, contact["user_id"], person)


def _claim_primary(rows: Rows, row: Row, account: str) -> None:
    first = rows.run.staging.claim("primary contact", account, row.key, row.line)
    if first is not None:
        rows.bad(row, "is_primary", f"the account {account!r} has its primary contact in line {first} already")


def _check_user_id(rows: Rows, row: Row, user_id: str, person: Facts) -> None:
    own = identifiers_of(person)
    if user_id not in own.values():
        rows.bad(row, "user_id", f"is {user_id!r}, but the person signs in with " + " and ".join(own.values()))


def check_subscriptions(run: Run, chunk: list[Row]) -> None:
    """Account and product are known, the currency is the account's, the period has a day."""
    rows = Rows(run, SUBSCRIPTIONS, chunk)
    accounts, products = known(run, ACCOUNTS, rows.keys("account")), known(run, PRODUCTS, rows.keys("product"))
    for row, subscription in rows:
        account = rows.referred(row, "account", subscription["account"], accounts)
        rows.referred(row, "product", subscription["product"], products)
        check_currency(rows, row, subscription["currency"], account)
        rows.amount(row, "unit_price", subscription["unit_price"], subscription["currency"])
        if subscription["period_end"] <= subscription["period_start"]:
            rows.bad(row, "period_end", "must be after period_start")
