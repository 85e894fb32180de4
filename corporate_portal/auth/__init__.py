"""The way in and out: sign-in of contacts and of staff, and passwords created or reset by a mailed link."""
