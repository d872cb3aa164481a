"""Deliveries to the app: signed as Slack signs, over HTTP or a socket, acked in three seconds."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from bot.demo.slack.socket_mode import Sockets
from bot.demo.slack.values import Ack, Delivery, Json
from bot.demo.slack.web_api import answer_with
from bot.demo.slack.workspace import Refusal, Workspace

FORM = "application/x-www-form-urlencoded"


class Deliverer:
    """Sends what people do to the app and takes its answers."""

    def __init__(
        self, workspace: Workspace, sockets: Sockets, signing_secret: str, ack_seconds: float
    ) -> None:
        self._here = workspace
        self._sockets = sockets
        self._secret = signing_secret
        self._seconds = ack_seconds
        self.events_url: str | None = None
        self.base_url: Callable[[], str] = str

    def sign(self, body: bytes, timestamp: int | None = None, secret: str = "") -> dict[str, str]:
        """The two headers that prove a body came from Slack.

        Args:
            body: exactly what will be sent.
            timestamp: Unix seconds; now by default.
            secret: sign with another secret than the right one.
        """
        at = int(time.time()) if timestamp is None else timestamp
        base = b"v0:%d:%b" % (at, body)
        digest = hmac.new((secret or self._secret).encode(), base, hashlib.sha256).hexdigest()
        return {"X-Slack-Signature": f"v0={digest}", "X-Slack-Request-Timestamp": str(at)}

    def command(self, what: str, form: Mapping[str, str]) -> Ack:
        """Deliver a slash command; a message in its ack is shown to the person."""
        body = urlencode(form).encode()
        return self._send(
            Delivery(
                "slash_commands",
                what,
                body,
                self._headers(body, FORM),
                dict(form),
                wants_answer=True,
                user=form["user_id"],
                channel=form["channel_id"],
            )
        )

    def interaction(self, what: str, payload: Json) -> Ack:
        """Deliver block_actions, view_submission, view_closed or block_suggestion."""
        body = urlencode({"payload": json.dumps(payload)}).encode()
        wants = payload["type"] in ("view_submission", "block_suggestion")
        headers = self._headers(body, FORM)
        return self._send(Delivery("interactive", what, body, headers, payload, wants_answer=wants))

    def event(self, event: Json) -> Ack:
        """Deliver an event of the Events API, e.g. `{"type": "app_home_opened", …}`."""
        payload = {
            "token": "local-verification-token",
            "team_id": self._here.team,
            "api_app_id": self._here.app,
            "event": {"event_ts": self._here.stamp(), **event},
            "type": "event_callback",
            "event_id": self._here.fresh("Ev"),
            "event_time": int(time.time()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": self._here.team,
                    "user_id": self._here.bot_user,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
        }
        body = json.dumps(payload).encode()
        headers = self._headers(body, "application/json")
        return self._send(Delivery("events_api", f"event {event['type']}", body, headers, payload))

    def again(self, ack: Ack) -> Ack:
        """Send the very same delivery once more."""
        if ack.delivery is None:
            raise ValueError("this ack belongs to no delivery")
        return self._send(ack.delivery)

    def raw(self, body: bytes, headers: Mapping[str, str]) -> Ack:
        """POST anything to the app; what it answers is nobody's fault."""
        status, answer, seconds = self._post(body, headers)
        return Ack(status, answer, seconds)

    def _headers(self, body: bytes, content_type: str) -> dict[str, str]:
        return {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "Accept": "application/json,*/*",
            **self.sign(body),
        }

    def _send(self, delivery: Delivery) -> Ack:
        if self._sockets.live:
            status, answer, seconds = self._sockets.deliver(
                delivery.kind, delivery.payload, delivery.wants_answer, self._seconds
            )
        else:
            status, answer, seconds = self._post(delivery.body, delivery.headers)
        ack = Ack(status, answer, seconds, delivery)
        if status != 200 or seconds > self._seconds:
            got = f"answered {status} after {seconds:.1f} s" if status else "not answered"
            self._here.violate(f"operation_timeout: {delivery.what}: {got}")
        elif delivery.kind == "slash_commands":
            self._show(delivery, answer)
        return ack

    def _show(self, delivery: Delivery, answer: Any) -> None:
        body = {"text": answer} if isinstance(answer, str) else answer
        if not isinstance(body, dict) or not (body.get("text") or body.get("blocks")):
            return
        try:
            answer_with(self._here, "ack of a command", body, delivery.user, delivery.channel)
        except Refusal as refusal:
            details = "; ".join(refusal.messages)
            self._here.violate(f"{refusal.error}: ack of {delivery.what}: {details}")

    def _post(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, Any, float]:
        began = time.monotonic()
        if self.events_url is None:
            return 0, "", 0.0
        url = urlsplit(self.events_url)
        connection = http.client.HTTPConnection(
            url.hostname or "127.0.0.1", url.port or 80, timeout=self._seconds
        )
        try:
            connection.request("POST", url.path or "/", body, dict(headers))
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
            status = response.status
        except (OSError, http.client.HTTPException):
            return 0, "", time.monotonic() - began
        finally:
            connection.close()
        return status, parsed(text), time.monotonic() - began


def parsed(text: str) -> Any:
    """JSON if it is an object or a list, else the text."""
    if text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
