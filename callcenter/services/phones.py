"""Telephone numbers: kept in E.164 where they can be read, and as given."""

from functools import lru_cache

import phonenumbers


@lru_cache(maxsize=4096)
def e164(raw: str, region: str) -> str | None:
    """The number in E.164, or None where it is no possible number; `region` is the country of a bare one."""
    try:
        number = phonenumbers.parse(raw, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def masked(number: str | None) -> str | None:
    """The number with all but its last three digits hidden."""
    if number is None or len(number) < 4:
        return number
    return "•" * (len(number) - 3) + number[-3:]
