# navlayers in a container, see docs/container.md. `navlayers-ci` is the script of action.yml, as a second entry point.
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY mappings mappings
COPY navlayers navlayers
# Only this environment is kept: no pip, no cache, no sources.
RUN python -m venv --without-pip /opt/navlayers \
    && python -m pip --python /opt/navlayers install --no-cache-dir '.[all]'

FROM python:3.12-slim-bookworm
LABEL org.opencontainers.image.title="navlayers" \
      org.opencontainers.image.description="Turn mappings of security controls to MITRE ATT&CK into ATT&CK Navigator layers" \
      org.opencontainers.image.licenses="Apache-2.0"
# git is for `navlayers diff REVISION:FILE` and navlayers-ci; it refuses a mounted repository of another user, unless told.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log /var/cache/debconf/*-old \
    && git config --system --add safe.directory /work \
    && useradd --create-home --uid 10001 navlayers \
    && install -d -o navlayers -g navlayers /work
COPY --from=build /opt/navlayers /opt/navlayers
COPY --chmod=755 action/run.sh /usr/local/bin/navlayers-ci
ENV PATH=/opt/navlayers/bin:$PATH
USER 10001
WORKDIR /work
EXPOSE 8765
ENTRYPOINT ["navlayers"]
