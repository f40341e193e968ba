"""`manage.py form_schema`: the JSON Schema of a form file, for editors."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from assessments.domain.form_file import schema


class Command(BaseCommand):
    help = "Print the JSON Schema of a form file. docs/form-file.md says how an editor is told of it."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(schema(), indent=2, ensure_ascii=False))
