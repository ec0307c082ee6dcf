"""In which order the owner of an account is told what they should know."""

from webapp.languages import Sentence
from webapp.networks.matrix.matters import Matters
from webapp.networks.matters import Condition, Matter


def matter(key: str, condition: Condition, *, urgent: bool = False) -> Matter:
    return Matter(key, Sentence(key), condition, Sentence(key), urgent=urgent)


def test_what_is_asked_comes_before_what_is_only_told() -> None:
    matters = Matters()
    matters.put("files", matter("save", Condition.GOOD))
    matters.put("keys", matter("lost", Condition.ASKS), matter("old", Condition.OFF), matter("you", Condition.ACT))
    matters.put("comparing", matter("compare", Condition.ASKS, urgent=True))
    (told,) = matters.news()
    assert [one.key for one in told.matters] == ["compare", "you", "lost", "save", "old"]
    assert matters.news() == []


def test_what_is_expected_first_stands_first_whoever_speaks_before() -> None:
    matters = Matters()
    matters.expect("keys")
    matters.put("files", matter("save", Condition.GOOD))
    assert matters.news() == []
    matters.put("keys", matter("you", Condition.GOOD))
    (told,) = matters.news()
    assert [one.key for one in told.matters] == ["you", "save"]
