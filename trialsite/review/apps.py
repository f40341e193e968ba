from django.apps import AppConfig


class ReviewConfig(AppConfig):
    name = "trialsite.review"
    label = "review"
    verbose_name = "Review"
