"""The way in for people whom an outside My Account or Admin Center has signed in."""
