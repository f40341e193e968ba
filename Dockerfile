FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 DJANGO_SETTINGS_MODULE=trialsite.settings STATIC_ROOT=/srv/static
WORKDIR /srv/trialsite
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt && useradd --system --uid 10001 --home /srv trialsite
COPY . .
# Its user may not write here: without this each process would compile the whole product when it starts.
RUN python -m compileall -q trialsite enrollment assessments analysis
# Collecting static files touches neither database nor broker; the values only satisfy the settings.
RUN TRIALSITE_ENV=production DATABASE_URL=postgresql://none@127.0.0.1/none REDIS_URL=redis://127.0.0.1/0 \
    SECRET_KEY=only-while-building python -m django collectstatic --noinput
USER trialsite
EXPOSE 8000
CMD ["python", "-m", "gunicorn", "trialsite.wsgi", "--bind", "0.0.0.0:8000", "--workers", "3", "--threads", "4"]
