"""The page of the documentation that describes the sandbox."""

from pathlib import Path

import pytest

from edlink.sandbox import FAULTS, Fault

PAGE = Path(__file__).parents[2] / "docs" / "sandbox.md"


def row(fault: Fault) -> str:
    where = ", ".join(sorted((*fault.providers, *fault.versions, *fault.auths))) or "everywhere"
    expects = f"{fault.expects} or error" if fault.may_raise else str(fault.expects)
    return f"| `{fault.name}` | {fault.summary} | {expects} | {where} |"


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_the_page_lists_a_fault_as_it_is(fault: Fault) -> None:
    """The table has a row for each fault, in the fault's own words."""
    assert row(fault) in PAGE.read_text().splitlines()


def test_the_page_lists_no_other_fault() -> None:
    """Every row of the table between its marks is a fault's."""
    _, _, rest = PAGE.read_text().partition("<!-- faults -->\n")
    table, _, _ = rest.partition("<!-- end of faults -->")
    assert len([line for line in table.splitlines() if line.startswith("| `")]) == len(FAULTS)
