"""`manage.py check_forms FILE…`: whether form files make sense, before they are loaded."""

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assessments.domain.form import Form
from assessments.domain.form_file import (
    FormError,
    Surroundings,
    catalogue_of,
    circle_problems,
    read_form,
    shipped,
)


class Command(BaseCommand):
    help = "Check form files. A mistake is answered with file, key, what was found and what was expected."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Each file by itself first, then with the others given and the shipped ones as the forms it may name."""
        texts = {file: _text(file) for file in options["files"]}
        forms: dict[Path, Form] = {}
        mistakes: list[str] = []
        for file, text in texts.items():
            try:
                forms[file] = read_form(text)
            except FormError as error:
                mistakes += [f"{file}: {problem}" for problem in error.problems]
        catalogue = catalogue_of([*shipped().values(), *forms.values()])
        for file in forms:
            try:
                read_form(texts[file], Surroundings(catalogue=catalogue))
            except FormError as error:
                mistakes += [f"{file}: {problem}" for problem in error.problems]
            else:
                self.stdout.write(f"{file}: {_summary(forms[file])}")
        others = [form for code, form in shipped().items() if code not in {f.code for f in forms.values()}]
        mistakes += map(str, circle_problems([*others, *forms.values()]))
        if mistakes:
            raise CommandError("\n".join(mistakes))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file}: {error}") from error


def _summary(form: Form) -> str:
    """What the form is, on one line."""
    types = Counter(item.type for item in form.items)
    counts = ", ".join(f"{count} {type_}" for type_, count in sorted(types.items()))
    placement = form.placement.replace("_", " ")
    return f"{form.code} version {form.version}, {placement}: {counts}; {len(form.checks)} checks."
