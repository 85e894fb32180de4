"""Tests of corporate_portal.verify."""
