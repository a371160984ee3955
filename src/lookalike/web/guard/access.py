"""What a request brings along → whether it may come in: the token itself, or a cookie for it."""

from __future__ import annotations

import hashlib
import hmac
from http.cookies import CookieError, SimpleCookie

from lookalike.web.guard.clients import group_of
from lookalike.web.guard.rate import Buckets

_TRIES, _A_SECOND = 10, 1 / 6  # wrong tokens of one client at once, and then ten a minute
_PURPOSE = b"lookalike: a browser that has shown the token"


class Access:
    """The token of a server, which nothing here tells again.

    A browser gets a cookie in its stead, made from the token by HMAC: it is good for as long as
    the token is, also after a restart, and the token cannot be worked out from it. Browsers keep
    cookies by host and not by port, so the name of the cookie is made in the same way.
    """

    def __init__(self, token: str) -> None:
        self._digest = _digest(token)
        key = token.encode("utf-8")
        self.cookie = hmac.digest(key, _PURPOSE, "sha256").hex()
        self.cookie_name = (
            "lookalike-" + hmac.digest(key, _PURPOSE + b", named", "sha256").hex()[:8]
        )
        self._wrong = Buckets(_TRIES, _A_SECOND)
        self.refused = 0

    def has_cookie(self, given: str | None) -> bool:
        """Whether that is the cookie of who has shown the token."""
        return given is not None and hmac.compare_digest(_digest(given), _digest(self.cookie))

    def wait(self, client: str) -> float:
        """Seconds until a client may try a token again that was wrong too often; mostly 0."""
        return self._wrong.wait(group_of(client))

    def accepts(self, token: str, client: str) -> bool:
        """Whether that is the token. A wrong one counts, and is not looked at while `wait`."""
        if self.wait(client) == 0 and hmac.compare_digest(_digest(token), self._digest):
            return True
        self._wrong.take(group_of(client))
        self.refused += 1
        return False

    def would_let_in(self, authorization: str | None, cookies: str | None) -> bool:
        """The same of the raw headers of a request, without counting anything."""
        token = bearer(authorization)
        if token is not None:
            return hmac.compare_digest(_digest(token), self._digest)
        try:
            found = SimpleCookie(cookies or "").get(self.cookie_name)
        except CookieError:
            return False
        return self.has_cookie(found.value if found else None)


def bearer(authorization: str | None) -> str | None:
    """The token of an Authorization header; None where it has none."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _digest(text: str) -> bytes:
    """Of one length whatever the text is, so that comparing takes the same time."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
