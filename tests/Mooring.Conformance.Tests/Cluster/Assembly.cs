using Mooring.Conformance.Tests.Cluster;

[assembly: AssemblyFixture(typeof(ConformanceCluster))]
