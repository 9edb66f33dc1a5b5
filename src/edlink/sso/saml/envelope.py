"""From the posted form field to an XML tree, before anything in it is believed."""

import base64
import binascii

from lxml import etree

from edlink.errors import InvalidLoginError
from edlink.sso.saml.names import SAMLP

#: Longest form field taken, in characters; real responses are a tenth of it.
MAX_FIELD = 512 * 1024

#: Most nodes, and most namespaces, attributes and ancestors of each; real responses have a tenth.
#: Canonicalization takes time by their product, before anybody's signature is known to be good.
_MAX_NODES = 5_000
_MAX_OF_EACH = 48

_WHITESPACE = {ord(c): None for c in " \t\r\n"}


def decode_field(field: str | None) -> bytes:
    """
    Return the XML that a ``SAMLResponse`` form field holds.

    Raises:
        InvalidLoginError: EDL-LOGIN-040 for a field that is missing, too long or not base64.
    """
    if field and len(field) <= MAX_FIELD:
        try:
            return base64.b64decode(field.translate(_WHITESPACE), validate=True)
        except (binascii.Error, ValueError):
            pass
    message = "the form holds no SAML response, or one that is too long or not base64"
    raise InvalidLoginError("EDL-LOGIN-040", message, reason="refused")


def parse_xml(data: bytes) -> etree._Element | None:
    """
    Return the root of a plain XML document in UTF-8; None for anything else.

    A document type, entities, depth beyond the parser's limit and other encodings make it None;
    nothing is ever fetched.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        # UTF-16 without a declaration would be read, and called UTF-8 afterwards.
        root = None if "\0" in data.decode("utf-8") else etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root is None:
        return None
    # The parser is told no encoding, so this is the one it was declared in and read by: UTF-7 can
    # spell a whole element in what is plain text to a reader of UTF-8.
    info = root.getroottree().docinfo
    plain = not info.doctype and (info.encoding or "utf-8").lower() in ("utf-8", "us-ascii")
    return root if plain else None


def parse_response(data: bytes) -> etree._Element:
    """
    Return the root of a SAML response.

    Raises:
        InvalidLoginError: EDL-LOGIN-041 when it is not a plain XML document with that root, or one
            that is made to take long.
    """
    root = parse_xml(data)
    if root is None or root.tag != f"{SAMLP}Response" or not _is_modest(root):
        message = "what was posted is not a plain SAML response"
        raise InvalidLoginError("EDL-LOGIN-041", message, reason="refused")
    return root


def _is_modest(root: etree._Element) -> bool:
    """Return whether a tree is of a size that is quickly worked on; stops at the first excess."""
    for number, node in enumerate(root.iter()):
        if number >= _MAX_NODES:
            return False
        if max(len(node.attrib), len(node.nsmap), _depth(node)) > _MAX_OF_EACH:
            return False
    return True


def _depth(node: etree._Element) -> int:
    return sum(1 for _ in node.iterancestors())
