package plan

// Patched is for tests that hold it against the API server's library.
func Patched[T any](object *T, ops []PatchOp) (*T, error) { return patched(object, ops) }
