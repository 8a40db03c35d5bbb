// Each test starts a system of its own; two at a time would fight for two cores.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
