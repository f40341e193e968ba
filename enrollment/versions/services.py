"""Protocol files become protocol versions, once."""

import hashlib

from django.db import transaction

from enrollment.models import ProtocolVersion
from enrollment.protocol.file import parse
from enrollment.protocol.instruments import Catalogue
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Site, Study, User
from trialsite.lib.document import toml


class VersionTaken(Exception):
    """The version is loaded already, with another content."""


@transaction.atomic
def load_protocol(source: str, *, by: User, catalogue: Catalogue) -> tuple[ProtocolVersion, bool]:
    """Load a protocol file's text; return the version and whether it is new. `catalogue`: the instruments there are.

    Raises ProtocolError (what is wrong, by key), toml.TomlError, or VersionTaken when the
    version exists with another content. Loading the same text again changes nothing. A command line calls
    this: it has no role to check, and is audited as the system user.
    """
    document = toml.loads(source)
    protocol = parse(document, catalogue)
    digest = hashlib.sha256(source.encode()).hexdigest()
    with audit_context(by, role="system", reason=f"load protocol {protocol.code} {protocol.version}"):
        study = Study.objects.filter(code=protocol.code).first() or Study.objects.create(
            code=protocol.code, short_title=protocol.short_title, synthetic=protocol.synthetic
        )
        loaded = study.protocols.filter(version=protocol.version).first()
        if loaded:
            if loaded.sha256 != digest:
                raise VersionTaken(
                    f"{protocol.code} {protocol.version} is loaded with another content: "
                    "an amended protocol needs a new version."
                )
            return loaded, False
        for spec in protocol.sites:
            if not study.sites.filter(code=spec.code).exists():
                Site.objects.create(study=study, code=spec.code, name=spec.name, timezone=spec.timezone)
        version = ProtocolVersion.objects.create(
            study=study,
            version=protocol.version,
            document=document,
            source=source,
            sha256=digest,
            loaded_by=by,
        )
    return version, True
