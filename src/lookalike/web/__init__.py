"""A `Library` → a Flask app with the page and the REST calls, and a server that runs it."""

from lookalike.web.app import create_app
from lookalike.web.guard.door import Door, checked, token_in
from lookalike.web.guard.limits import Limits, limits
from lookalike.web.server import serve

__all__ = ["Door", "Limits", "checked", "create_app", "limits", "serve", "token_in"]
