"""docs/guarantees.md says what the tests are, and each of the twenty promises has some, one of them in CI."""

from tests.guarantees import page


def test_every_promise_has_its_tests() -> None:
    found = page.modules()
    assert sorted(found) == list(range(1, 21))
    assert [number for number, (_, _, tests) in found.items() if not any(each.ci for each in tests)] == []


def test_the_page_is_of_these_tests() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.render(), (
        "make it anew: python -m tests.guarantees.page > docs/guarantees.md"
    )
