global using Xunit;

// Memory of the whole process is measured, and servers share two cores.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
