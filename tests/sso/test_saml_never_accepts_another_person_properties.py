"""Whatever is done to a real response, it is refused or says what the provider signed."""

import time
from contextlib import suppress
from functools import lru_cache

import attrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from tests.sso.saml_idp import NS, Idp, encode
from tests.sso.saml_login import accepted, saml_flow

from edlink.errors import LoginError
from edlink.sso.saml import Assertion

KINDS = (Idp(), Idp(signed=("saml:Assertion", "samlp:Response")))


def signed(which: int) -> etree._Element:
    """Return a good response, made anew every two minutes: it is good for five."""
    return _signed(which, int(time.time() // 120))


@lru_cache(maxsize=2)
def _signed(which: int, _: int) -> etree._Element:
    return KINDS[which].tree("_request")


TAGS = [f"{{{NS[p]}}}{n}" for p, n in (("saml", "Assertion"), ("samlp", "Extensions"))] + [
    f"{{{NS['ds']}}}{n}" for n in ("Signature", "Object", "Reference")
]

steps = st.lists(
    st.tuples(
        st.sampled_from(["move", "copy", "drop", "text", "attribute", "rename", "comment"]),
        st.integers(0, 60),
        st.integers(0, 60),
        st.sampled_from(["EVIL", "", "_request", "person-1", "#_x"]),
    ),
    min_size=1,
    max_size=4,
)


def mutate(root: etree._Element, action: str, first: int, second: int, value: str) -> None:
    """Change one thing in a tree; nothing where the change is impossible."""
    nodes = [node for node in root.iter("*") if node is not root]
    one, other = nodes[first % len(nodes)], nodes[second % len(nodes)]
    parent = one.getparent()
    assert parent is not None
    if action == "move" and one not in other.iterancestors() and one is not other:
        other.append(one)
    elif action == "copy":
        other.append(etree.fromstring(etree.tostring(one)))
    elif action == "drop" and len(nodes) > 1:
        parent.remove(one)
    elif action == "text":
        one.text = value
    elif action == "attribute" and one.attrib:
        one.set(sorted(map(str, one.attrib))[second % len(one.attrib)], value)
    elif action == "rename":
        one.tag = TAGS[second % len(TAGS)]
    elif action == "comment":
        one.insert(0, etree.Comment("EVIL"))


@given(steps=steps, which=st.integers(0, 1), assertion_signed=st.booleans())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_changed_response_is_refused_or_says_the_same(
    steps: list[tuple[str, int, int, str]], which: int, *, assertion_signed: bool
) -> None:
    """No change of a signed response makes it name another person or say anything else."""
    flow = saml_flow(assertion_signed=assertion_signed, unsolicited="accept")
    pending = flow.begin().pending
    pending = attrs.evolve(pending, request_id="_request")
    root = etree.fromstring(etree.tostring(signed(which)))
    for step in steps:
        mutate(root, *step)
    found = None
    with suppress(LoginError):
        found = flow.complete({"SAMLResponse": encode(root)}, pending)
    if found is not None:
        assert isinstance(found, Assertion)
        assert (found.name_id, found.value("sourcedId")) == ("person-1", "SIS-1001")


@given(place=st.integers(0, 10_000), byte=st.integers(0, 255), which=st.integers(0, 1))
@settings(max_examples=100, deadline=None)
def test_a_changed_byte_is_refused_or_says_the_same(place: int, byte: int, which: int) -> None:
    """No changed byte of a signed response makes it say anything else."""
    flow = saml_flow()
    pending = flow.begin().pending
    pending = attrs.evolve(pending, request_id="_request")
    data = bytearray(etree.tostring(signed(which)))
    data[place % len(data)] = byte
    found = None
    with suppress(LoginError):
        found = flow.complete({"SAMLResponse": encode(bytes(data))}, pending)
    if found is not None:
        assert isinstance(found, Assertion)
        assert (found.name_id, found.value("sourcedId")) == ("person-1", "SIS-1001")


def test_the_unchanged_responses_are_accepted() -> None:
    """The responses these properties start from are good."""
    for root in map(signed, range(len(KINDS))):
        flow = saml_flow()
        pending = flow.begin().pending
        pending = attrs.evolve(pending, request_id="_request")
        assert accepted(flow, encode(root), pending).name_id == "person-1"
