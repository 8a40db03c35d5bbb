// One test starts a whole system, one looks after the user secrets by an environment variable: none runs beside another.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
