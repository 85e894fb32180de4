"""The audit trail: append-only, one row per state change, written in the transaction of the change and chained.

Each row covers the one before it by its hash, so that none can be changed, taken out or put between unnoticed (ADR 37).
"""

from billing_core.audit.models import AuditEntry, AuditHead
from billing_core.audit.recording import record

__all__ = ["AuditEntry", "AuditHead", "record"]
