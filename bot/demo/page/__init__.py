"""The local Slack as a page, with the console of the local clouds beside it.

world = LocalWorld()
page = Page(world)      # before `world.start`
world.start(8765)

Rendered on the server: `scene` says what somebody sees, the templates draw it, `app` takes what they do,
`live` tells the page when to look again. The scripts put what has changed into place, and nothing else.
"""

from bot.demo.page.app import Page
from bot.demo.page.console import Console

__all__ = ["Console", "Page"]
