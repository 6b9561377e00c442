# syntax=docker/dockerfile:1
# One image with both programs: mooring-controller and mooring-agent.

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /src
COPY . .
RUN dotnet publish src/Mooring.Controller -c Release -o /out/controller \
 && dotnet publish src/Mooring.Agent -c Release -o /out/agent

FROM mcr.microsoft.com/dotnet/aspnet:10.0
# The agent programs the kernel through libnftables, in process.
RUN apt-get update \
 && apt-get install -y --no-install-recommends libnftables1 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/controller /opt/mooring/controller
COPY --from=build /out/agent /opt/mooring/agent
RUN ln -s /opt/mooring/controller/mooring-controller /usr/local/bin/mooring-controller \
 && ln -s /opt/mooring/agent/mooring-agent /usr/local/bin/mooring-agent
ENV DOTNET_gcServer=0
# The controller runs as this user; the agent's pod asks for root and two capabilities.
USER 65532:65532
CMD ["mooring-controller", "run"]
