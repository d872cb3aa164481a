"""Slack: what people do reaches the steps through `listeners`, what the bot says leaves through `chat`."""
