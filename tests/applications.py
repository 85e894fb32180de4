"""One application serves many tests of a process: registering its routes takes longer than most tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask

from app.factory import brand_of, create_app
from app.settings import Settings
from billing_core import db, templating
from billing_core.credentials.factors import duty
from billing_core.payments import limits
from billing_core.payments import processor as payments


class Applications:
    """Applications by their settings, each as good as new for the next test."""

    def __init__(self, furnish: Callable[[Flask], None]) -> None:
        self.furnish = furnish
        self.made: dict[Settings, tuple[Flask, dict[str, Any], bytes]] = {}

    def of(self, settings: Settings) -> Flask:
        """The application; `furnish` is called once with it."""
        sandbox = Path(settings.data_dir) / "sandbox.sqlite"
        if settings not in self.made:
            app = create_app(settings)
            self.furnish(app)
            self.made[settings] = app, dict(app.config), sandbox.read_bytes()
        app, config, empty = self.made[settings]
        db.configure(settings.database)
        templating.set_brand(brand_of(settings))
        duty.require_of_staff(settings.requires_staff_factor)
        limits.prove_above(settings.step_up_above)
        payments.use_gateway(app.extensions["ports"].gateway)
        app.config.clear()
        app.config.update(config)
        sandbox.write_bytes(empty)
        return app
