"""Static files in production: compressed, under names that change with their content."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Also rewrites the imports of our modules: a page of one release never gets a module of another. Not those of
    others' files, some of which import what they do not bring."""

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("scripts/*.js", ((r'(?P<matched>from "(?P<url>\./[^"]+)";)', 'from "%(url)s";'),)),
    )
