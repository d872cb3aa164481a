"""What an edited request says otherwise, in the words of the form."""

from __future__ import annotations

from dataclasses import replace

from bot.core.messages.changes import changes_between
from tests.core.azure import REQUEST as AZURE
from tests.core.test_order import REQUEST as AWS


def test_nothing_has_changed_between_a_request_and_itself() -> None:
    assert changes_between(AWS, AWS) == changes_between(AZURE, AZURE) == ()


def test_changes_are_told_under_the_labels_and_in_the_words_of_the_form() -> None:
    terms = replace(AWS.terms, payment="ALL_UPFRONT")
    assert changes_between(AWS, replace(AWS, terms=terms, cost_center="CC-1")) == (
        "Payment option: No upfront → All upfront",
        "Cost center: nothing → CC-1",
    )


def test_a_commitment_is_told_in_years_and_a_typed_address_without_its_text() -> None:
    before = replace(AZURE, terms=replace(AZURE.terms, commitment=""))
    after = replace(AZURE, terms=replace(AZURE.terms, commitment="P1095D"))
    told = changes_between(before, after, new_address=True)
    assert "Term commitment: nothing → 3 years" in told
    assert any(line.startswith("Ship to: ") and line.endswith(" → a new address") for line in told)
