"""Addresses of analysis: the dashboard, what the unblinded see, allocation, the trail, exports."""

from django.urls import path

from analysis.allocation import views as allocation_views
from analysis.dashboard import views as dashboard_views
from analysis.exports import views as export_views
from analysis.monitoring import views as monitoring_views
from analysis.outcomes import views as outcome_views
from analysis.quality import views as quality_views
from analysis.trail import views as trail_views

urlpatterns = [
    path("studies/<str:study>/participants/<str:code>/outcomes/", outcome_views.outcomes, name="outcomes"),
    path("studies/<str:study>/dashboard/", dashboard_views.dashboard, name="dashboard"),
    path(
        "studies/<str:study>/dashboard/<slug:chart>.<str:kind>",
        dashboard_views.chart_download,
        name="chart_download",
    ),
    path("studies/<str:study>/rating-quality/", quality_views.rating_quality, name="rating_quality"),
    path(
        "studies/<str:study>/rating-quality.csv",
        quality_views.rating_quality_file,
        name="rating_quality_file",
    ),
    path("studies/<str:study>/closed/", monitoring_views.closed, name="closed"),
    path(
        "studies/<str:study>/closed/<slug:chart>.<str:kind>",
        monitoring_views.closed_chart,
        name="closed_chart",
    ),
    path("studies/<str:study>/closed/resume/", monitoring_views.resume, name="resume"),
    path("studies/<str:study>/closed/looks/<int:number>/", monitoring_views.look, name="look"),
    path(
        "studies/<str:study>/closed/looks/<int:number>/take/",
        monitoring_views.look_request,
        name="look_request",
    ),
    path(
        "studies/<str:study>/closed/looks/<int:number>/decision/",
        monitoring_views.look_decide,
        name="look_decide",
    ),
    path(
        "studies/<str:study>/closed/looks/<int:number>/report.pdf", monitoring_views.look_pdf, name="look_pdf"
    ),
    path(
        "studies/<str:study>/closed/looks/<int:number>/cut.json", monitoring_views.look_cut, name="look_cut"
    ),
    path(
        "studies/<str:study>/closed/looks/<int:number>/charts/<slug:chart>.<str:kind>",
        monitoring_views.look_chart,
        name="look_chart",
    ),
    path("studies/<str:study>/allocation/", allocation_views.allocation, name="allocation"),
    path("studies/<str:study>/allocation/stock/", allocation_views.arm_stock, name="arm_stock"),
    path("shipments/<int:pk>/packing/", allocation_views.packing_list, name="packing_list"),
    path(
        "studies/<str:study>/allocation/<str:site>/",
        allocation_views.allocation_request,
        name="allocation_request",
    ),
    path("studies/<str:study>/audit/", trail_views.audit, name="audit"),
    path("studies/<str:study>/audit/file/", trail_views.audit_file, name="audit_file"),
    path("studies/<str:study>/audit/review/", trail_views.audit_review, name="audit_review"),
    path(
        "studies/<str:study>/audit/<str:chain>/<int:first>-<int:last>/",
        trail_views.audit_entries,
        name="audit_entries",
    ),
    path("studies/<str:study>/outcome-rules/", outcome_views.outcome_rules, name="outcome_rules"),
    path("studies/<str:study>/export/", export_views.export, name="export"),
]
