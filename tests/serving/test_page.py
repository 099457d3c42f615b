from __future__ import annotations

from objektiv.serving.page import page

DOCUMENT = {
    "info": {"title": "a <b>", "description": "c & d"},
    "paths": {
        "/x": {
            "post": {
                "summary": "<script>",
                "x-example": "curl 'a' && b",
                "parameters": [{"name": "top", "in": "query", "description": "how <many>"}],
                "responses": {"200": {"description": "fine"}},
            }
        }
    },
}


def test_everything_on_the_page_is_escaped() -> None:
    """Titles, examples and descriptions of the document stand on the page as text."""
    text = page(DOCUMENT)

    for piece in (
        "a &lt;b&gt;",
        "c &amp; d",
        "&lt;script&gt;",
        "how &lt;many&gt;",
        "?top=",
        "fine",
    ):
        assert piece in text
    assert "<script" not in text
