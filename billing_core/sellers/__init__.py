"""The vendor's legal entities and the dated tax rates under which they sell."""
