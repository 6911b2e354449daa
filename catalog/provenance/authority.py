"""A throw-away authority: certificates and keys made on the spot, and files signed with them.

What proves the reader's settings needs it on every machine, without a connection; so do the clips of the sample.
"""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from . import reader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

_C2PA = "1.3.6.1.4.1.62558.2.1"
_EMAIL = "1.3.6.1.5.5.7.3.4"


class Authority:
    """An authority of one root, and the certificates that it gives to signers."""

    def __init__(
        self, name: str = "Throw-away authority", organisation: str = "Nobody", *, pem: bytes | None = None
    ) -> None:
        """With `pem`, what `dump` wrote, it is that authority; raises ValueError where it is something else."""
        from cryptography.hazmat.primitives.asymmetric import ec

        self.organisation = organisation
        self._name = _name(organisation, name)
        if pem is None:
            self._key = ec.generate_private_key(ec.SECP256R1())
            self._root = self._certify(self._name, self._key, is_authority=True)
        else:
            self._key, self._root = _load(pem)
            self._name = self._root.subject

    def dump(self) -> str:
        """The key and the root certificate, in PEM; whoever has them signs in the name of this authority."""
        return _private_pem(self._key) + self.root

    @property
    def root(self) -> str:
        """The root certificate, in PEM."""
        return _pem(self._root)

    def signer(
        self,
        name: str = "Throw-away signer",
        *,
        organisation: str | None = None,
        purposes: Sequence[str] = (_EMAIL, _C2PA),
        valid: tuple[datetime, datetime] | None = None,
        extensions: Sequence[x509.ExtensionType] = (),
    ) -> Any:
        """A signer for c2pa with a certificate of this authority, by default valid for ten years."""
        from cryptography.hazmat.primitives.asymmetric import ec

        c2pa = reader.load()
        key = ec.generate_private_key(ec.SECP256R1())
        organisation = self.organisation if organisation is None else organisation
        certificate = self._certify(
            _name(organisation, name), key, purposes=purposes, valid=valid, extensions=extensions
        )
        chain = (_pem(certificate) + self.root).encode()
        info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=chain, private_key=_private_pem(key).encode(), ta_url=None)
        return c2pa.Signer.from_info(info)

    def _certify(
        self,
        subject: x509.Name,
        key: EllipticCurvePrivateKey,
        *,
        is_authority: bool = False,
        purposes: Sequence[str] = (),
        valid: tuple[datetime, datetime] | None = None,
        extensions: Sequence[x509.ExtensionType] = (),
    ) -> x509.Certificate:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes

        now = datetime.now(UTC)
        valid_from, valid_until = valid or (now - timedelta(days=1), now + timedelta(days=3650))
        names = ("digital_signature", "key_cert_sign", "crl_sign")
        usage = dict.fromkeys(
            (
                *names,
                "content_commitment",
                "key_encipherment",
                "data_encipherment",
                "key_agreement",
                "encipher_only",
                "decipher_only",
            ),
            False,
        )
        usage.update(dict.fromkeys(names[1:] if is_authority else names[:1], True))
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(valid_from)
            .not_valid_after(valid_until)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(**usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        allowed = [x509.ObjectIdentifier(each) for each in purposes]
        for extension in (*([x509.ExtendedKeyUsage(allowed)] if allowed else []), *extensions):
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(self._key, hashes.SHA256())


def sign(
    media: bytes,
    media_type: str,
    signer: Any,
    definition: Mapping[str, Any] | None = None,
    *,
    ingredients: Sequence[tuple[Mapping[str, Any], str, bytes]] = (),
    remote_url: str | None = None,
    is_embedded: bool = True,
    purposes: str = reader.PURPOSES,
) -> tuple[bytes, bytes]:
    """The media signed, and its manifest store.

    `definition` is a manifest as c2pa takes it, `ingredients` are definitions with the type and the bytes of each.
    With a `remote_url` the media says that its store is there; it holds none if not `is_embedded`. `purposes` are those
    that the signer's certificate may have, one a line.
    """
    c2pa = reader.load()
    settings = {
        **reader.OFFLINE,
        "trust": {"trust_config": purposes},
        "builder": {"thumbnail": {"enabled": False}},
    }
    with c2pa.Context.from_dict(settings) as context:
        builder = c2pa.Builder(json.dumps({**CREATED, **(definition or {})}), context=context)
        for description, ingredient_type, data in ingredients:
            builder.add_ingredient(json.dumps(description), ingredient_type, io.BytesIO(data))
        if remote_url is not None:
            builder.set_remote_url(remote_url)
        if not is_embedded:
            builder.set_no_embed()
        signed = io.BytesIO()
        store = builder.sign(signer, media_type, io.BytesIO(media), signed)
    return signed.getvalue(), bytes(store)


_SOURCES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
CREATED: dict[str, Any] = {
    "claim_generator_info": [{"name": "catalog"}],
    "assertions": [
        {
            "label": "c2pa.actions",
            "data": {
                "actions": [{"action": "c2pa.created", "digitalSourceType": _SOURCES + "trainedAlgorithmicMedia"}]
            },
        }
    ],
}


def _name(organisation: str, common_name: str) -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)] if organisation else []
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _pem(certificate: x509.Certificate) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM).decode()


def _private_pem(key: EllipticCurvePrivateKey) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _load(pem: bytes) -> tuple[EllipticCurvePrivateKey, x509.Certificate]:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key, root = load_pem_private_key(pem, None), x509.load_pem_x509_certificate(pem)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != root.public_key():
        raise ValueError("the key is not that of the certificate")
    return key, root
