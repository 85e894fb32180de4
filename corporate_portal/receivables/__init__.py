"""Receivables at finance's desk: what is owed and how late it is, reminders in steps, and the books day by day."""
