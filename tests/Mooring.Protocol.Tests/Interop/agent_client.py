"""A grpcio client against our server. Usage: agent_client.py HOST:PORT DESCRIPTOR SCENARIO; prints one JSON object."""
import json
import sys

import grpc

from agent_messages import SERVICE, load


def main():
    target, descriptor, scenario = sys.argv[1:4]
    messages = load(descriptor)
    options = [("grpc.max_receive_message_length", 64 << 20)]
    with grpc.insecure_channel(target, options=options) as channel:
        connect = channel.stream_stream(
            f"/{SERVICE}/Connect",
            request_serializer=lambda m: m.SerializeToString(),
            response_deserializer=messages["ControllerMessage"].FromString,
        )
        say = channel.unary_unary("/mooring.test.Echo/Say")
        sing = channel.unary_unary("/mooring.test.Echo/Sing")

        def hello(name, revision):
            return messages["AgentMessage"](hello=messages["Hello"](node_name=name, applied_revision=revision))

        result = {}
        try:
            if scenario == "echo":
                responses = connect(iter([hello("a", 1), hello("b", 41)]), timeout=30)
                result["revisions"] = [r.snapshot.revision for r in responses]
                result["code"] = responses.code().name
            elif scenario == "big":
                response = next(connect(iter([hello("big", 20_000_000)]), timeout=60))
                result["bytes"] = response.ByteSize()
            elif scenario == "refused":
                list(connect(iter([hello("refused", 1)]), timeout=30))
            elif scenario == "deadline":
                # Connected first, so that the call gets to the service within its deadline.
                grpc.channel_ready_future(channel).result(timeout=120)
                list(connect(iter([hello("hang", 1)]), timeout=5))
            elif scenario == "unary":
                response, call = say.with_call(b"ping", timeout=30, metadata=[("x-id-bin", b"\x00\xff"), ("x-text", "hi")])
                result["response"] = response.decode()
                result["trailers"] = {k: v.hex() if isinstance(v, bytes) else v for k, v in call.trailing_metadata()}
            elif scenario == "oversized":
                say(b"x" * 1048577, timeout=30)
            elif scenario == "compressed":
                say(b"x" * 1000, timeout=30, compression=grpc.Compression.Gzip)
            elif scenario == "unimplemented":
                sing(b"", timeout=30)
        except grpc.RpcError as error:
            result["code"] = error.code().name
            result["details"] = error.details()
            result["trailers"] = dict(error.trailing_metadata() or ())
        print(json.dumps(result))


main()
