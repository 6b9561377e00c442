"""A gRPC server on Debian's grpcio that answers the health protocol: grpc_health.py PORT [none]."""
import sys
import time
from concurrent import futures

import grpc

# HealthCheckResponse in protobuf's wire format: field 1, a number.
SERVING, NOT_SERVING = b"\x08\x01", b"\x08\x02"
STATES = {b"": SERVING, b"web.v1.Web": SERVING, b"web.v1.Down": NOT_SERVING}


def check(request, context):
    name = request[2:]
    if name == b"web.v1.Slow":
        time.sleep(2)
    if name not in STATES:
        context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
    return STATES[name]


def main():
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    if sys.argv[2:] != ["none"]:
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(
            "grpc.health.v1.Health", {"Check": grpc.unary_unary_rpc_method_handler(check)}),))
    server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
    server.start()
    sys.stdin.read()
    server.stop(0)


if __name__ == "__main__":
    main()
