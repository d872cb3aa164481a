"""The measure: a Bolt app as its documentation begins, which acknowledges and does nothing else."""

from __future__ import annotations

import os
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_bolt.authorization import AuthorizeResult


def build() -> Any:
    """The WSGI app, made in each serving process."""
    app = App(
        signing_secret=os.environ["SLACK_SIGNING_SECRET"],
        authorize=lambda enterprise_id, team_id: AuthorizeResult(
            enterprise_id=enterprise_id, team_id=team_id, bot_token="xoxb-bare"
        ),
    )
    app.command("/order")(lambda ack: ack("ok"))
    app.action("approve")(lambda ack: ack())
    return SlackRequestHandler(app, path="/slack/events")
