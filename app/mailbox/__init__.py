"""The mailbox of development: what would have been mailed, so that a link can be clicked without a mail server."""
