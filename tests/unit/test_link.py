"""Links to acknowledge by."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.link import LIFE, BadLink, Claim, path, read

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
KEY = b"k" * 32
TOKEN = path(KEY, 7, "ann.b@example.org", NOW).removeprefix("/a/")


def test_a_link_says_who_acknowledges_what() -> None:
    assert read(KEY, TOKEN, NOW) == Claim(7, "ann.b@example.org")
    assert read(KEY, TOKEN, NOW + LIFE - timedelta(seconds=1)) == Claim(7, "ann.b@example.org")


def test_after_three_days_it_is_good_no_more() -> None:
    with pytest.raises(BadLink) as error:
        read(KEY, TOKEN, NOW + timedelta(hours=72))
    assert error.value.expired


@pytest.mark.parametrize("place", range(0, len(TOKEN), 5))
def test_no_character_of_it_can_be_changed(place: int) -> None:
    other = "A" if TOKEN[place] != "A" else "B"
    with pytest.raises(BadLink) as error:
        read(KEY, TOKEN[:place] + other + TOKEN[place + 1 :], NOW)
    assert not error.value.expired


@pytest.mark.parametrize(
    "token", ["", "A", "é", "....", TOKEN + "=", TOKEN + "A", TOKEN[:-4], "A" * 5000, TOKEN + "\n"]
)
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(BadLink):
        read(KEY, token, NOW)


def test_another_key_signs_nothing_of_ours() -> None:
    with pytest.raises(BadLink):
        read(b"x" * 32, TOKEN, NOW)
