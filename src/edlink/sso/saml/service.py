"""Our own metadata: the document a district's identity provider is given."""

from lxml import etree

from edlink.sso.saml.names import DSIG, METADATA, POST, PROTOCOL


def service_metadata(entity_id: str, acs_url: str, *, certificate: str = "") -> str:
    """
    Return a service's SAML metadata as XML text.

    Args:
        entity_id: Our own entity id.
        acs_url: Where responses are to be posted.
        certificate: PEM certificate to encrypt assertions to, or an empty string.
    """
    names = {"md": METADATA[1:-1], "ds": DSIG[1:-1]}
    root = etree.Element(f"{METADATA}EntityDescriptor", nsmap=names, entityID=entity_id)
    service = etree.SubElement(
        root,
        f"{METADATA}SPSSODescriptor",
        AuthnRequestsSigned="false",
        WantAssertionsSigned="true",
        protocolSupportEnumeration=PROTOCOL,
    )
    if certificate:
        key = etree.SubElement(service, f"{METADATA}KeyDescriptor", use="encryption")
        data = etree.SubElement(etree.SubElement(key, f"{DSIG}KeyInfo"), f"{DSIG}X509Data")
        lines = [line for line in certificate.splitlines() if line and not line.startswith("-----")]
        etree.SubElement(data, f"{DSIG}X509Certificate").text = "".join(lines)
    etree.SubElement(
        service,
        f"{METADATA}AssertionConsumerService",
        Binding=POST,
        Location=acs_url,
        index="0",
        isDefault="true",
    )
    text: str = etree.tostring(root, encoding="unicode", pretty_print=True)
    return text
