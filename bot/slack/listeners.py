"""What reaches the bot from Slack: parse, one step, answer.

A listener calls neither Slack nor a cloud, so that it answers within milliseconds and nothing can be lost
between the answer and the work. What a person waits for at the screen, a form or the answer to a click, is
handed to `live`, which has threads of its own.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from slack_bolt import Ack, App
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse

from bot.core import command, form
from bot.core.events import Operation
from bot.core.messages import asking, operations, replies
from bot.core.messages.blocks import Say
from bot.core.messages.home import NEW_ORDER, TURN
from bot.core.messages.request import DETAILS, EDIT
from bot.core.order import Step
from bot.core.policy import BREAK_GLASS
from bot.core.quote import Wish
from bot.core.request import Mistake, NewAddress, Request, Values, read, values_of, with_defaults
from bot.slack.live import Live, draft_of, followed, label, offer, offered, order_form, quote_form, settled
from bot.spine import World
from bot.steps import approve, home, operate, people, quote, reconcile, request, show

log = logging.getLogger(__name__)

Body = Mapping[str, Any]
CATALOG_ITEM = re.compile(r"item_\d+")
SEARCHED = re.compile(r"outpost|item_\d+|instance_\d+|quote|product|configuration|address|location")
CHOOSE = re.compile(r"choose_\w+")
TURNS_HOME = re.compile(rf"{TURN}_\w+")
WAS_PLACED = re.compile(r"was_placed_\d+")
Reply = Say | None


@dataclass(frozen=True)
class Press:
    """A button that somebody pressed: what it stands for, who it was, and Slack's leave to open a form."""

    value: str
    person: str
    trigger: str
    origin: form.Origin

    @property
    def words(self) -> tuple[str, str]:
        """The order id, and what else the button's value carries."""
        order_id, _, rest = self.value.partition(" ")
        return order_id, rest


@dataclass(frozen=True)
class Asked:
    """What somebody wants of a cloud: for which order, whether they agree to a fee, and why."""

    order: str
    fee: bool
    reason: str


def build(world: World, live: Live) -> App:
    """The Bolt app with all its listeners; makes no call to Slack."""
    settings = world.settings
    app = App(
        # Without a secret requests come by Socket Mode, which has its own proof; over HTTP none is right.
        signing_secret=settings.slack_signing_secret or secrets.token_hex(32),
        authorize=lambda enterprise_id, team_id: AuthorizeResult(
            enterprise_id=enterprise_id, team_id=team_id, bot_token=settings.slack_bot_token
        ),
        process_before_response=True,
    )
    desk = Desk(world, live)
    app.command("/order")(desk.order)
    for action, listener in desk.actions().items():
        app.action(action)(listener)
    app.options(SEARCHED)(desk.options)
    app.view(form.aws.ORDER_AWS)(desk.aws_form)
    app.view(form.new_quote.QUOTE_AWS)(desk.quote_form)
    app.view(form.azure.ORDER_AZURE)(desk.azure_form)
    app.view(form.REJECT)(desk.reject_form)
    app.view(form.WAS_PLACED)(desk.placed_form)
    app.view(form.RETURN)(desk.return_form)
    app.event("app_home_opened")(desk.home_opened)
    app.error(desk.sorry)
    return app


