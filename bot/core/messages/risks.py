"""What is risky about a request: short sentences, each of which begins with the word that matters.

Plain text: whoever shows them escapes them, as everything that is not ours.
"""

from __future__ import annotations

from decimal import Decimal

PAID_UP_FRONT = "Payment: all of it is paid up front."
FIVE_YEARS = "Commitment: it is paid for over five years."
AWS_CANCELLING = "Cancelling: once it is placed, AWS may not let it be cancelled."
AZURE_CANCELLING = "Cancelling: once Azure confirms it, it may take a fee or not be possible."
# Azure bills some purchases by the month, so the word does not tell what it costs.
AZURE_PURCHASE = "Purchase: Azure may not take it back, and may still bill it by the month."
AZURE_RENTAL = "Rental: it is paid for until it is returned, and has to be returned."


RACK_WORK = "Work on site: AWS changes a rack that is in use."


def many(quantity: int) -> str:
    return f"Quantity: {quantity} in one order."


def expensive(total_usd: Decimal) -> str:
    return f"Price: {total_usd:,.2f} USD in total."
