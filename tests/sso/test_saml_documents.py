"""What is posted: one plain XML document in UTF-8, read once and by one parser."""

import base64
import time
from pathlib import Path

import pytest
from lxml import etree
from tests.sso.saml_fetching import watched
from tests.sso.saml_idp import NS, Idp, certificate, encode, one, pem
from tests.sso.saml_login import accepted, refused, refused_after, saml_flow

from edlink.sso.saml.envelope import parse_response


def wrapped_text(text: bytes) -> str:
    return encode(
        b'<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">'
        + text
        + b"</samlp:Response>"
    )


def many(attribute: bytes, number: int) -> bytes:
    return b"<a " + b" ".join(attribute % n for n in range(number)) + b"/>"


BOMB = (
    b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>"
    + b"".join(
        b"<!ENTITY a%d '%s'>" % (n, (b"&a%d;" % (n - 1) if n else b"&a;") * 10) for n in range(9)
    )
    + b"]><x>&a8;</x>"
)


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("", "EDL-LOGIN-040"),
        ("!!!!", "EDL-LOGIN-040"),
        ("PHg+", "EDL-LOGIN-041"),
        ("PHg-", "EDL-LOGIN-040"),
        ("PHg+PC94Pg==junk", "EDL-LOGIN-040"),
        ("PHg+é", "EDL-LOGIN-040"),
        ("A" * (512 * 1024 + 4), "EDL-LOGIN-040"),
        (encode(b""), "EDL-LOGIN-040"),
        (encode(b" "), "EDL-LOGIN-041"),
        (encode(b"plain text"), "EDL-LOGIN-041"),
        (encode(b"<x/>"), "EDL-LOGIN-041"),
        (encode(BOMB), "EDL-LOGIN-041"),
        (encode(b'<!DOCTYPE x SYSTEM "file:///etc/hosts"><x/>'), "EDL-LOGIN-041"),
        (
            encode(b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hosts">]><x>&e;</x>'),
            "EDL-LOGIN-041",
        ),
        (wrapped_text(b"<a>" * 30_000), "EDL-LOGIN-041"),
        (wrapped_text(b"<a>" * 30_000 + b"</a>" * 30_000), "EDL-LOGIN-041"),
        (wrapped_text(b"<a/>" * 90_000), "EDL-LOGIN-041"),
        (wrapped_text(b"<a/>" * 4_999), "EDL-LOGIN-042"),
        (wrapped_text(b"<a/>" * 5_000), "EDL-LOGIN-041"),
        (wrapped_text(b"<a>" * 48 + b"</a>" * 48), "EDL-LOGIN-042"),
        (wrapped_text(b"<a>" * 49 + b"</a>" * 49), "EDL-LOGIN-041"),
        (wrapped_text(many(b"x%d='1'", 48)), "EDL-LOGIN-042"),
        (wrapped_text(many(b"x%d='1'", 49)), "EDL-LOGIN-041"),
        (wrapped_text(many(b"xmlns:x%d='urn:x'", 47)), "EDL-LOGIN-042"),
        (wrapped_text(many(b"xmlns:x%d='urn:x'", 48)), "EDL-LOGIN-041"),
        (wrapped_text(b""), "EDL-LOGIN-042"),
    ],
)
def test_what_is_no_response_is_refused_quickly(field: str, code: str) -> None:
    """Bombs, other documents and junk give one kind of error, for less than a second's work."""
    flow = saml_flow()
    pending = flow.begin().pending
    begun = time.thread_time()
    assert refused(flow, field, pending) == code
    assert time.thread_time() - begun < 1


def test_junk_inside_good_base64_is_refused() -> None:
    """A lenient decoder would skip junk characters; this one refuses them, but not line breaks."""
    flow = saml_flow()
    pending = flow.begin().pending
    field = Idp().respond(pending.request_id)
    assert refused(flow, field[:80] + "*" + field[80:], pending) == "EDL-LOGIN-040"
    lines = "\r\n".join(field[i : i + 76] for i in range(0, len(field), 76))
    assert flow.complete({"SAMLResponse": lines}, pending) is not None


