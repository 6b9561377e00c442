"""Message classes of agent.proto, from the descriptor the tests write beside their results."""
from google.protobuf import descriptor_pool, message_factory
from google.protobuf import duration_pb2, timestamp_pb2

SERVICE = "mooring.agent.v1alpha1.AgentService"


def load(descriptor_path):
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(duration_pb2.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    with open(descriptor_path, "rb") as file:
        pool.AddSerializedFile(file.read())
    if hasattr(message_factory, "GetMessageClass"):
        make = message_factory.GetMessageClass
    else:  # protobuf before 4.22, as in Debian 12
        make = message_factory.MessageFactory(pool).GetPrototype
    names = ("AgentMessage", "ControllerMessage", "Hello", "Snapshot", "Node")
    return {name: make(pool.FindMessageTypeByName("mooring.agent.v1alpha1." + name)) for name in names}
