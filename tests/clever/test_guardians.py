import pytest

from edlink.clever import GuardianRule, GuardianVerdict

ACCEPTED, REVIEW, EXCLUDED = GuardianVerdict


@pytest.mark.parametrize(
    ("relationship", "type_", "verdict"),
    [
        ("Other", "Parent/Guardian", ACCEPTED),
        ("Other", "Primary", ACCEPTED),
        ("Parent", None, ACCEPTED),
        ("Parent", "Family", ACCEPTED),
        ("Parent", "Emergency", EXCLUDED),
        ("Other", "Secondary", EXCLUDED),
        ("Self", "Parent/Guardian", EXCLUDED),
        ("Other", "Family", REVIEW),
        ("Other", "Other", REVIEW),
        (None, None, REVIEW),
        ("", "", REVIEW),
    ],
)
def test_the_default_rule(
    relationship: str | None, type_: str | None, verdict: GuardianVerdict
) -> None:
    """Exclusion comes before acceptance, and what neither names is for review."""
    assert GuardianRule().judge(relationship=relationship, type_=type_) is verdict


def test_a_host_may_accept_more() -> None:
    """A rule that accepts Family makes guardians of what the default leaves for review."""
    rule = GuardianRule(accepted_types={"Family"}, excluded_relationships={"Sibling"})

    assert rule.judge(relationship="Other", type_="Family") is ACCEPTED
    assert rule.judge(relationship="Sibling", type_="Family") is EXCLUDED


def test_nobody_is_his_own_guardian() -> None:
    """No rule makes a guardian of a student who is his own contact."""
    rule = GuardianRule(accepted_relationships={"Self"}, accepted_types={"Primary"})

    assert rule.judge(relationship="Self", type_="Primary") is EXCLUDED
