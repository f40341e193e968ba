from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "trialsite.accounts"
    label = "accounts"
    verbose_name = "Users and sites"
