"""Style sheets, scripts, icons and templates: each is used, and what is used is there."""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
from django.contrib.messages.constants import DEFAULT_TAGS, SUCCESS
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.template import engines
from django.utils.text import slugify
from pytest_django import Settings

from trialsite.accounts.navigation import ROOMS

ROOT = Path(__file__).resolve().parents[1]
STATIC = ROOT / "trialsite" / "static"
TEMPLATES = ROOT / "templates"
STYLES = sorted((STATIC / "styles").glob("*.css"))
SCRIPTS = sorted((STATIC / "scripts").glob("*.js"))
APPS = ("trialsite", "enrollment", "assessments", "analysis")
# By crispy-forms.
GENERATED = {"invalid-feedback"}


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _markup() -> str:
    return "\n".join(_text(template) for template in sorted(TEMPLATES.rglob("*.html")))


@cache
def _script() -> str:
    return "\n".join(map(_text, SCRIPTS))


@cache
def _strings() -> frozenset[str]:
    """Text in the apps' Python, of what is no docstring."""
    return frozenset(
        node.value
        for app in APPS
        for module in sorted((ROOT / app).rglob("*.py"))
        if "migrations" not in module.parts
        for statement in ast.walk(ast.parse(_text(module)))
        if not isinstance(statement, ast.Expr)
        for node in ast.iter_child_nodes(statement)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in re.findall(r"[\w-]+", text)}


def _defined(sheet: str) -> set[str]:
    """Classes in the selectors of a style sheet."""
    selectors = re.findall(r"([^{};]+)\{", re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL))
    return {name for selector in selectors for name in re.findall(r"\.([a-zA-Z_][\w-]*)", selector)}


def _attributes() -> Iterator[str]:
    """Every class attribute of the templates, and the classes of a page's body."""
    yield from re.findall(r'\bclass="((?:\{[{%].*?[%}]\}|[^"])*)"', _markup(), flags=re.DOTALL)
    yield from re.findall(r"\{% block body_class %\}(.*?)\{% endblock %\}", _markup())


def _prefixes() -> set[str]:
    """Beginnings of classes that a template completes with a value: `state-` of `state-{{ visit.state }}`."""
    return {prefix for value in _attributes() for prefix in re.findall(r"([\w-]+)\{\{", value)}


def _classes() -> set[str]:
    """Classes that templates write in full, also as text inside a tag."""
    whole = (re.sub(r"[\w-]*\{\{.*?\}\}[\w-]*|\{%.*?%\}", " ", value) for value in _attributes())
    return {name for value in whole for name in value.split()}


def test_every_class_of_a_style_sheet_is_used() -> None:
    """By a template, a script or Python; or its end is a word of Python that a template puts after its beginning."""
    named = _classes() | _words([_script()]) | _words(_strings()) | GENERATED
    values = named | _words([_markup(), DEFAULT_TAGS[SUCCESS]]) | set(map(slugify, _strings()))
    unused = {
        name
        for sheet in STYLES
        for name in _defined(_text(sheet)) - named
        if not any(name.startswith(start) and name.removeprefix(start) in values for start in _prefixes())
    }
    assert unused == set()


def test_every_class_of_a_template_is_defined() -> None:
    """In a style sheet of ours or in Bootstrap's; or a script looks for it."""
    bootstrap = _text(Path(str(finders.find("css/bootstrap.min.css"))))
    defined = {name for sheet in [*map(_text, STYLES), bootstrap] for name in _defined(sheet)}
    sought = set(re.findall(r"\.([a-z][\w-]*)", _script()))
    assert _classes() - defined - sought == set()


@pytest.mark.parametrize("sheet", STYLES, ids=lambda path: path.name)
def test_a_style_sheet_is_of_one_thing(sheet: Path) -> None:
    """And loaded by a page."""
    assert len(_text(sheet).splitlines()) < 250
    assert f'"styles/{sheet.name}"' in _markup()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_loaded(script: Path) -> None:
    """By a page, as a module unless it has to run before the page is there; or imported by another."""
    tag = re.search(rf'<script ([^>]*)src="{{% static "scripts/{script.name}" %}}"', _markup())
    imported = f'from "./{script.name}"' in _script()
    assert tag or imported
    if tag:
        assert ('type="module"' in tag[1]) != _text(script).startswith("// Not a module")


def test_every_icon_is_used() -> None:
    """By a template, as the icon of a message's level, or as that of a room in the navigation."""
    icons = set(re.findall(r'id="([\w-]+)"', _text(STATIC / "icons.svg")))
    uses = re.findall(r'icons\.svg" %\}#(.*?)" />', _markup())
    named = _words(re.sub(r"\{[{%].*?[%}]\}", " ", use) for use in uses) | {room[1] for room in ROOMS}
    assert icons == named


def test_every_template_is_rendered() -> None:
    """By a view or a template; crispy-forms renders its own by its own names."""
    names = {str(template.relative_to(TEMPLATES)) for template in TEMPLATES.rglob("*.html")}
    rendered = set(re.findall(r'"([\w/]+\.html)"', _markup())) | _strings()
    engines["django"].engine.get_template("bootstrap5/errors.html")  # type: ignore[attr-defined]
    unused = {name for name in names - rendered if Path(name).name not in rendered}
    assert unused == {"bootstrap5/errors.html"}


def test_collected_scripts_import_collected_scripts(tmp_path: Path, settings: Settings) -> None:
    """A page of one release never gets a module of another: imports are by the hashed name too."""
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "trialsite.static_files.HashedStaticFilesStorage"},
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    (guard,) = (tmp_path / "scripts").glob("guard.????????????.js")
    imports = re.findall(r'from "(.*?)"', guard.read_text())
    assert imports
    assert all((guard.parent / name).exists() and re.search(r"\.\w{12}\.js$", name) for name in imports)
