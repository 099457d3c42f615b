# The light core and its server. Build: docker build -t objektiv .
# Serve a bundle, to this machine only (docs/packaging.md has more):
#   docker run --read-only --tmpfs /tmp -e OBJEKTIV_TOKEN -p 127.0.0.1:8000:8000 \
#     -v "$PWD/cells.objektiv:/models/model.objektiv:ro" objektiv

FROM python:3.11.14-slim-bookworm AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY objektiv objektiv
# The wheel first, so that what runs is what would be published.
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
 && python -m venv /opt/objektiv \
 && /opt/objektiv/bin/pip install --no-cache-dir --no-compile "$(ls /wheels/objektiv-*.whl)[store]"

FROM python:3.11.14-slim-bookworm
LABEL org.opencontainers.image.title="objektiv" \
      org.opencontainers.image.licenses="Apache-2.0"
# The number of a user that no host has by chance: Kubernetes' runAsNonRoot wants a number.
RUN useradd --uid 10001 --user-group --create-home --home-dir /data --shell /usr/sbin/nologin objektiv
COPY --from=build /opt/objektiv /opt/objektiv
ENV PATH="/opt/objektiv/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MPLCONFIGDIR=/tmp \
    OBJEKTIV_BANK=/data/bank \
    OBJEKTIV_MODELS=/data/models
WORKDIR /data
VOLUME /data
USER 10001:10001
EXPOSE 8000
# Loopback inside the container, and the token where there is one; Python asks, there is no curl.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import urllib.request as u; u.build_opener(u.ProxyHandler({})).open('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["objektiv"]
# All addresses of the container: the server starts only with a token, here from OBJEKTIV_TOKEN.
CMD ["serve", "/models/model.objektiv", "--host", "0.0.0.0", "--port", "8000"]
