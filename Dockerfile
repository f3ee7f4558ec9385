# docker build -t axiomatic .
FROM python:3.12.12-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/axiomatic
ENV PATH=/opt/axiomatic/bin:$PATH
# what changes rarely first: a change of our code installs no library anew
COPY pyproject.toml constraints.txt README.md LICENSE ./
RUN mkdir core workers web \
    && touch core/__init__.py workers/__init__.py web/__init__.py \
    && pip install --no-cache-dir --constraint constraints.txt '.[flower]' \
    && pip uninstall --yes axiomatic \
    && rm -rf core workers web build ./*.egg-info
COPY core core
COPY workers workers
COPY web web
RUN pip install --no-cache-dir --no-deps .

FROM python:3.12.12-slim-bookworm
ENV PATH=/opt/axiomatic/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    NUMBA_CACHE_DIR=/tmp/compiled
# numeric, so that whoever runs it can see that it is not root
RUN useradd --system --uid 10001 --no-create-home axiomatic \
    && install --directory --owner=10001 --group=axiomatic /var/cache/axiomatic
COPY --from=build /opt/axiomatic /opt/axiomatic
WORKDIR /tmp
USER 10001
# compile the hot loops once, while the image is built, and not at every start
RUN NUMBA_CACHE_DIR=/var/cache/axiomatic python -c 'from workers.plans.warming import warm; warm()'
EXPOSE 8000
# the image is read-only where it runs, and a machine with another processor compiles its own
ENTRYPOINT ["/bin/sh", "-c", "cp -R /var/cache/axiomatic \"$NUMBA_CACHE_DIR\" && exec \"$@\"", "axiomatic"]
CMD ["gunicorn", "--config", "python:web.server.config", "--bind", "0.0.0.0:8000", "--workers", "2", "web.app:create_app()"]