@pytest.mark.parametrize("sealed", [False, True], ids=["open", "sealed"])
def test_what_takes_long_to_canonicalize_is_refused(*, sealed: bool) -> None:
    """Thousands of namespaces over thousands of elements would cost minutes; they are refused."""
    spaces = " ".join(f'xmlns:n{n}="urn:{n}"' for n in range(4000))

    def swell(root: etree._Element) -> None:
        text = f"<n0:a {spaces}>{'<n0:a/>' * 12_000}</n0:a>"
        value = root.findall(".//saml:AttributeValue", NS)[0]
        value.append(etree.fromstring(text))

    begun = time.thread_time()
    assert refused_after(swell, sealed=sealed) == "EDL-LOGIN-041"
    assert time.thread_time() - begun < 1


def declared(encoding: str, text: str) -> bytes:
    """Return a response that declares an encoding, as bytes that are UTF-8 all the same."""
    flow = saml_flow()
    data = etree.tostring(Idp().tree(flow.begin().pending.request_id)).decode()
    body = data.replace("</samlp:Response>", text + "</samlp:Response>")
    return f'<?xml version="1.0" encoding="{encoding}"?>{body}'.encode()


@pytest.mark.parametrize("encoding", ["utf-8", "UTF-8", "us-ascii"])
def test_utf8_may_be_declared(encoding: str) -> None:
    """A response may say that it is UTF-8, or the part of it that is ASCII."""
    flow = saml_flow()
    pending = flow.begin().pending
    body = etree.tostring(Idp().tree(pending.request_id)).decode()
    field = encode(f'<?xml version="1.0" encoding="{encoding}"?>{body}'.encode())
    assert accepted(flow, field, pending).name_id == "person-1"


@pytest.mark.parametrize("encoding", ["utf-7", "UTF-7", "iso-8859-1", "windows-1252", "utf-16"])
def test_another_declared_encoding_is_refused(encoding: str) -> None:
    """A response that declares another encoding is refused, though its bytes are good UTF-8."""
    flow = saml_flow()
    pending = flow.begin().pending
    assert refused(flow, encode(declared(encoding, "")), pending) == "EDL-LOGIN-041"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "cp037"])
def test_another_encoding_is_refused(encoding: str) -> None:
    """A response in other bytes than UTF-8 is refused, with or without a byte order mark."""
    flow = saml_flow()
    pending = flow.begin().pending
    data = declared(encoding, "").decode().encode(encoding)
    assert refused(flow, encode(data), pending) == "EDL-LOGIN-041"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32-le"])
def test_another_encoding_that_is_not_declared_is_refused(encoding: str) -> None:
    """Bytes that the parser would know for another encoding by themselves are refused."""
    flow = saml_flow()
    pending = flow.begin().pending
    body = etree.tostring(Idp().tree(pending.request_id)).decode()
    data = f'<?xml version="1.0"?>{body}'.encode(encoding)
    assert refused(flow, encode(data), pending) == "EDL-LOGIN-041"


def test_nothing_can_be_spelled_in_two_ways(tmp_path: Path) -> None:
    """An encrypted assertion spelled in UTF-7, plain text to others, is never looked at."""
    plus = str.maketrans({"+": "+-", "<": "+ADw-", ">": "+AD4-", '"': "+ACI-", "&": "+ACY-"})
    with watched("file", tmp_path) as (url, called):
        hidden = Idp(encrypt_to=certificate("sp")).tree("x")
        holder = one(hidden, "saml:EncryptedAssertion")
        data = one(holder, "xenc:EncryptedData/xenc:CipherData")
        data[:] = [etree.Element(f"{{{NS['xenc']}}}CipherReference", URI=url)]
        text = etree.tostring(holder, with_tail=False).decode().translate(plus)
        flow = saml_flow(private_key=pem("sp"))
        pending = flow.begin().pending
        assert refused(flow, encode(declared("utf-7", text)), pending) == "EDL-LOGIN-041"
        assert not called()
    assert b"EncryptedAssertion" in base64.b64decode(encode(declared("utf-8", text)))
    plain = parse_response(declared("utf-8", text))
    assert plain.find(".//{*}EncryptedAssertion") is None
