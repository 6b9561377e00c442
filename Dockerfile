# syntax=docker/dockerfile:1
# One image with both programs: mooring-controller and mooring-agent. scripts/rootfs.sh proves that what it installs is enough.

FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
WORKDIR /src
COPY . .
RUN dotnet publish src/Mooring.Controller -c Release -o /out/controller \
 && dotnet publish src/Mooring.Agent -c Release -o /out/agent

FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble
ARG VERSION=0.1.0
# The agent programs the kernel through libnftables, in process: of one version, with the distribution's fixes. 1.0.9 is that of Ubuntu 24.04 and
# its updates; libnftnl and libmnl come with it, at the versions it is built for. It looks the names of protocols up in netbase's /etc/protocols.
RUN apt-get update \
 && apt-get install -y --no-install-recommends libnftables1=1.0.9-* netbase \
 && rm -rf /var/lib/apt/lists/* \
 && mkdir -p /opt/mooring \
 && dpkg-query -W > /opt/mooring/packages.txt
COPY --from=build /out/controller /opt/mooring/controller
COPY --from=build /out/agent /opt/mooring/agent
RUN ln -s /opt/mooring/controller/mooring-controller /usr/local/bin/mooring-controller \
 && ln -s /opt/mooring/agent/mooring-agent /usr/local/bin/mooring-agent
# Where the image says what is in it: packages of the system, and assemblies with their versions and hashes.
LABEL org.opencontainers.image.title="Mooring" \
      org.opencontainers.image.description="Virtual IPs for Kubernetes on plain networks" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="mcr.microsoft.com/dotnet/aspnet:10.0-noble" \
      dev.mooring.sbom.packages="/opt/mooring/packages.txt" \
      dev.mooring.sbom.assemblies="/opt/mooring/controller/mooring-controller.deps.json /opt/mooring/agent/mooring-agent.deps.json"
ENV DOTNET_gcServer=0
# For whoever runs it outside Kubernetes, which has probes of its own: the port of --operations-listen.
ENV MOORING_OPERATIONS_PORT=7951
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD \
  ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/$MOORING_OPERATIONS_PORT && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && head -1 <&3 | grep -q ' 200 '"]
# The controller runs as this user; the agent's pod asks for root and three capabilities.
USER 65532:65532
CMD ["mooring-controller", "run", "--operations-listen=http://*:7951"]
