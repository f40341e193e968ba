"""Addresses of audit: whether the product lives."""

from django.urls import path

from trialsite.audit import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
