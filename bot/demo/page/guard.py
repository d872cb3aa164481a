"""Who may talk to the page: only a browser on this machine, and only from the page itself."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, abort, request

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in _POLICY.items()),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_HERE = frozenset({"127.0.0.1", "localhost"})


def admit() -> None:
    """Refuse a request under another name than this machine's, and a change that another site asks for.

    A name that an attacker's DNS points to this machine arrives in Host; a page of theirs in Origin, which
    browsers send with every POST.
    """
    if urlsplit(f"//{request.host}").hostname not in _HERE:
        abort(403, "This page is for 127.0.0.1 only.")
    if request.method == "POST" and request.headers.get("Origin") != request.host_url.rstrip("/"):
        abort(403, "Only the page itself may do that.")


def armour(response: Response) -> Response:
    """Put the headers on that keep everything foreign out of the page."""
    response.headers.update(HEADERS)
    if not response.cache_control.max_age:
        response.cache_control.no_store = True
    return response
