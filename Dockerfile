# The one image of every process on a server (docker-compose.yml, docs/deployment.md).
# Pinned by the digest that the publisher records for the tag: an image index, so that amd64 and
# arm64 each find their own.
FROM python:3.12.14-slim-bookworm@sha256:0f5b26b9518d002b6173fd61daad821fa340635ebfec5bba471013f9ca114579 AS base
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

# Whatever installing needs stays in this stage. Only wheels: nobody else's code runs in the build.
FROM base AS build
WORKDIR /src
COPY requirements.lock ./
RUN python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv install --no-cache-dir --require-hashes --only-binary :all: \
        --requirement requirements.lock
COPY pyproject.toml README.md ./
COPY plugins plugins
COPY include include
COPY dags dags
# A checkout made under a umask of 077 is nobody else's to read, and the image's user is somebody else.
# The build backend comes from the lock too: nothing is fetched without a hash.
RUN chmod -R u=rwX,go=rX dags plugins include \
    && pip --python /opt/venv install --no-cache-dir --no-index --no-deps --no-build-isolation .

FROM base
# A run may write its logs and its state directory, and nothing else: the code is root's.
RUN groupadd --gid 50000 airflow \
    && useradd --uid 50000 --gid airflow --no-create-home --home-dir /opt/airflow airflow \
    && install --directory --owner airflow --group airflow /opt/airflow/logs /opt/airflow/state \
        /opt/airflow/state/files
COPY --from=build /opt/venv /opt/venv
WORKDIR /opt/airflow
COPY --from=build /src/dags dags
COPY --from=build /src/plugins plugins
COPY --from=build /src/include include
# /dev/null: all settings come from the environment; else Airflow writes a file with keys of its own.
ENV AIRFLOW_HOME=/opt/airflow \
    AIRFLOW_CONFIG=/dev/null \
    QBANK_STATE_DIR=/opt/airflow/state
USER 50000:50000
CMD ["airflow", "info"]
