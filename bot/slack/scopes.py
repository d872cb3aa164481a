"""The OAuth scopes of the Slack app: what each method that the code calls needs.

`manifest.yaml` asks for exactly these, and `doctor` compares them with what was granted. Source:
https://docs.slack.dev/reference/methods.
"""

from __future__ import annotations

from collections.abc import Mapping

_HISTORY = frozenset({"channels:history", "groups:history", "im:history", "metadata.message:read"})

OF_WORK: Mapping[str, frozenset[str]] = {
    "chat_postMessage": frozenset({"chat:write", "chat:write.public"}),
    "chat_update": frozenset({"chat:write"}),
    "chat_delete": frozenset({"chat:write"}),
    "chat_postEphemeral": frozenset({"chat:write"}),
    "conversations_open": frozenset({"im:write"}),
    "conversations_history": _HISTORY,
    "conversations_replies": _HISTORY,
    "usergroups_users_list": frozenset({"usergroups:read"}),
    "views_open": frozenset(),
    "views_push": frozenset(),
    "views_publish": frozenset(),
    "views_update": frozenset(),
}
"""Methods that orders depend on."""
# No method that the work needs tells whether a channel is archived or a person deactivated, unless by
# posting or by opening a conversation, which an examination must not do.
OF_DOCTOR: Mapping[str, frozenset[str]] = {
    "auth_test": frozenset(),
    "apps_connections_open": frozenset(),  # the app-level token's connections:write
    "conversations_info": frozenset({"channels:read", "groups:read"}),
    "users_info": frozenset({"users:read"}),
}
"""Methods without whose scopes the bot works: the doctor sees less then, and nobody's night is known."""

NEEDED = frozenset({"commands"}).union(*OF_WORK.values())
USEFUL = frozenset().union(*OF_DOCTOR.values()) - NEEDED
