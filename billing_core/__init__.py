"""The foundation: what both wings stand on. It knows neither of them, and no web framework outside `web/`."""
