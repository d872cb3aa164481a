"""The forms: modals made from what is known, and what was filled in read back.

`aws` and `azure` are the forms of an order, `new_quote` that of a quote, `dialogs` the small ones, `parts`
what all are made of.
"""

from bot.core.form import aws, azure, new_quote
from bot.core.form.dialogs import (
    REJECT,
    RETURN,
    WAS_PLACED,
    Rejection,
    Returning,
    WasPlaced,
    placed_form,
    reject_form,
    rejection,
    return_form,
    returning,
    was_placed,
)
from bot.core.form.parts import CHOOSE_CLOUD, Origin, View, choosing, errors_by_block, origin_of

__all__ = [
    "CHOOSE_CLOUD",
    "REJECT",
    "RETURN",
    "WAS_PLACED",
    "Origin",
    "Rejection",
    "Returning",
    "View",
    "WasPlaced",
    "aws",
    "azure",
    "choosing",
    "errors_by_block",
    "new_quote",
    "origin_of",
    "placed_form",
    "reject_form",
    "rejection",
    "return_form",
    "returning",
    "was_placed",
]
