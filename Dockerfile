FROM python:3.12-slim AS build
WORKDIR /src
RUN python -m venv /opt/axiomatic
ENV PATH=/opt/axiomatic/bin:$PATH
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY core core
COPY workers workers
COPY web web
RUN pip install --no-cache-dir --constraint constraints.txt '.[flower]'

FROM python:3.12-slim
ENV PATH=/opt/axiomatic/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    NUMBA_CACHE_DIR=/var/cache/axiomatic
RUN useradd --system --uid 10001 axiomatic \
    && install --directory --owner=axiomatic /var/cache/axiomatic
COPY --from=build /opt/axiomatic /opt/axiomatic
USER axiomatic
# compile the hot loops once, while the image is built, and not at every start
RUN python -c 'from workers.warming import warm; warm()'
EXPOSE 8000
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "16", "web.app:create_app()"]
