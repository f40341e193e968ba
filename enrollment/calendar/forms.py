"""What of a calendar is shown."""

from datetime import date

from django import forms


class CalendarFilter(forms.Form):
    month = forms.RegexField(r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$", required=False)
    day = forms.RegexField(r"^(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}$", required=False)

    def first_day(self, today: date) -> date:
        """The first day of the chosen month, or of `today`'s when none or nonsense was asked for."""
        month = self.cleaned_data.get("month") if self.is_valid() else ""
        if month:
            return date.fromisoformat(f"{month}-01")
        return (self.chosen_day or today).replace(day=1)

    @property
    def chosen_day(self) -> date | None:
        """The one day that was asked for, if it is one."""
        try:
            return date.fromisoformat(self.cleaned_data.get("day") or "") if self.is_valid() else None
        except ValueError:
            return None
