"""Those who carry hardware from the clouds to the sites, and the numbers that they give out."""

from hashlib import sha256

CARRIERS = ("FEDEX", "UPS", "DHL")


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def carrier_of(seed: str) -> str:
    """One of the carriers, always the same for the same seed."""
    return CARRIERS[int(digest(seed), 16) % len(CARRIERS)]


def tracking_number(carrier: str, seed: str) -> str:
    """A number in the carrier's usual form, always the same for the same seed."""
    digits = f"{int(digest(seed), 16) % 10**12:012d}"
    match carrier:
        case "UPS":
            return f"1Z999AA1{digits[:10]}"
        case "DHL":
            return digits[:10]
        case _:
            return digits
