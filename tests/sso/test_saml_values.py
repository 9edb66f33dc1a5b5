"""A value is taken whole, whatever stands inside it, in the open and in an encrypted assertion."""

import pytest
from lxml import etree
from tests.sso.saml_idp import NS, Idp, certificate, encode, one, pem
from tests.sso.saml_login import accepted, refused, refused_after, saml_flow

SEALED = pytest.mark.parametrize("sealed", [False, True], ids=["open", "sealed"])


def split(root: etree._Element, node: etree._Element) -> None:
    """Put a node into the middle of the NameID."""
    name = one(root, ".//saml:NameID")
    text = name.text or ""
    name.text, node.tail = text[:3], text[3:]
    name.append(node)


def delivered(root: etree._Element, *, sealed: bool) -> str:
    """Return a response as the form field's text, encrypted to us first if wanted."""
    if sealed:
        Idp(encrypt_to=certificate("sp")).encrypt(root)
    return encode(root)


@SEALED
@pytest.mark.parametrize("signed", ["before", "after"])
def test_comments_cut_nothing_off(signed: str, *, sealed: bool) -> None:
    """A comment inside a value leaves the whole text, put in before or after signing."""
    flow = saml_flow(private_key=pem("sp"))
    pending = flow.begin().pending
    changes = [lambda root: split(root, etree.Comment("EVIL"))] if signed == "before" else []
    root = Idp().tree(pending.request_id, *changes)
    if signed == "after":
        split(root, etree.Comment("EVIL"))
    assert accepted(flow, delivered(root, sealed=sealed), pending).name_id == "person-1"


@SEALED
@pytest.mark.parametrize("path", [".//saml:Audience", "saml:Assertion/saml:Issuer"])
def test_comments_hide_nothing(path: str, *, sealed: bool) -> None:
    """A name that is ours only up to a comment is not ours."""

    def lengthen(root: etree._Element) -> None:
        comment = etree.Comment("x")
        comment.tail = ".evil.example.org"
        one(root, path).append(comment)

    flow = saml_flow(private_key=pem("sp"))
    pending = flow.begin().pending
    field = delivered(Idp().tree(pending.request_id, lengthen), sealed=sealed)
    assert refused(flow, field, pending) in ("EDL-LOGIN-047", "EDL-LOGIN-049", "EDL-LOGIN-052")


@SEALED
def test_character_data_sections_cut_nothing_off(*, sealed: bool) -> None:
    """A CDATA section put into a signed value leaves the whole text."""
    flow = saml_flow(private_key=pem("sp"))
    pending = flow.begin().pending
    data = etree.tostring(Idp().tree(pending.request_id))
    data = data.replace(b">person-1<", b">per<![CDATA[son]]>-1<")
    root = etree.fromstring(data, etree.XMLParser(strip_cdata=False))
    assert b"CDATA" in etree.tostring(root)
    assert accepted(flow, delivered(root, sealed=sealed), pending).name_id == "person-1"


@SEALED
def test_processing_instructions_are_refused(*, sealed: bool) -> None:
    """A processing instruction put into a signed value is a change of what was signed."""
    instruction = etree.ProcessingInstruction("evil", "EVIL")
    code = refused_after(lambda root: split(root, instruction), sealed=sealed)
    assert code == "EDL-LOGIN-042"


@SEALED
def test_an_element_inside_a_name_is_refused(*, sealed: bool) -> None:
    """A provider that signs a name with an element inside is refused."""
    flow = saml_flow(private_key=pem("sp"))
    pending = flow.begin().pending
    extra = etree.Element(f"{{{NS['saml']}}}NameID")
    root = Idp().tree(pending.request_id, lambda root: split(root, extra))
    assert refused(flow, delivered(root, sealed=sealed), pending) == "EDL-LOGIN-047"
