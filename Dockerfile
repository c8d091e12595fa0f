# whereshot as a service: docs/how-to/run-a-service.md
#
#   docker build -t whereshot .
#   docker run --rm -p 127.0.0.1:8321:8321 --read-only --tmpfs /tmp --stop-timeout 35 whereshot

FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN python -m venv /opt/whereshot \
    && /opt/whereshot/bin/pip install --no-cache-dir .

FROM python:3.12-slim
RUN useradd --system --uid 10001 --create-home --home-dir /data whereshot
COPY --from=build /opt/whereshot /opt/whereshot
USER whereshot
# What is enrolled and corrected is kept in /data: mount a volume there to keep it.
ENV PATH=/opt/whereshot/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    WHERESHOT_HOME=/data \
    WHERESHOT_HOST=0.0.0.0 \
    WHERESHOT_PORT=8321 \
    WHERESHOT_LOG_FORMAT=json
VOLUME /data
EXPOSE 8321
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"WHERESHOT_PORT\"]}/healthz', timeout=4)"]
ENTRYPOINT ["whereshot"]
CMD ["serve"]
