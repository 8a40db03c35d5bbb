// Spans of one process reach every listener in it: one test at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
