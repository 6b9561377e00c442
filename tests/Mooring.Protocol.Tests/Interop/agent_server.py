"""A grpcio server that does what the agent's node name says. Usage: agent_server.py DESCRIPTOR; prints its port."""
import sys
import threading
from concurrent import futures

import grpc

from agent_messages import SERVICE, load


def main():
    messages = load(sys.argv[1])

    def connect(requests, context):
        for request in requests:
            name, revision = request.hello.node_name, request.hello.applied_revision
            if name == "refused":
                context.set_trailing_metadata((("x-reason", "unknown"), ("x-proof-bin", b"\x00\xff\x07")))
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, "node \u00fcnknown: 100 %")
            elif name == "hang":
                threading.Event().wait(20)
            elif name == "big":
                nodes = [messages["Node"](name="n" * 1000) for _ in range(revision // 1000)]
                yield messages["ControllerMessage"](snapshot=messages["Snapshot"](revision=revision, nodes=nodes))
            elif name == "size":
                yield messages["ControllerMessage"](snapshot=messages["Snapshot"](revision=request.ByteSize()))
            else:
                yield messages["ControllerMessage"](snapshot=messages["Snapshot"](revision=revision + 1))

    handler = grpc.method_handlers_generic_handler(SERVICE, {
        "Connect": grpc.stream_stream_rpc_method_handler(
            connect,
            request_deserializer=messages["AgentMessage"].FromString,
            response_serializer=lambda m: m.SerializeToString()),
    })
    echo = grpc.method_handlers_generic_handler("mooring.test.Echo", {
        "Say": grpc.unary_unary_rpc_method_handler(lambda request, context: request),
    })
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8), options=[("grpc.max_receive_message_length", 8 << 20)])
    server.add_generic_rpc_handlers((handler, echo))
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    sys.stdin.read()
    server.stop(0)


main()
