"""The demo: invented customers that go through the same import as real ones. Never in production."""
