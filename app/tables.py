"""Every module that declares a table, imported once, so that the metadata is whole for migrations and foreign keys."""

from app.imports import models as imports
from billing_core import accounts, audit, jobs, numbering, people
from billing_core.bank import models as bank
from billing_core.catalogue import models as catalogue
from billing_core.contacts import models as contacts
from billing_core.credentials import models as credentials
from billing_core.credentials.factors import models as factors
from billing_core.db import Base
from billing_core.documents import models as documents
from billing_core.ledger import models as ledger
from billing_core.mail import models as mail
from billing_core.orders import models as orders
from billing_core.orders.online import models as online_orders
from billing_core.payments import models as payments
from billing_core.payments.cards import models as cards
from billing_core.payments.proposals import models as proposals
from billing_core.payments.reconciliation import models as reconciliation
from billing_core.payments.review import models as review
from billing_core.renewals import models as renewals
from billing_core.sellers import models as sellers
from billing_core.subscriptions import models as subscriptions
from billing_core.vat_ids import models as vat_ids
from corporate_portal.api import models as api
from corporate_portal.quotes import models as quotes
from corporate_portal.receivables import models as receivables
from corporate_portal.requests import models as requests
from corporate_portal.statement import models as statement
from online_bridge.cart import models as cart

ROOMS = (
    accounts, api, audit, bank, cards, cart, catalogue, contacts, credentials, documents, factors, imports, jobs,
    ledger, mail, numbering, online_orders, orders, payments, people, proposals, quotes, receivables, reconciliation,
    renewals, requests, review, sellers, statement, subscriptions, vat_ids,
)  # fmt: skip

metadata = Base.metadata
"""The schema that the migrations must reach."""
