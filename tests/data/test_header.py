"""What a person reads where a picture is refused."""

from __future__ import annotations

import pytest

from objektiv.data.header import REASONS, Refused, check_size, image_error


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_makes_a_message_of_four_parts(reason: str) -> None:
    """Each reason gives an ImageError with the file's name, the value and what to do."""
    error = image_error("cells/a.png", Refused(reason, "the value"))

    assert error.reason == reason
    assert str(error).startswith(f"cells/a.png: {REASONS[reason]}: the value. ")
    assert ". Next: remove the file" in str(error)


def test_too_many_pixels_name_the_limit_and_its_option() -> None:
    """A picture over the limit of pixels is told the limit and the option that raises it."""
    with pytest.raises(Refused) as caught:
        check_size(20_000, 20_000, max_pixels=50_000_000)

    assert str(image_error("a.png", caught.value)) == (
        "a.png: the image asks for more than is allowed: it says 20,000 x 20,000 pixels. "
        "At most 50,000,000 pixels are read. "
        "Next: remove the file, or raise --max-pixels if it is what it claims to be"
    )


def test_other_limits_do_not_name_the_option() -> None:
    """A bomb that is not one of pixels does not advise to allow more pixels."""
    error = image_error("a.gif", Refused("bomb", "2,000 frames", allowed="Fewer are read"))

    assert "--max-pixels" not in str(error)


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, 0), (-3, 4)])
def test_pictures_without_pixels_are_damaged(width: int, height: int) -> None:
    """A size of nought or less is refused."""
    with pytest.raises(Refused, match="damaged"):
        check_size(width, height, max_pixels=100)


def test_the_limit_itself_is_accepted() -> None:
    """A picture with exactly as many pixels as allowed is read, one row more is not."""
    check_size(10, 10, max_pixels=100)

    with pytest.raises(Refused, match="10 x 11 pixels"):
        check_size(10, 11, max_pixels=100)
