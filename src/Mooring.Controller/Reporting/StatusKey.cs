using Mooring.Kubernetes.Runtime;

namespace Mooring.Controller.Reporting;

internal readonly record struct StatusKey(Type Kind, ObjectKey Object);
