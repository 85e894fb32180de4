"""The form in which a quote is made works by submits alone: add a line, remove one, recalculate, save."""

from corporate_portal.desk.forms.filling import fields_of
from corporate_portal.desk.forms.form import QuoteForm, located
from corporate_portal.desk.forms.line import Shown
from corporate_portal.desk.forms.sending import changes_lines, new_key, sent_fields

__all__ = ["QuoteForm", "Shown", "changes_lines", "fields_of", "located", "new_key", "sent_fields"]