class Desk:
    """The listeners, over one world."""

    def __init__(self, world: World, live: Live) -> None:
        self.world = world
        self.live = live

    def sorry(self, error: Exception, body: dict[str, Any]) -> BoltResponse:
        """Something broke: the log gets all of it under a code, the person an apology with it."""
        incident = secrets.token_hex(4)
        log.error("listener.failed", exc_info=error, extra={"incident": incident})
        said = replies.sorry(incident)
        if "command" in body:
            answer = {"response_type": "ephemeral", "text": said.text, "blocks": list(said.blocks)}
            return BoltResponse(status=200, body=answer)
        if body.get("type") == "view_submission":
            inputs = (one["block_id"] for one in body["view"].get("blocks", ()) if one["type"] == "input")
            field = next(inputs, "")
            return BoltResponse(status=200, body={"response_action": "errors", "errors": {field: said.text}})
        if body.get("type") == "block_actions":
            person = body["user"]["id"]
            self.live.answer(said, _channel(body) or person, person, incident)
        return BoltResponse(status=500, body=said.text)

    def _today(self) -> date:
        """The date where it is earliest on Earth: a day counts as past only once it is so everywhere."""
        return (self.world.now() - timedelta(hours=12)).date()

    # Commands

    def order(self, ack: Ack, body: Body) -> None:
        """`/order …`"""
        said = self._mean(command.parse(body.get("text", "")), body)
        ack(text=said.text, blocks=list(said.blocks), response_type="ephemeral") if said else ack()

    def _mean(self, meant: command.Meaning, body: Body) -> Reply:
        world, person, channel = self.world, body["user_id"], body["channel_id"]
        match meant:
            case command.Ask():
                return self._ask(meant, body)
            case command.Misread(ask=command.Ask(cloud)) if cloud not in world.clouds:
                return replies.cloud_not_offered(cloud, tuple(world.clouds))
            case command.Misread():
                return self._misread(command.with_values(meant, self._today()), body)
            case command.Status(ref):
                return show.status(world, ref)
            case command.List(which, page):
                return show.listing(world, which, page, person)
            case command.Decide(order, verb, note):
                return approve.decide(world, order, person, verb, note, "", channel)
            case command.Withdraw(order):
                return approve.withdraw(world, order, person)
            case command.Cancel(order, reason):
                return self._cancel(order, reason, person)
            case command.Track(ref, quiet):
                return request.track(world, ref, person, channel, quiet=quiet, origin=body["trigger_id"])
            case command.Mute(order):
                return approve.mute(world, order, person)
            case command.WhoAmI():
                return people.whoami(world, person)
            case command.Help(word):
                return asking.help_text(word, tuple(world.clouds))
            case command.Return(order, reason):
                return self._return(order, reason, person)
            case command.Delegate(to, until):
                return people.delegate(world, person, to, until)
            case command.BreakGlass(order, reason):
                return approve.decide(world, order, person, BREAK_GLASS, reason, "", channel)

    def _ask(self, meant: command.Ask, body: Body) -> Reply:
        offered, trigger = tuple(self.world.clouds), body["trigger_id"]
        origin = form.Origin(body["channel_id"])
        if not meant.cloud and len(offered) > 1:
            self.live.open(trigger, form.choosing(offered, origin))
            return None
        ask = replace(meant, cloud=meant.cloud or next(iter(offered), ""))
        if ask.cloud not in offered:
            return replies.cloud_not_offered(ask.cloud, offered)
        return self._file_at_once(ask, body) if ask.yes else self._open(ask, body, origin)

    def _open(self, ask: command.Ask, body: Body, origin: form.Origin) -> Reply:
        sound = command.check(ask, self._today())
        if isinstance(sound, command.Misread):
            return self._misread(sound, body)
        self.live.order(body["trigger_id"], ask, origin, body["user_id"])
        return None

    def _file_at_once(self, ask: command.Ask, body: Body) -> Say:
        asked = self._read(ask.cloud, ask.values)
        if isinstance(asked, Request):
            filed = _in_channel(asked, body["channel_id"])
            return request.file(self.world, filed, body["user_id"], body["trigger_id"])
        return self._misread(command.unfit(ask, asked), body)

    def _read(
        self, cloud: str, values: Values, elsewhere: Collection[str] = ()
    ) -> Request | tuple[Mistake, ...]:
        known = with_defaults(values, request.defaults(self.world, cloud))
        asked = read(cloud, known, self._today(), elsewhere)
        return (request.wrong_region(self.world, asked) or asked) if isinstance(asked, Request) else asked

    def _misread(self, wrong: command.Misread, body: Body) -> Say:
        """Names every mistake; what was right is kept for the button that opens the form."""
        if wrong.ask is None:
            return asking.misread(wrong, "")
        kept = draft_of(wrong.ask, body["channel_id"])
        return asking.misread(wrong, self.world.store.save_draft(body["user_id"], kept, self.world.now()))

    def _cancel(self, order_id: str, reason: str, person: str) -> Say:
        order = self.world.store.order(order_id)
        if order is None:
            return replies.no_such(order_id)
        draft = self.world.store.save_draft(person, {"reason": reason}, self.world.now()) if reason else ""
        return operate.why_not_cancel(self.world, order, person) or operations.cancel_asks_back(order, draft)

    def _return(self, order_id: str, reason: str, person: str) -> Say:
        order = self.world.store.order(order_id)
        if order is None:
            return replies.no_such(order_id)
        refusal = operate.why_not(self.world, order, Operation.RETURN, person)
        if refusal:
            return refusal
        draft = self.world.store.save_draft(person, {"reason": reason}, self.world.now())
        return operations.return_asks_back(order, draft)

    # Buttons

    def actions(self) -> dict[Any, Callable[..., None]]:
        """Each button's action id, or a pattern of them, with its listener."""
        return {
            "approve": self.approve,
            "reject": self.reject,
            "withdraw": self._button(self._withdraw_click),
            "cancel": self._button(self._cancel_click),
            "return": self._button(self._return_click),
            "delete": self._button(self._delete_click),
            "mail": self._button(self._mail_click),
            "no_mail": self._button(self._no_mail_click),
            "open_form": self._button(self._open_form_click),
            WAS_PLACED: self._button(self._was_placed_click),
            "not_placed": self._button(self._not_placed_click),
            "name_placed": self.name_placed,
            NEW_ORDER: self.new_order,
            TURNS_HOME: self.turn_home,
            DETAILS: self.details,
            EDIT: self._button(self._edit_click),
            "list_next": self.turn_page,
            "list_previous": self.turn_page,
            CHOOSE: self.choose_cloud,
            form.aws.ADD_ITEM: self.add_item,
            form.aws.NEW_QUOTE: self.new_quote,
            form.new_quote.ADD_INSTANCE: self.add_instance,
            form.parts.TRY_AGAIN: self.try_again,
            CATALOG_ITEM: self.follow_choice,
            **dict.fromkeys(
                (*form.aws.DECIDING, *form.azure.DECIDING, *form.azure.RISKING), self.follow_choice
            ),
        }

    def _button(self, act: Callable[[Press], Reply]) -> Callable[..., None]:
        """A listener that acts on a button's value and answers the person who pressed it."""

        def listener(ack: Ack, body: dict[str, Any]) -> None:
            ack()
            value = body["actions"][0].get("value", "")
            origin = form.Origin(_channel(body))
            self._answer(act(Press(value, body["user"]["id"], body.get("trigger_id", ""), origin)), body)

        return listener

    def _answer(self, said: Reply, body: Body) -> None:
        if body.get("view", {}).get("type") == "home":
            home.refresh(self.world, body["user"]["id"])  # whatever came of it, what it showed may be old
        if said:
            channel, person = _channel(body) or body["user"]["id"], body["user"]["id"]
            key = f"{person}/{body['actions'][0].get('action_ts') or secrets.token_hex(8)}"
            self.live.answer(said, channel, person, key)

    def approve(self, ack: Ack, body: dict[str, Any]) -> None:
        ack()
        order_id, _, digest = body["actions"][0]["value"].partition(" ")
        person = body["user"]["id"]
        said = approve.decide(self.world, order_id, person, "approve", "", digest, _channel(body) or person)
        self._answer(said, body)

    def reject(self, ack: Ack, body: dict[str, Any]) -> None:
        ack()
        order_id, _, digest = body["actions"][0]["value"].partition(" ")
        refusal = approve.why_not_decide(self.world, order_id, body["user"]["id"])
        if refusal is None:
            view = form.reject_form(order_id, digest, form.Origin(_channel(body)))
            self.live.open(body["trigger_id"], view)
        self._answer(refusal, body)

    def _edit_click(self, press: Press) -> Reply:
        """The form with all of the request in it; what is sent with it becomes the request."""
        order = self.world.store.order(press.value)
        refusal = request.why_not_edit(self.world, press.value, press.person)
        if order is None or refusal:
            return refusal
        if order.cloud not in self.world.clouds:
            return replies.cloud_not_offered(order.cloud, tuple(self.world.clouds))
        ask = command.Ask(order.cloud, values_of(order.asked))
        self.live.order(press.trigger, ask, form.Origin(order.channel, edits=order.id), press.person)
        return None

    def _withdraw_click(self, press: Press) -> Reply:
        return approve.withdraw(self.world, press.value, press.person)

    def _cancel_click(self, press: Press) -> Reply:
        asked = self._asked(press)
        return operate.ask_to_cancel(self.world, asked.order, press.person, asked.reason, fee=asked.fee)

    def _return_click(self, press: Press) -> Reply:
        """With a reason it is done; the button on the card has none yet, and opens a form for it."""
        asked = self._asked(press)
        if asked.reason:
            return self._ask_for(Operation.RETURN, press, asked)
        order = self.world.store.order(asked.order)
        if order is None:
            return replies.no_such(asked.order)
        refusal = operate.why_not(self.world, order, Operation.RETURN, press.person)
        if refusal is None:
            self.live.open(press.trigger, form.return_form(asked.order, asked.fee, press.origin))
        return refusal

    def _delete_click(self, press: Press) -> Reply:
        return self._ask_for(Operation.DELETE, press, self._asked(press))

    def _mail_click(self, press: Press) -> Reply:
        return self._ask_for(Operation.MAIL, press, self._asked(press))

    def _no_mail_click(self, press: Press) -> Reply:
        return self._ask_for(Operation.NO_MAIL, press, self._asked(press))

    def _ask_for(self, operation: Operation, press: Press, asked: Asked) -> Say:
        return operate.ask_for(self.world, asked.order, operation, press.person, asked.reason, fee=asked.fee)

    def _asked(self, press: Press) -> Asked:
        """What a button for something at the cloud stands for."""
        pressed = operations.pressed(press.value)
        kept = self.world.store.draft(pressed.draft, press.person) if pressed.draft else None
        return Asked(pressed.order, pressed.fee, (kept or {}).get("reason", ""))

    def _open_form_click(self, press: Press) -> Reply:
        kept = self.world.store.draft(press.value, press.person)
        if kept is None:
            return replies.draft_gone()
        values = {key: tuple(said) for key, said in kept["values"].items()}
        ask = command.Ask(kept.get("cloud", "aws"), values)  # drafts of version 0.1 name no cloud
        if ask.cloud not in self.world.clouds:
            return replies.cloud_not_offered(ask.cloud, tuple(self.world.clouds))
        origin = form.Origin(kept["channel"], press.value, kept.get("edits", ""))
        self.live.order(press.trigger, ask, origin, press.person)
        return None

    def _was_placed_click(self, press: Press) -> Reply:
        order_id, ref = press.words
        return reconcile.name_placed(self.world, order_id, ref, press.person)

    def _not_placed_click(self, press: Press) -> Reply:
        order_id, version = press.words
        return reconcile.say_not_placed(self.world, order_id, int(version), press.person)

    def name_placed(self, ack: Ack, body: dict[str, Any]) -> None:
        ack()
        order_id = body["actions"][0]["value"]
        refusal = reconcile.why_not_settle(self.world, order_id, body["user"]["id"])
        if refusal is None:
            order = self.world.store.order(order_id)
            units = order.units(Step.UNCLEAR) if order else ()
            self.live.open(body["trigger_id"], form.placed_form(order_id, units))
        self._answer(refusal, body)

    def details(self, ack: Ack, body: dict[str, Any]) -> None:
        ack()
        order_id = body["actions"][0]["value"]
        order = self.world.store.order(order_id)
        if order is None or order.request is None:
            self._answer(replies.no_such(order_id), body)
            return
        blocks = show.details(self.world, order)
        self.live.open(body["trigger_id"], form.parts.view(DETAILS, f"Details of {order_id}", "", {}, blocks))

    def turn_page(self, ack: Ack, body: dict[str, Any]) -> None:
        ack()
        which, _, page = body["actions"][0]["value"].partition(" ")
        self._answer(show.listing(self.world, which, int(page), body["user"]["id"]), body)

    def add_item(self, ack: Ack, body: dict[str, Any]) -> None:
        ack()
        self.live.turn(body["view"], lambda view: form.aws.add_item(view, label(self.world)), _at(body))

    def try_again(self, ack: Ack, body: dict[str, Any]) -> None:
        ack()
        self.live.ask_again(body["view"], body["actions"][0]["value"], _at(body))

    def choose_cloud(self, ack: Ack, body: dict[str, Any]) -> None:
        ack()
        ask = command.Ask(body["actions"][0]["value"], {})
        view = order_form(self.world, ask, form.origin_of(body["view"]), body["user"]["id"])
        self.live.turn(body["view"], lambda _: view, _at(body))

    def new_quote(self, ack: Ack, body: dict[str, Any]) -> None:
        """The form of a quote opens over that of an order, of which a draft is kept for what is quoted."""
        ack()
        view, person = body["view"], body["user"]["id"]
        origin = form.origin_of(view)
        kept = draft_of(command.Ask("aws", form.aws.draft_from(view)), origin.channel)
        draft = self.world.store.save_draft(person, kept | {"edits": origin.edits}, self.world.now())
        self.live.push(body["trigger_id"], quote_form(self.world, view, replace(origin, draft=draft)))

    def add_instance(self, ack: Ack, body: dict[str, Any]) -> None:
        ack()
        self.live.turn(body["view"], form.new_quote.add_instance, _at(body))

    def follow_choice(self, ack: Ack, body: dict[str, Any]) -> None:
        ack()
        person = body["user"]["id"]
        self.live.turn(body["view"], lambda view: followed(self.world, view, person), _at(body))

    # App Home

    def home_opened(self, ack: Ack, event: dict[str, Any]) -> None:
        """Somebody looks at the app: at its home tab, or at the messages from it."""
        ack()
        if event.get("tab", "home") == "home":
            home.opened(self.world, event["user"])

    def turn_home(self, ack: Ack, body: dict[str, Any]) -> None:
        ack()
        section, _, number = body["actions"][0]["value"].partition(" ")
        home.turn(self.world, body["user"]["id"], section, int(number))

    def new_order(self, ack: Ack, body: dict[str, Any]) -> None:
        ack()
        person = body["user"]["id"]
        asked = {"trigger_id": body["trigger_id"], "channel_id": "", "user_id": person}
        self._answer(self._ask(command.Ask("", {}), asked), body)

    # Forms

    def options(self, ack: Ack, payload: dict[str, Any], body: dict[str, Any]) -> None:
        """What a searchable field offers, from the catalogue as last read."""
        ack(options=offer(self.world, payload["action_id"], payload.get("value", ""), body.get("view")))

    def aws_form(self, ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        if newer := form.aws.overtaken(view, label(self.world)):
            ack(response_action="update", view=settled(self.world, newer, "aws"))
            return
        asked, wrong = self._read("aws", form.aws.values_from(view)), form.aws.contradictions(view)
        if isinstance(asked, Request) and not wrong:
            self._file(ack, body, asked)
            return
        mistakes = wrong if isinstance(asked, Request) else (*asked, *wrong)
        ack(response_action="errors", errors=form.aws.errors_by_block(mistakes, view))

    def quote_form(self, ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        wish, person = form.new_quote.wish_from(view), body["user"]["id"]
        wrong = quote.wrong_country(self.world, wish) if isinstance(wish, Wish) else wish
        if wrong or not isinstance(wish, Wish):
            ack(response_action="errors", errors=form.errors_by_block(wrong, view))
            return
        origin = form.origin_of(view)
        said = quote.ask(self.world, wish, person, view["id"], origin.draft)
        self.live.sent(view.get("root_view_id") or view["id"])
        ack(response_action="clear")  # the order form below it, too: each option opens that anew
        self.live.answer(said, origin.channel or person, person, view["id"])

    def azure_form(self, ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        if newer := form.azure.overtaken(view, offered(self.world)):
            ack(response_action="update", view=settled(self.world, newer, "azure"))
            return
        address = form.azure.new_address_from(view)
        asked = self._read("azure", form.azure.values_from(view), ("address",) if address else ())
        if isinstance(asked, Request) and not isinstance(address, tuple):
            self._file(ack, body, asked, address)
            return
        wrong = [mistake for found in (asked, address) if isinstance(found, tuple) for mistake in found]
        ack(response_action="errors", errors=form.errors_by_block(wrong, view))

    def _file(
        self, ack: Ack, body: dict[str, Any], asked: Request, address: NewAddress | None = None
    ) -> None:
        """File what a form asks for, and answer who filled it in.

        Nothing is filed before the form has shown who will be asked and what is risky: where that is not what
        it shows, it comes back with it, and is sent once more.
        """
        view, person = body["view"], body["user"]["id"]
        noted = form.parts.noted(view, request.notes(self.world, asked, asked.cloud, person))
        if noted:
            ack(response_action="update", view=settled(self.world, noted, asked.cloud))
            return
        if request.cannot_be_asked(self.world, asked, person):  # the form stays, with all that was typed
            first = next(block for block in view["blocks"] if block["type"] == "input")
            ack(response_action="errors", errors={first["block_id"]: asking.CANNOT_BE_ASKED})
            return
        self.live.sent(view["id"])
        origin = form.origin_of(view)
        channel = origin.channel
        if origin.edits:
            said = request.edit(self.world, origin.edits, asked, person, address)
        else:
            said = request.file(self.world, _in_channel(asked, channel), person, view["id"], address)
        ack()
        self.live.answer(said, channel or person, person, view["id"])

    def reject_form(self, ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        said_no, person = form.rejection(view), body["user"]["id"]
        if not said_no.reason:
            mistake = Mistake("reason", "", "a reason in a few words")
            ack(response_action="errors", errors=form.errors_by_block((mistake,), view))
            return
        channel = said_no.origin.channel or person
        said = approve.decide(
            self.world, said_no.order, person, "reject", said_no.reason, said_no.seen, channel
        )
        ack()
        self.live.answer(said, channel, person, view["id"])

    def return_form(self, ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        asked, person = form.returning(view), body["user"]["id"]
        if not asked.reason:
            mistake = Mistake("reason", "", "a reason in a few words")
            ack(response_action="errors", errors=form.errors_by_block((mistake,), view))
            return
        said = operate.ask_for(self.world, asked.order, Operation.RETURN, person, asked.reason, fee=asked.fee)
        ack()
        self.live.answer(said, asked.origin.channel or person, person, view["id"])

    def placed_form(self, ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        named = form.was_placed(view)
        if isinstance(named, Mistake):
            ack(response_action="errors", errors=form.errors_by_block((named,), view))
            return
        person = body["user"]["id"]
        said = reconcile.name_placed(self.world, named.order, named.cloud_order, person)
        ack()
        self.live.answer(said, self.world.settings.operations, person, view["id"])


def _in_channel(asked: Request, channel: str) -> Request:
    """The request with a place for its card: where it was asked, unless another was named."""
    return asked if asked.channel else replace(asked, channel=channel)


def _at(body: Body) -> str:
    """When somebody did it, as Slack says."""
    return str(body["actions"][0].get("action_ts", ""))


def _channel(body: Body) -> str:
    return str((body.get("channel") or body.get("container") or {}).get("id", "")) or str(
        (body.get("container") or {}).get("channel_id", "")
    )
