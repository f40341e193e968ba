"""Pages of importing: upload, preview, confirmation, progress, result."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assessments.importing import services
from assessments.importing.importer import Importer
from assessments.importing.progress import percent_of
from assessments.importing.upload import ImportConfirmForm, UploadForm
from assessments.models import RatingImport
from enrollment.selectors import study_for
from trialsite.accounts.http import Request
from trialsite.accounts.models import User
from trialsite.lib.errors import Conflict

SHOWN_IMPORTS = 50


def import_for(user: User, study: str, pk: int) -> RatingImport:
    """The import, if `user` may import into its study."""
    imports = RatingImport.objects.select_related("study", "file", "uploaded_by", "confirmed_by")
    return get_object_or_404(
        imports.defer("file__content"), study=study_for(user, study, services.ACTION), pk=pk
    )


@require_http_methods(["GET", "POST"])
def imports(request: Request, study: str) -> HttpResponse:
    trial = study_for(request.user, study, services.ACTION)
    form = UploadForm(
        request.POST or None, request.FILES or None, importer=Importer(trial, create_participants=False)
    )
    form.is_bound = request.method == "POST"
    if form.is_valid():
        file = form.cleaned_data["file"]
        rating_import = services.upload(
            trial,
            by=request.user,
            file_name=file.name,
            content=file.read(),
            enrols=form.cleaned_data.get("enrols", False),
        )
        return redirect("import", study, rating_import.pk)
    context = {"form": form, "imports": trial.imports.select_related("uploaded_by")[:SHOWN_IMPORTS]}
    return render(request, "assessments/importing/imports.html", context, status=422 if form.errors else 200)


@require_GET
def import_page(request: Request, study: str, pk: int) -> HttpResponse:
    """The whole page; for htmx, while a worker has it, only its state."""
    return _page(request, import_for(request.user, study, pk))


def _page(
    request: Request, rating_import: RatingImport, form: ImportConfirmForm | None = None
) -> HttpResponse:
    context = {
        "import": rating_import,
        "percent": percent_of(rating_import) if rating_import.is_running else None,
        "form": form or ImportConfirmForm(initial={"basis": rating_import.basis}),
    }
    template = "_import.html" if request.htmx else "import.html"
    return render(
        request, f"assessments/importing/{template}", context, status=422 if form and form.errors else 200
    )


@require_POST
def import_confirm(request: Request, study: str, pk: int) -> HttpResponse:
    rating_import = import_for(request.user, study, pk)
    form = ImportConfirmForm(request.POST)
    if not form.is_valid():
        return _page(request, rating_import, form)
    try:
        services.confirm(rating_import, by=request.user, **form.cleaned_data)
    except Conflict:
        messages.warning(
            request, _("This import has progressed since you opened the page; your action had no effect.")
        )
    return redirect("import", study, pk)


@require_POST
def import_again(request: Request, study: str, pk: int) -> HttpResponse:
    try:
        services.check_again(import_for(request.user, study, pk), by=request.user)
    except Conflict:
        messages.warning(
            request, _("This import has progressed since you opened the page; your action had no effect.")
        )
    return redirect("import", study, pk)


@require_POST
def import_cancel(request: Request, study: str, pk: int) -> HttpResponse:
    try:
        services.cancel(import_for(request.user, study, pk), by=request.user)
        messages.success(request, _("The import is cancelled. Nothing was imported."))
    except Conflict:
        messages.warning(request, _("Too late to cancel: this import has already ended."))
    return redirect("import", study, pk)
