"""A Slack workspace on loopback: on the wire as Slack is towards an app, and as strict.

with LocalSlack() as slack:
    slack.add_channel("C1", "orders")
    dana = slack.add_person("U1", "Dana")
    slack.connect("http://127.0.0.1:3000/slack/events")
    dana.command("/order aws")
    dana.wait_form().submit()
"""

from bot.demo.slack.faults import Faults
from bot.demo.slack.people import Form, Person, SubmitResult
from bot.demo.slack.server import LocalSlack
from bot.demo.slack.values import Ack, Call, Message

__all__ = ["Ack", "Call", "Faults", "Form", "LocalSlack", "Message", "Person", "SubmitResult"]
