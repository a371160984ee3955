"""A `Library` → a Flask app with the page and the REST calls, and a server that runs it."""

from lookalike.web.app import create_app
from lookalike.web.server import serve

__all__ = ["create_app", "serve"]
