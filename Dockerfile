# kisd in a container: the two programs, the certificates of the usual authorities, and nothing else; no shell, not root.
#
#   docker build --tag kisd .
#
# compose.yaml shows how clients in other containers share the socket.
FROM rust:1.95-slim-bookworm AS build
# The C compiler is for the TLS library.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev cmake \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /kisd
COPY . .
RUN cargo build --release --locked
# Volumes take owner and mode of what is mounted over.
RUN install --directory --owner=65532 --group=65532 --mode=0700 /empty/state \
    && install --directory --owner=65532 --group=65532 --mode=0755 /empty/run

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /kisd/target/release/kisd /kisd/target/release/kisctl /usr/local/bin/
COPY --from=build --chown=65532:65532 /empty/state /var/lib/kisd
COPY --from=build --chown=65532:65532 /empty/run /run/kisd
# The token mirror, which a new container reads; and the socket, which other containers mount.
VOLUME ["/var/lib/kisd", "/run/kisd"]
ENV STATE_DIRECTORY=/var/lib/kisd \
    RUNTIME_DIRECTORY=/run/kisd \
    KISD_SOCKET=/run/kisd/kisd.sock
USER 65532:65532
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["/usr/local/bin/kisctl", "status", "--check"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/kisd"]
CMD ["run"]
